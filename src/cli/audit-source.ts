// Which audit a command is about: the local file that is configured or named, or a broker's. It reads no entry itself.
import { Option, type Command } from "commander";
import { statSync } from "node:fs";
import { defaultAuditPath } from "../audit/open.ts";
import { readChain, type ChainLine } from "../audit/read.ts";
import { readConfig } from "../config/snapshot.ts";
import { KeywrightError } from "../errors.ts";
import { matchFault } from "../resolver/match.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";

export interface SourceOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly file?: string;
}

export interface Source {
  /** For people. */
  readonly place: string;
  /** True for a broker's chain, which is kept from its first entry on. */
  readonly whole: boolean;
  /** The entries behind the one with this number, as far as they are written now; a torn end only if asked for. */
  after(seq: number, torn?: boolean): Iterable<ChainLine>;
  /** Differs when something was written since. */
  state(): string;
}

export function withSource(command: Command): Command {
  return command
    .addOption(
      new Option("--data <folder>", "the audit of the broker whose data is in this folder").conflicts("file"),
    )
    .option("--file <path>", "a local audit file, instead of the configured one");
}

export async function sourceOf(options: SourceOptions, context: CliContext): Promise<Source> {
  const { data } = options;
  if (data !== undefined) {
    const { readBrokerAudit } = await import("../broker/audit-reader.ts");
    const { databasePath } = await import("../broker/database.ts");
    const file = databasePath(data);
    const after = (seq: number): Iterable<ChainLine> => brokerLines(readBrokerAudit(data, seq), seq);
    return { place: data, whole: true, after, state: () => stateOf(file, `${file}-wal`) };
  }
  const path = options.file ?? (await configuredPath(context));
  const after = (seq: number, torn?: boolean): Iterable<ChainLine> =>
    readChain(path, context.clock, seq, torn);
  return { place: path, whole: false, after, state: () => stateOf(path) };
}

function stateOf(...files: readonly string[]): string {
  const stats = files.map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return stats
    .map((one) => (one === undefined ? "none" : `${one.ino} ${one.size} ${one.mtimeNs}`))
    .join(", ");
}

function* brokerLines(lines: Iterable<string>, seq: number): Generator<ChainLine> {
  let row = seq;
  for (const text of lines) yield { text, place: `row ${++row}` };
}

async function configuredPath({ env, home }: CliContext): Promise<string> {
  const { CLIENT_BACKENDS, optionChecks } = await import("../all-backends.ts");
  const { audit } = await readConfig({
    env,
    home,
    kind: "client",
    backends: CLIENT_BACKENDS,
    optionChecks, // What is kept here is what the next question takes for validated.
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
