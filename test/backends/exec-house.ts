// Programs for exec stores, in a private folder: one that is started for each value (as summon's providers) and one that
// answers many. Both write down what they were given.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SecretStore } from "../../src/resolver/store.ts";

export interface ExecHouse {
  readonly home: string;
  /** A program that prints the file of this name below `values`; 44: there is none; `ROOT/hangs` never ends. */
  readonly provider: string;
  /** The command of the JSON-lines program. */
  readonly lines: readonly string[];
  put(path: string, value: Uint8Array): void;
  script(name: string, text: string, mode?: number): string;
  /** What the provider was started with, in order. */
  argv(): readonly (readonly string[])[];
  /** The lines that the JSON-lines program wrote down: `start PID`, `end`. */
  events(): readonly string[];
  /** What was started here and still runs. */
  running(): readonly number[];
  remove(): void;
}

export function execHouse(): ExecHouse {
  const home = mkdtempSync(join(tmpdir(), "keywright-exec-"));
  const values = join(home, "values");
  const [log, pids, events] = ["argv", "pids", "events"].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(values, { mode: 0o700 });
  for (const file of [log, pids, events]) writeFileSync(file, "");
  const script: ExecHouse["script"] = (name, text, mode = 0o700) => {
    const file = join(home, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode });
    return file;
  };
  const provider = script(
    "provider",
    `#!/bin/sh
printf '%s\\n' "$@" "" >> '${log}'
echo $$ >> '${pids}'
file="${values}/$1"
case "$1" in */hangs) sleep 300 & echo $! >> '${pids}'; wait ;; esac
if [ -d "$file" ]; then echo "canary-stderr: a folder" >&2; exit 3; fi
if [ ! -e "$file" ]; then echo "canary-stderr: no such thing" >&2; exit 44; fi
exec cat "$file"
`,
  );
  const started = (): readonly number[] => {
    const own = readFileSync(events, "utf8").match(/(?<=start )[0-9]+/g) ?? [];
    return [...readFileSync(pids, "utf8").split("\n").filter(Boolean), ...own].map(Number);
  };
  return {
    home,
    provider,
    lines: [process.execPath, join(import.meta.dirname, "exec-program.mjs"), values, events],
    put(path, value) {
      mkdirSync(dirname(join(values, path)), { recursive: true });
      writeFileSync(join(values, path), value);
    },
    script,
    argv: () =>
      readFileSync(log, "utf8")
        .split("\n\n")
        .filter(Boolean)
        .map((words) => words.split("\n")),
    events: () => readFileSync(events, "utf8").split("\n").filter(Boolean),
    running: () => started().filter(isAlive),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** A zombie does not count: it has ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/^[0-9]+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

export function execStore(options: SecretStore["options"], root = ""): SecretStore {
  return { name: "helper_program", backend: "exec", root, options };
}
