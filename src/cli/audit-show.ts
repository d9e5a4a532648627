// `keywright audit show`: prints entries, and with --follow those that come. It verifies nothing.
import { Option, type Command } from "commander";
import { setTimeout as after } from "node:timers/promises";
import type { ChainLine } from "../audit/read.ts";
import { KeywrightError } from "../errors.ts";
import { DECISIONS, entryFilter, type FilterOptions } from "./audit-filter.ts";
import { describeEntry } from "./audit-line.ts";
import { sourceOf, withSource, type Source, type SourceOptions } from "./audit-source.ts";
import type { CliContext } from "./context.ts";

interface ShowOptions extends SourceOptions, FilterOptions {
  readonly lines?: number;
  readonly follow?: boolean;
}

const EXAMPLES = `
Times are ISO 8601 (in UTC unless they name a zone), or how long ago: 90s, 30m, 2h, 7d, 1w.
With --follow it begins with the last 10 entries unless -n says otherwise, and ends with Ctrl-C.

Examples:
  keywright audit show -n 20
  keywright audit show --decision denied --since 2h
  keywright audit show --principal ci --ref packages --json
  keywright audit show --data ./broker --follow`;

export function addAuditShow(audit: Command, context: CliContext): void {
  withSource(audit.command("show"))
    .description("print the entries, oldest first")
    .option("-n, --lines <number>", "only the last ones", positive)
    .option("--principal <name>", "only those about this principal")
    .option("--ref <name>", "only those about this ref")
    .option("--since <time>", "only those from then on")
    .option("--until <time>", "only those up to then")
    .addOption(new Option("--decision <what>", "only those that say this").choices(DECISIONS))
    .option("-f, --follow", "go on printing what comes")
    .option("--json", "each entry as it is written, one JSON object a line")
    .addHelpText("after", EXAMPLES)
    .action((options: ShowOptions) => show(options, context));
}

async function show(options: ShowOptions, context: CliContext): Promise<void> {
  const fits = entryFilter(options, context.clock.now());
  const source = await sourceOf(options, context);
  const print = ({ text }: ChainLine): void =>
    context.out(`${options.json === true ? text : describeEntry(text)}\n`);
  let seen = 0;
  const matching = function* (lines: Iterable<ChainLine>): Generator<ChainLine> {
    for (const line of lines) {
      seen = Math.max(seen + 1, seqOf(line.text));
      if (fits(line.text)) yield line;
    }
  };
  const follow = options.follow === true;
  const state = source.state();
  let printed = 0;
  for (const line of lastOf(matching(source.after(0)), options.lines ?? (follow ? 10 : undefined))) {
    print(line);
    printed += 1;
  }
  if (printed === 0) context.err(`no entries in ${source.place}${seen === 0 ? "" : " match"}\n`);
  if (!follow) return;
  await eachChange(source, state, () => {
    for (const line of matching(source.after(seen))) print(line);
  });
}

/** Looks four times a second whether anything changed, until somebody interrupts it. */
async function eachChange(source: Source, known: string, work: () => void): Promise<void> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  let state = known;
  while (!interrupted.signal.aborted) {
    const now = source.state();
    if (now !== state) work();
    state = now;
    await after(250, undefined, { signal: interrupted.signal }).catch(() => undefined);
  }
}

function seqOf(text: string): number {
  return Number(/^\{"seq":([0-9]{1,15}),/.exec(text)?.[1] ?? 0);
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

function positive(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new KeywrightError("usage", `not a number of entries: ${text.slice(0, 20)}`);
}
