#!/bin/sh
# Runs a command of the checkout with its own tools: installs the dependencies first when they are missing
# or older than the lock file, so that `npm test` and `npm run demo` work on a fresh clone and on an old Node.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
stamp=node_modules/.package-lock.json
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "keywright: installing the dependencies (npm ci)" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
fi
PATH="$root/node_modules/.bin:$PATH"
export PATH
exec "$@"
