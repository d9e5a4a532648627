// `keywright run`: starts a program with exactly the secrets that were named (or that the policy allows), in its environment or
// as files. All of them are fetched before it starts; when one cannot be had, nothing is started.
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import type { Keywright } from "../keywright.ts";
import { secretAsk } from "../resolver/ask.ts";
import type { Secret } from "../secret.ts";
import type { CliContext } from "./context.ts";
import { failureText } from "./failure.ts";
import { fetchedAll, opened } from "./opened.ts";
import { wantedOf, type Wanted } from "./run-variables.ts";

interface RunOptions {
  readonly secret: readonly string[];
  readonly allowed?: boolean;
  readonly files?: boolean;
  readonly redact?: boolean;
  readonly reason?: string;
}

const EXAMPLES = `
NAME becomes the variable of that name in capital letters; NAME=VARIABLE names it. With --files the value lies in a private
folder that is removed afterwards, and VARIABLE_FILE holds its path.
Variables that hold other values, or credentials of stores, are taken out of its environment.
The program keeps the terminal, gets the signals, and its exit code is ours; 127: it was not found, 126: it cannot be started.

Examples:
  keywright run --secret databento_api_key -- python fetch.py
  keywright run --secret broker_password=PGPASSWORD --reason "INC-4711" -- psql -h db.example
  keywright run --files --secret tls_key -- nginx -c /etc/nginx.conf    (TLS_KEY_FILE holds the path)
  keywright run --allowed --redact -- ./report.sh > report.log`;

const collect = (one: string, before: readonly string[]): readonly string[] => [...before, one];

export function addRun(program: Command, context: CliContext): void {
  program
    .command("run")
    .description("run a program with secrets in its environment or as files")
    .argument("<command...>", "after --: the program and its arguments")
    .option("--secret <name>", "NAME or NAME=VARIABLE; may be given more than once", collect, [])
    .option("--allowed", "every secret that the policy allows here")
    .option("--files", "as files in a private folder instead of in the environment")
    .option("--redact", "take the values out of what the program writes (it then writes to a pipe)")
    .option("--reason <text>", "why, for policies that ask for a reason; it goes into the audit")
    .addHelpText("after", EXAMPLES)
    .action((command: readonly string[], options: RunOptions) => run(command, options, context));
}

async function run(command: readonly string[], options: RunOptions, context: CliContext): Promise<void> {
  const [file = "", ...argv] = command;
  const named = wantedOf(options.secret);
  if (named.length === 0 && options.allowed !== true) {
    throw new KeywrightError("usage", "no secret is named", {
      hint: "Name them (--secret NAME), or say --allowed for every secret that the policy allows.",
    });
  }
  const keywright = await opened(context);
  const wanted = options.allowed === true ? await withAllowed(keywright, named, options.reason) : named;
  const names = wanted.map(({ name }) => name);
  const secrets = await fetchedAll(keywright, names, options.reason);
  const hidden = new Set(await keywright.storeVariables());
  const inherited = Object.fromEntries(Object.entries(context.env).filter(([name]) => !hidden.has(name)));
  const { NotStarted, runProgram } = await import("../io/run-program.ts");
  const filter = options.redact === true ? await redacting([...secrets.values()]) : undefined;
  const start = (more: Readonly<Record<string, string>>): Promise<number> =>
    runProgram({ file, argv, env: { ...inherited, ...more }, filter });
  try {
    const code =
      options.files === true
        ? await withFiles(wanted, secrets, start, context)
        : await start(inEnvironment(wanted, secrets));
    context.exit?.(code);
  } catch (thrown) {
    if (!(thrown instanceof NotStarted)) throw thrown;
    context.err(failureText(thrown, false));
    context.exit?.(thrown.exitCode);
  }
}

/** Named ones keep their variables; those that nobody allows are simply not among the others. */
async function withAllowed(
  keywright: Keywright,
  named: readonly Wanted[],
  reason: string | undefined,
): Promise<readonly Wanted[]> {
  const others = keywright.secretNames.filter((name) => !named.some((one) => one.name === name));
  const judged = await Promise.all(
    others.map(async (name) => [name, (await keywright.explain(secretAsk(name, reason))).outcome] as const),
  );
  const allowed = judged.flatMap(([name, outcome]) => (outcome === "granted" ? [name] : []));
  return [...named, ...wantedOf(allowed)];
}

function inEnvironment(
  wanted: readonly Wanted[],
  secrets: ReadonlyMap<string, Secret>,
): Record<string, string> {
  return Object.fromEntries(
    wanted.map(({ name, variable }) => {
      const value = valueOf(name, secrets);
      if (value.includes("\0")) {
        throw new KeywrightError("backend", `the value of ${name} has a NUL, which no environment can hold`, {
          hint: "Give it to the program as a file: --files.",
        });
      }
      return [variable, value];
    }),
  );
}

async function withFiles(
  wanted: readonly Wanted[],
  secrets: ReadonlyMap<string, Secret>,
  start: (more: Readonly<Record<string, string>>) => Promise<number>,
  { env }: CliContext,
): Promise<number> {
  const { withSecretFolder } = await import("../io/secret-folder.ts");
  const files = new Map(wanted.map(({ name }) => [name, valueOf(name, secrets)]));
  return withSecretFolder(files, env["XDG_RUNTIME_DIR"], (folder) =>
    start(Object.fromEntries(wanted.map(({ name, variable }) => [`${variable}_FILE`, `${folder}/${name}`]))),
  );
}

function valueOf(name: string, secrets: ReadonlyMap<string, Secret>): string {
  const secret = secrets.get(name);
  if (secret === undefined) throw new KeywrightError("internal", `${name} was not fetched`);
  return secret.reveal();
}

const SHORTEST = 4;

async function redacting(secrets: readonly Secret[]) {
  const { createRedactor } = await import("../io/redacting.ts");
  const values = secrets.map((secret) => secret.reveal());
  if (values.some(({ length }) => length < SHORTEST)) {
    throw new KeywrightError(
      "usage",
      `a value has fewer than ${SHORTEST} characters, so taking it out would ruin the output`,
      {
        hint: "Leave out --redact, or that secret.",
      },
    );
  }
  return () => createRedactor(values);
}
