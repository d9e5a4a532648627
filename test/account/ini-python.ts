// Python's configparser beside ours, in one shape, so that a test can compare the two.
import { spawnSync } from "node:child_process";
import { IniError } from "../../src/account/ini-error.ts";
import { parseIni } from "../../src/account/ini.ts";

export type Told<T> = { readonly value: T } | { readonly error: string };

export type Understood = Told<{
  readonly sections: readonly string[];
  readonly all: Readonly<Record<string, Told<Readonly<Record<string, string>>>>>;
  readonly each: Readonly<Record<string, Readonly<Record<string, Told<string>>>>>;
}>;

/** What Python makes of every text; one process for all. */
export function pythonReads(texts: readonly string[]): readonly Understood[] {
  const script = new URL("./read_ini.py", import.meta.url).pathname;
  const run = spawnSync("python3", [script], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`python3 ${script} failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout);
}

/** What our reader makes of a text. */
export function weRead(text: string): Understood {
  return told(() => {
    const document = parseIni(text, "a.ini");
    const names = [...document.sections, "DEFAULT"];
    return {
      sections: document.sections,
      all: record(names, (name) => told(() => Object.fromEntries(document.all(name) ?? []))),
      each: record(names, (name) =>
        record(document.keys(name), (key) => told(() => document.get(name, key) ?? "absent")),
      ),
    };
  });
}

function record<T>(names: readonly string[], value: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

function told<T>(read: () => T): Told<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof IniError) return { error: error.fault };
    throw error;
  }
}
