// `keywright setup`: writes the settings that make a Python client ask keyring, after it has shown them, and takes them back.
// Which settings those are is known by clients/setup.ts.
import { Argument, type Command } from "commander";
import { CLIENTS, type Client } from "../clients/client.ts";
import { planSetup } from "../clients/setup.ts";
import { recordsOf, type Records } from "../clients/record.ts";
import { homeOf } from "../clients/places.ts";
import { thisMachine, type Machine } from "../io/machine.ts";
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

interface SetupOptions extends AgreeOptions {
  readonly replaceKeyring?: boolean;
}

const EXAMPLES = `
Only files of the user are changed, never a project's. What was there before is kept until --undo.

Examples:
  keywright setup uv --dry-run         what would change
  keywright setup pip --yes            without a question
  keywright setup uv --undo            everything as it was`;

/** `confirm` and `place`: stand-ins for the terminal, /etc and the working directory, for tests. */
export function addSetup(
  program: Command,
  context: CliContext,
  confirm: Confirm = confirmAt(context),
  place: Place = {},
): void {
  program
    .command("setup")
    .description("make a Python client ask keyring, and keyring be keywright")
    .addArgument(new Argument("<client>", "the client").choices(CLIENTS))
    .option("-y, --yes", "change it without asking")
    .option("-n, --dry-run", "only show what would change")
    .option("--undo", "put back what was there before")
    .option(
      "--replace-keyring",
      "put the link to keywright also in the place of another program named keyring",
    )
    .option("--json", "as JSON, for scripts; asks nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (client: Client, options: SetupOptions) => {
      const machine = thisMachine({ ...context, ...place });
      const records = (): Records => recordsOf(homeOf(machine));
      if (options.undo === true) return undo(client, options, records(), context);
      const plan = planSetup(client, await surroundings(machine, options, context, place));
      const done = await agree(`setup ${client}`, plan.changes, options, { context, records, confirm });
      report(
        {
          client,
          done,
          files: done === "declined" ? [] : changedFiles(plan.changes),
          kept: [],
          notes: plan.notes,
        },
        options,
        context,
      );
    });
}

async function surroundings(
  machine: Machine,
  { replaceKeyring = false }: SetupOptions,
  context: CliContext,
  place: Place,
) {
  const { isOurs } = await addressesOf(context, place);
  return { machine, isOurs, replace: replaceKeyring, programFile: context.programFile };
}

interface Report {
  readonly client: Client;
  readonly done: Done;
  readonly files: readonly ChangedFile[];
  readonly kept: readonly string[];
  readonly notes: readonly string[];
}

function undo(client: Client, options: SetupOptions, records: Records, context: CliContext): void {
  const { files, kept } = undoAll(`setup ${client}`, records);
  report({ client, done: "undone", files, kept, notes: [] }, options, context);
  assertAllBack(kept);
}

const SAID: Readonly<Record<Done, string>> = {
  changed: "done; --undo takes it back",
  unchanged: "nothing to change",
  shown: "nothing was changed (--dry-run)",
  declined: "nothing was changed",
  undone: "everything that was still ours is as it was before",
};

function report(result: Report, { json }: SetupOptions, { out, err }: CliContext): void {
  if (json === true) return out(`${JSON.stringify(result)}\n`);
  if (result.done === "undone") for (const { path } of result.files) out(`restored ${path}\n`);
  err(`${SAID[result.done]}\n`);
  for (const note of result.notes) err(`\n${note}\n`);
}
