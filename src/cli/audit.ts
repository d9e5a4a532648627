// `keywright audit`: what was asked here or at a broker, and whether that record is whole. It changes neither.
import { Option, type Command } from "commander";
import { defaultAuditPath } from "../audit/open.ts";
import { readChain, verifyChain, type ChainLine, type Verdict } from "../audit/read.ts";
import { readConfig } from "../config/snapshot.ts";
import { KeywrightError } from "../errors.ts";
import { matchFault } from "../resolver/match.ts";
import { VERSION } from "../version.ts";
import { describeEntry } from "./audit-line.ts";
import type { CliContext } from "./context.ts";

interface SourceOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly file?: string;
}

export function addAudit(program: Command, context: CliContext): void {
  const audit = program
    .command("audit")
    .description("show and verify the record of what was asked and answered");
  withSource(audit.command("show"))
    .description("print the entries, oldest first")
    .option("-n, --lines <number>", "only the last ones", positive)
    .option("--json", "each entry as it is written, one JSON object a line")
    .addHelpText(
      "after",
      "\nExamples:\n  keywright audit show -n 20\n  keywright audit show --json | jq 'select(.outcome == \"denied\")'\n",
    )
    .action(async (options: SourceOptions & { readonly lines?: number }) => {
      const { lines } = await sourceOf(options, context);
      for (const { text } of lastOf(lines, options.lines)) {
        context.out(`${options.json === true ? text : describeEntry(text)}\n`);
      }
    });
  withSource(audit.command("verify"))
    .description("check that no entry was changed, taken out or put in; exit code 9 when one was")
    .option("--json", "the result as JSON, for scripts")
    .addHelpText(
      "after",
      "\nA chain shows what happened between its first and its last entry. That its end was cut off, or that all of it\n" +
        "was written anew, only shows by comparing with a head that was noted elsewhere.\n\n" +
        "Examples:\n  keywright audit verify\n  keywright audit verify --data ./broker --json\n",
    )
    .action(async (options: SourceOptions) => {
      const { lines, place } = await sourceOf(options, context);
      const verdict = verifyChain(lines);
      if (options.json === true) context.out(`${JSON.stringify(verdict)}\n`);
      if (!verdict.ok) throw faultOf(verdict);
      if (options.json !== true) context.out(`${successOf(verdict, place)}\n`);
    });
}

function withSource(command: Command): Command {
  return command
    .addOption(
      new Option("--data <folder>", "the audit of the broker whose data is in this folder").conflicts("file"),
    )
    .option("--file <path>", "a local audit file, instead of the configured one");
}

async function sourceOf(
  options: SourceOptions,
  context: CliContext,
): Promise<{ readonly lines: Iterable<ChainLine>; readonly place: string }> {
  if (options.data !== undefined) {
    const { readBrokerAudit } = await import("../broker/audit-reader.ts");
    return { lines: brokerLines(readBrokerAudit(options.data)), place: options.data };
  }
  const path = options.file ?? (await configuredPath(context));
  return { lines: readChain(path, context.clock), place: path };
}

function* brokerLines(lines: Iterable<string>): Generator<ChainLine> {
  let row = 0;
  for (const text of lines) yield { text, place: `row ${++row}` };
}

async function configuredPath({ env, home }: CliContext): Promise<string> {
  const { CLIENT_BACKENDS } = await import("../keywright.ts");
  const { audit } = await readConfig({
    env,
    home,
    kind: "client",
    backends: CLIENT_BACKENDS,
    matchFault,
    version: VERSION,
  });
  if (audit.sink !== "file") {
    throw new KeywrightError(
      "configuration",
      `the audit goes to ${audit.sink}, so there is no file to read`,
      {
        hint: "Name an older one with --file, or a broker's data folder with --data.",
      },
    );
  }
  const path = audit.path ?? (home === undefined ? undefined : defaultAuditPath(home));
  if (path !== undefined) return path;
  throw new KeywrightError("configuration", "there is no home folder, so there is no audit file", {
    hint: "Set HOME, or name the file with --file.",
  });
}

function* lastOf(lines: Iterable<ChainLine>, count: number | undefined): Generator<ChainLine> {
  if (count === undefined) return yield* lines;
  const kept: ChainLine[] = [];
  for (const line of lines) {
    kept.push(line);
    if (kept.length > count) kept.shift();
  }
  yield* kept;
}

function faultOf(verdict: Extract<Verdict, { ok: false }>): KeywrightError {
  return new KeywrightError("audit", `${verdict.place}: entry ${verdict.seq} ${verdict.fault}`, {
    hint: "Everything before it is whole. Compare with a backup, and keep this file as evidence.",
  });
}

function successOf({ count, first, head }: Extract<Verdict, { ok: true }>, place: string): string {
  if (head === undefined) return `no entries in ${place}`;
  return `${count} ${count === 1 ? "entry" : "entries"} (${first} to ${head.seq}), whole; head ${head.hash}`;
}

function positive(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new KeywrightError("usage", `not a number of entries: ${text.slice(0, 20)}`);
}
