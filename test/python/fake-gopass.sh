#!/bin/sh
# Answers as gopass 1.16.1 does for three paths; writes down what it is asked.
echo "$*" >> "${0%/*}/asked"
case "$1" in
  --version) echo "gopass 1.16.1 go1.26 linux amd64"; exit 0 ;;
  ls) echo gopass; exit 0 ;;
esac
for last; do :; done
case "$last" in
  mxm/red/marketdata/api_key) printf 's3cret'; exit 0 ;;
  mxm/red/marketdata/slow) exec sleep 600 ;;
  *)
    printf '\nError: failed to retrieve secret "%s": entry is not in the password store\n' "$last" >&2
    exit 11 ;;
esac
