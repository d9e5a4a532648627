// Stand-ins for the gopass program, each in a folder of its own: one that has entries, one whose store is not there, one
// that cannot decrypt. Exit codes and messages as gopass 1.16.1 gave them (facts: `show` of an entry, a folder, nothing).
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Gopass } from "./case.ts";

/** Path → what the entry holds. */
const ENTRIES: Readonly<Record<string, string>> = {
  "mxm/red/marketdata/key": "databento-1\n",
  "mxm/red/marketdata/other_key": "databento-2",
  "mxm/red/broker/password": "red broker",
  "mxm/black/marketdata/key": "übergröße-€",
  "mxm/black/broker/password": "pass word\n",
  "mxm/red/empty": "",
  "mxm/red/lines": "first\nuser: bob\n",
  "mxm/red/padded": "  padded \n",
};

const HEAD = `#!/bin/sh
if [ "$1" = --version ]; then echo "gopass 1.16.1 go1.25.1 linux amd64"; exit 0; fi
`;

const THERE = (values: string): string => `${HEAD}
[ "$1" = ls ] && exit 0
while [ $# -gt 1 ]; do [ "$1" = -o ] && first=yes; shift; done
entry="${values}/$1"
if [ -d "$entry" ]; then printf '%s/\\n└── key\\n' "$1"; exit 0; fi
if [ ! -f "$entry" ]; then
  printf '\\nError: failed to retrieve secret "%s": entry is not in the password store\\n' "$1" >&2
  exit 11
fi
if [ -z "$first" ]; then exec /bin/cat "$entry"; fi
IFS= read -r line < "$entry"
if [ -z "$line" ]; then
  printf '\\nError: no password to display, check the body of the entry instead\\n' >&2
  exit 11
fi
printf '%s' "$line"
`;

const SCRIPTS: Readonly<Record<Exclude<Gopass, "absent">, (values: string) => string>> = {
  there: THERE,
  broken: () => `${HEAD}
printf '\\nError: password-store is not initialized. Try '"'"'gopass init'"'"'\\n' >&2
exit 6
`,
  locked: () => `${HEAD}
[ "$1" = ls ] && exit 0
printf 'gpg: decryption failed: No secret key\\n\\nError: failed to retrieve secret: Decryption failed\\n' >&2
exit 11
`,
};

/** Makes them below this folder, and gives the folder for the PATH of each. */
export function gopassFolders(below: string): Readonly<Record<Gopass, string>> {
  const values = join(below, "values");
  for (const [path, value] of Object.entries(ENTRIES)) {
    mkdirSync(join(values, dirname(path)), { recursive: true });
    writeFileSync(join(values, path), value);
  }
  const folderOf = (kind: Gopass): string => join(below, kind);
  for (const kind of ["there", "absent", "broken", "locked"] as const) {
    mkdirSync(folderOf(kind), { recursive: true });
    if (kind === "absent") continue;
    const program = join(folderOf(kind), "gopass");
    writeFileSync(program, SCRIPTS[kind](values));
    chmodSync(program, 0o755);
  }
  return {
    there: folderOf("there"),
    absent: folderOf("absent"),
    broken: folderOf("broken"),
    locked: folderOf("locked"),
  };
}
