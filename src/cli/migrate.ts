// `keywright migrate`: from menda-keyring, keyrings.codeartifact or `aws codeartifact login` to keywright in one command: shows
// what it found and would change, asks, does it, and takes it back. What to change is planned by clients/migrate.ts.
import { Option, type Command } from "commander";
import { homeOf } from "../clients/places.ts";
import { planMigration, type Migration } from "../clients/migrate.ts";
import { recordsOf, type Records } from "../clients/record.ts";
import { KeywrightError } from "../errors.ts";
import { thisMachine, type Machine } from "../io/machine.ts";
import { matchFault } from "../resolver/match.ts";
import {
  agree,
  assertAllBack,
  changedFiles,
  confirmAt,
  undoAll,
  type AgreeOptions,
  type ChangedFile,
  type Confirm,
  type Done,
} from "./agree.ts";
import type { CliContext } from "./context.ts";
import { addressesOf, type Place } from "./whose.ts";

interface MigrateOptions extends AgreeOptions {
  readonly host?: readonly string[];
  readonly store?: "menda" | "aws";
  readonly replaceKeyring?: boolean;
}

const EXAMPLES = `
No token is shown. The static tokens that are no longer needed are taken out of pip.conf and .pypirc; a private record of
what was there stays until --undo or 'keywright uninstall'. Packages are not uninstalled: the commands for it are printed.

Examples:
  keywright migrate --dry-run
  keywright migrate --yes --host acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com
  keywright migrate --undo`;

/** `confirm` and `place`: stand-ins for the terminal, /etc and the working directory, for tests. */
export function addMigrate(
  program: Command,
  context: CliContext,
  confirm: Confirm = confirmAt(context),
  place: Place = {},
): void {
  program
    .command("migrate")
    .description("take over from menda-keyring, keyrings.codeartifact or aws codeartifact login")
    .option("-y, --yes", "change it without asking")
    .option("-n, --dry-run", "only show what would change")
    .option("--undo", "put back what was there before")
    .option("--host <host>", "a registry's host that only projects name; repeatable", collect)
    .addOption(
      new Option("--store <store>", "where tokens come from, if not from where they came before").choices([
        "menda",
        "aws",
      ]),
    )
    .option(
      "--replace-keyring",
      "put the link to keywright also in the place of another program named keyring",
    )
    .option("--json", "as JSON, for scripts; asks nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (options: MigrateOptions) => {
      const machine = thisMachine({ ...context, ...place });
      const records = (): Records => recordsOf(homeOf(machine));
      if (options.undo === true) return undo(options, records(), context);
      const plan = await planned(machine, options, context, place);
      if (options.json !== true)
        for (const { what, where } of plan.found) context.out(`found ${what}: ${where}\n`);
      const done = await agree("migrate", plan.changes, options, { context, records, confirm });
      report(
        plan,
        { done, files: done === "declined" ? [] : changedFiles(plan.changes), kept: [] },
        options,
        context,
      );
    });
}

function collect(host: string, before: readonly string[] = []): readonly string[] {
  const fault = matchFault(host) ?? (host.includes("*") ? "has a *; name each host" : undefined);
  if (fault !== undefined)
    throw new KeywrightError("usage", `--host ${fault}`, { hint: "Give HOST, or HOST/path." });
  return [...before, host];
}

async function planned(
  machine: Machine,
  options: MigrateOptions,
  context: CliContext,
  place: Place,
): Promise<Migration> {
  const { config, isOurs } = await addressesOf(context, place);
  return planMigration({
    machine,
    isOurs,
    programFile: context.programFile,
    replace: options.replaceKeyring === true,
    hosts: options.host ?? [],
    store: options.store,
    configured: [...config.origins].some(
      ([path, origin]) => path.startsWith("refs.") && origin !== "built-in",
    ),
  });
}

interface Outcome {
  readonly done: Done;
  readonly files: readonly ChangedFile[];
  readonly kept: readonly string[];
}

function undo(options: MigrateOptions, records: Records, context: CliContext): void {
  const { files, kept } = undoAll("migrate", records);
  report(undefined, { done: "undone", files, kept }, options, context);
  assertAllBack(kept);
}

const SAID: Readonly<Record<Done, string>> = {
  changed: "done; keywright migrate --undo takes it back",
  unchanged: "nothing to change",
  shown: "nothing was changed (--dry-run)",
  declined: "nothing was changed",
  undone: "everything that was still ours is as it was before",
};

function report(
  plan: Migration | undefined,
  outcome: Outcome,
  { json }: MigrateOptions,
  { out, err }: CliContext,
): void {
  const { found = [], config, uninstall = [], notes = [] } = plan ?? {};
  if (json === true)
    return out(`${JSON.stringify({ found, ...outcome, config: config ?? null, uninstall, notes })}\n`);
  if (outcome.done === "undone") for (const { path } of outcome.files) out(`restored ${path}\n`);
  err(`${SAID[outcome.done]}\n`);
  if (uninstall.length > 0)
    err(
      `\nWhat is no longer needed, to uninstall:\n${uninstall.map((command) => `    ${command}\n`).join("")}`,
    );
  for (const note of notes) err(`\n${note}\n`);
}
