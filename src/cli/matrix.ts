// `keywright matrix`: who may have what, in every situation that the policies tell apart; `--diff` compares two configurations.
// It fetches nothing and writes no audit.
import type { Command } from "commander";
import type { MatrixChange, MatrixRow } from "../resolver/matrix.ts";
import type { CliContext } from "./context.ts";
import { loadedClient } from "./loaded.ts";

interface MatrixOptions {
  readonly diff?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
"sometimes" names the rules that decide. The principal * stands for everybody whom no policy names. With --diff, what somebody
gained or lost against the file OLD, each with a situation in which it is so.

Examples:
  keywright matrix
  keywright matrix ./config.yaml --all --json
  keywright matrix ./config.yaml --diff ./config.before.yaml`;

export function addMatrix(program: Command, context: CliContext): void {
  program
    .command("matrix")
    .description("who may have which secret or registry, and when")
    .argument("[file]", "a configuration file to look at alone, instead of those in force")
    .option("--diff <old>", "what changed against this configuration file")
    .option("--all", "also what nobody may")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((file: string | undefined, options: MatrixOptions) => matrix(file, options, context));
}

async function matrix(file: string | undefined, options: MatrixOptions, context: CliContext): Promise<void> {
  const { matrixOf, matrixChanges } = await import("../resolver/matrix.ts");
  const now = await loadedClient(context, file);
  if (options.diff !== undefined) {
    const changes = matrixChanges(await loadedClient(context, options.diff), now);
    return context.out(options.json === true ? `${JSON.stringify(changes)}\n` : changesText(changes));
  }
  const rows = matrixOf(now).filter(({ may }) => options.all === true || may !== "never");
  context.out(options.json === true ? `${JSON.stringify(rows.map(asJson))}\n` : rowsText(rows));
}

function asJson({ match, ...row }: MatrixRow): object {
  return { ...row, match: match ?? null };
}

function rowsText(rows: readonly MatrixRow[]): string {
  if (rows.length === 0) return "nobody may have anything\n";
  const head = ["REF", "PRINCIPAL", "ACTION", "MAY"];
  const body = rows.map(({ ref, principal, action, may, conditions }) => [
    ref,
    principal,
    action,
    conditions.length === 0 ? may : `${may}: ${conditions.join("; ")}`,
  ]);
  return aligned([head, ...body]);
}

function changesText(changes: readonly MatrixChange[]): string {
  if (changes.length === 0) return "nobody gained or lost anything\n";
  return aligned(
    changes.map(({ ref, principal, action, change, example, cells, of }) => [
      change === "gained" ? "+" : "-",
      ref,
      principal,
      action,
      cells === of
        ? change
        : `${change} in some situations${example === "" ? "" : `: ${example}, for example`}`,
    ]),
  );
}

/** The last column is not padded. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("  ")}\n`,
    )
    .join("");
}
