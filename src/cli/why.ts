// `keywright why`: the last decisions and failures about an address, oldest first: what pip and PDM do not show. It reads the
// audit and the log of failures, asks nobody and changes nothing.
import type { Command } from "commander";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { parseAddress, showAddress } from "../resolver/address.ts";
import { timeOf } from "./audit-filter.ts";
import type { CliContext } from "./context.ts";
import { failuresIn } from "./why-log.ts";
import { addressesOf } from "./whose.ts";

interface WhyOptions {
  readonly json?: boolean;
  readonly last?: number;
  readonly since?: string;
}

interface Entry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly kind: "decision" | "failure";
  readonly address: string;
  /** granted, denied, refused, unknown; of a failure its error code. */
  readonly outcome: string;
  readonly message: string;
  readonly hint: string | null;
  readonly ref: string | null;
  readonly rule: string | null;
}

const EXAMPLES = `
Standard output is the story, oldest first; what is 'not ours' is not written down anywhere, so nothing is said of it.

Examples:
  keywright why
  keywright why https://packages.example/simple/
  keywright why packages.example --last 3 --json`;

export function addWhy(program: Command, context: CliContext): void {
  program
    .command("why")
    .description("why a package manager got no credential: the last decisions and failures")
    .argument("[url]", "the address of a registry, or its host; all when left out")
    .option("--last <number>", "how many of them", positive, 10)
    .option("--since <time>", "only those from then on: a time, or 30m, 2h, 7d")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((url: string | undefined, options: WhyOptions) => why(url, options, context));
}

async function why(url: string | undefined, options: WhyOptions, context: CliContext): Promise<void> {
  const { home, clock, out, err } = context;
  if (home === undefined)
    throw new KeywrightError("configuration", "there is no home folder, so nothing was kept", {
      hint: "Set HOME.",
    });
  const since = options.since === undefined ? -Infinity : timeOf(options.since, clock.now());
  const decisions = await decisionsIn(context);
  const fits = url === undefined ? () => true : fitting(url);
  const entries = [...decisions.entries, ...failuresIn(home).map(failureEntry)]
    .filter(({ address, time }) => fits(address) && Date.parse(time) / 1000 >= since)
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    .slice(-(options.last ?? 10));
  const whose = url === undefined ? null : await whoseIs(url, context);
  if (options.json === true) {
    return out(
      `${JSON.stringify({ address: url === undefined ? null : showAddress(url), whose, entries })}\n`,
    );
  }
  for (const entry of entries) out(told(entry));
  if (decisions.missing !== undefined) err(`${decisions.missing}\n`);
  if (entries.length === 0)
    err(
      `nothing was ${url === undefined ? "asked" : `asked about ${showAddress(url)}`} here, or it was not ours\n`,
    );
  if (whose !== null) err(`${WHOSE[whose]}\n`);
}

type Whose = "ours" | "refused" | "foreign" | "unreadable";

const WHOSE: Readonly<Record<Whose, string>> = {
  ours: "This address is ours: keywright answers for it.",
  refused: "This address looks like one of ours and is none: it is refused, and given to nobody else.",
  foreign:
    "This address is not ours: no `match` of the configuration fits it, so it is left to others, silently.",
  unreadable: "The configuration cannot be read, so nothing is answered: see 'keywright config check'.",
};

async function whoseIs(url: string, context: CliContext): Promise<Whose> {
  try {
    return (await addressesOf(context)).whose(url);
  } catch {
    return "unreadable";
  }
}

/** The local audit as far as there is one; `missing` says why there is none. */
async function decisionsIn(
  context: CliContext,
): Promise<{ readonly entries: readonly Entry[]; readonly missing?: string }> {
  const { sourceOf } = await import("./audit-source.ts");
  try {
    const source = await sourceOf({}, context);
    const entries: Entry[] = [];
    for (const { text } of source.after(0)) {
      const entry = decisionEntry(text);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries };
  } catch (thrown) {
    return { entries: [], missing: `no decisions can be shown: ${asKeywrightError(thrown).message}` };
  }
}

function decisionEntry(text: string): Entry | undefined {
  let read: { readonly [key: string]: unknown };
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    return undefined;
  }
  const { kind, time, outcome, reason, ref, rule } = read;
  const registry = (read["ask"] as { readonly registry?: unknown } | undefined)?.registry;
  if (kind !== "decision" || typeof registry !== "string") return undefined;
  return {
    time: String(time),
    kind,
    address: registry,
    outcome: String(outcome),
    message: String(reason),
    hint: null,
    ref: textOr(ref),
    rule: textOr(rule),
  };
}

function failureEntry({ at, address, code, message, hint }: ReturnType<typeof failuresIn>[number]): Entry {
  return {
    time: new Date(at * 1000).toISOString(),
    kind: "failure",
    address,
    outcome: code,
    message,
    hint: hint ?? null,
    ref: null,
    rule: null,
  };
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The same host and port, and the one path inside the other; what is no address has to be the same text. */
function fitting(url: string): (address: string) => boolean {
  const wanted = readable(url);
  return (address) => {
    const found = readable(address);
    if (wanted === undefined || found === undefined) return address === showAddress(url);
    return (
      found.host === wanted.host &&
      found.port === wanted.port &&
      (inside(found.path, wanted.path) || inside(wanted.path, found.path))
    );
  };
}

function inside(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

function readable(text: string) {
  const read = parseAddress(text.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1").replace(/[?#].*$/s, ""));
  return read === "disagree" ? undefined : read;
}

function told({ time, kind, address, outcome, message, hint, ref, rule }: Entry): string {
  const by = [ref === null ? "" : `ref ${ref}`, rule === null ? "" : `rule ${rule}`]
    .filter((part) => part !== "")
    .join(", ");
  const head = `${time}  ${kind === "failure" ? `failed (${outcome})` : outcome}  ${address}${by === "" ? "" : `  [${by}]`}`;
  return `${head}\n  ${plain(message)}\n${hint === null ? "" : `  ${plain(hint)}\n`}`;
}

/** What a server said may be among it: nothing that a terminal obeys. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

function positive(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new KeywrightError("usage", `not a number of entries: ${text.slice(0, 20)}`);
}
