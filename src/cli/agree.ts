// Shows what would change in the user's files, asks, and does it: what `setup` and `migrate` have in common. What to change
// they know themselves.
import type { Change } from "../clients/change.ts";
import { diffText } from "../clients/diff.ts";
import type { Records } from "../clients/record.ts";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";

export interface AgreeOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly undo?: boolean;
}

export type Done = "changed" | "unchanged" | "shown" | "declined" | "undone";

/** A file as scripts hear of it. */
export interface ChangedFile {
  readonly path: string;
  readonly change: "create" | "edit" | "link" | "restore";
}

/** Asks a person yes or no; anything but yes is no. */
export type Confirm = (question: string) => Promise<boolean>;

export function confirmAt(context: CliContext): Confirm {
  return async (question) => {
    const { stdinPrompt, ABORTED } = await import("./prompt.ts");
    const prompt = stdinPrompt(context.err);
    try {
      return /^y(es)?$/i.test(await prompt.ask(`${question} [y/N]`));
    } catch (thrown) {
      if (thrown === ABORTED) return false;
      throw thrown;
    } finally {
      prompt.close();
    }
  };
}

/** Throws `usage` where a script would be asked a question, and what the changes throw. */
export async function agree(
  of: string,
  changes: readonly Change[],
  options: AgreeOptions,
  {
    context,
    records,
    confirm,
  }: { readonly context: CliContext; readonly records: () => Records; readonly confirm: Confirm },
): Promise<Done> {
  if (options.json !== true) for (const change of changes) context.out(shown(change));
  if (changes.length === 0) return "unchanged";
  if (options.dryRun === true) return "shown";
  if (options.yes !== true) {
    if (options.json === true) {
      throw new KeywrightError("usage", "--json asks no questions, so nothing was changed", {
        hint: "Add --yes to change it, or --dry-run to see what would change.",
      });
    }
    if (!(await confirm("Change this?"))) return "declined";
  }
  records().carryOut(of, changes, context.clock.now());
  return "changed";
}

export function changedFiles(changes: readonly Change[]): readonly ChangedFile[] {
  return changes.map((change) => {
    if (change.kind === "link") return { path: change.path, change: "link" };
    return { path: change.path, change: change.before === undefined ? "create" : "edit" };
  });
}

/** Takes back what was done under this name, newest first. */
export function undoAll(
  of: string,
  records: Records,
): { readonly files: readonly ChangedFile[]; readonly kept: readonly string[] } {
  const found = records.list(of);
  if (found.length === 0) {
    throw new KeywrightError("not_found", `nothing is known of a 'keywright ${of}' that could be undone`, {
      hint: "It was undone already, or never changed anything.",
    });
  }
  const undone = found.map((record) => records.undo(record));
  return {
    files: undone.flatMap(({ restored }) => restored.map((path) => ({ path, change: "restore" as const }))),
    kept: undone.flatMap(({ kept }) => kept),
  };
}

/** Throws `configuration` when files were left as they are. */
export function assertAllBack(kept: readonly string[]): void {
  if (kept.length === 0) return;
  throw new KeywrightError(
    "configuration",
    `changed since by somebody else, so left as it is: ${kept.join(", ")}`,
    {
      hint: "If a later setup or migrate did it, undo that first; else take our lines out yourself (what was there before is in ~/.local/state/keywright/setup).",
    },
  );
}

function shown(change: Change): string {
  if (change.kind === "text") return diffText(change.path, change.before, change.after);
  return `link ${change.path} -> ${change.target}\n`;
}
