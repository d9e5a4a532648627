// A person's computer in a temporary folder: home, /etc, a project, programs on the PATH; and keywright's commands for people,
// run there in this process.
import { Command, CommanderError } from "commander";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { CliContext } from "../../src/cli/context.ts";
import { addDoctor } from "../../src/cli/doctor.ts";
import { failureText, wantsJson } from "../../src/cli/failure.ts";
import { addMigrate } from "../../src/cli/migrate.ts";
import { addSetup } from "../../src/cli/setup.ts";
import { addUninstall } from "../../src/cli/uninstall.ts";
import { addWhy } from "../../src/cli/why.ts";
import { asKeywrightError, EXIT_CODES } from "../../src/errors.ts";
import { thisMachine, type Machine } from "../../src/io/machine.ts";
import { snapshot } from "./snapshot.ts";

export const HOST = "acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
export const INDEX = `https://${HOST}/pypi/main/simple/`;
export const TOKEN = "eyJ0b2tlbiI6InBsYW50ZWQifQ.planted-token";

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** The questions that were asked. */
  readonly asked: readonly string[];
}

export interface DeskOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the person answers. */
  readonly answer?: boolean;
  readonly now?: number;
  readonly home?: string | undefined;
}

export interface Desk {
  readonly root: string;
  readonly home: string;
  readonly bin: string;
  readonly cwd: string;
  readonly context: (options?: DeskOptions) => CliContext;
  /** Writes files below the root (0600), with the folders above them. */
  plant(files: Readonly<Record<string, string>>): void;
  text(path: string): string;
  /** A program that does nothing; returns its path. */
  program(path: string): string;
  /** An environment at `path` with these packages, `name-version`. */
  environment(path: string, packages: readonly string[]): void;
  link(path: string, target: string): void;
  machine(env?: Readonly<Record<string, string | undefined>>): Machine;
  run(argv: readonly string[], options?: DeskOptions): Promise<Ran>;
  /** Everything below the home: names, modes, texts, where links lead. */
  tree(): Readonly<Record<string, string>>;
}

/** keywright is at `bin/keywright`, first on the PATH; `venv/bin` comes second. */
export function deskFor(t: TestContext): Desk {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keywright-desk-")));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [home, bin, cwd, etc] = ["home", "bin", "project", "etc"].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const folder of [home, bin, cwd, etc]) mkdirSync(folder);
  chmodSync(home, 0o755);
  const env = { PATH: [bin, join(root, "venv", "bin")].join(":"), HOME: home };
  const program = (path: string): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
    return file;
  };
  const keywright = program("bin/keywright");
  const context = ({ env: more, now = 1_800_000_000, ...rest }: DeskOptions = {}): CliContext => ({
    env: { ...env, ...more },
    home: "home" in rest ? rest.home : home,
    clock: { now: () => now },
    programFile: () => keywright,
    out: () => undefined,
    err: () => undefined,
  });
  return {
    root,
    home,
    bin,
    cwd,
    context,
    program,
    plant(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, name)), { recursive: true, mode: 0o700 });
        writeFileSync(join(root, name), text, { mode: 0o600 });
      }
    },
    text: (path) => readFileSync(join(root, path), "utf8"),
    environment(path, packages) {
      for (const name of packages)
        mkdirSync(join(root, path, "lib", "python3.11", "site-packages", `${name}.dist-info`), {
          recursive: true,
        });
    },
    link(path, target) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      symlinkSync(target, join(root, path));
    },
    machine: (more) => thisMachine({ env: { ...env, ...more }, home, cwd, etc }),
    run: (argv, options = {}) => run(argv, context(options), options, { cwd, etc }),
    tree: () => snapshot(home),
  };
}

async function run(
  argv: readonly string[],
  base: CliContext,
  { answer = false }: DeskOptions,
  { cwd, etc }: { readonly cwd: string; readonly etc: string },
): Promise<Ran> {
  let [out, err] = ["", ""];
  const asked: string[] = [];
  const context: CliContext = {
    ...base,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  };
  const confirm = async (question: string): Promise<boolean> => asked.push(question) > 0 && answer;
  const program = new Command("keywright")
    .exitOverride()
    .configureOutput({ writeErr: context.err, writeOut: context.out });
  const place = { etc, cwd };
  addSetup(program, context, confirm, place);
  addDoctor(program, context, place);
  addWhy(program, context);
  addMigrate(program, context, confirm, place);
  addUninstall(program, context, confirm);
  let status = 0;
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError) return { status: thrown.exitCode === 0 ? 0 : 2, out, err, asked };
    const error = asKeywrightError(thrown);
    status = EXIT_CODES[error.code];
    err += failureText(error, wantsJson(argv));
  }
  return { status, out, err, asked };
}
