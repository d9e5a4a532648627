// `keywright uninstall`: takes away what keywright left on this machine: settings and links (by the records of setup and
// migrate), leases, caches, state. Its own executable stays: whoever installed it removes it.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { recordsOf, removeEmpty, setupFolder, type Record } from "../clients/record.ts";
import { homeOf } from "../clients/places.ts";
import { thisMachine, type Machine } from "../io/machine.ts";
import { KeywrightError } from "../errors.ts";
import { assertAllBack, confirmAt, type Confirm } from "./agree.ts";
import type { CliContext } from "./context.ts";
import { linksOnPath } from "./links.ts";
import { LINKED_NAMES } from "./program-names.ts";

interface UninstallOptions {
  readonly yes?: boolean;
  readonly audit?: boolean;
  readonly config?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Planned {
  readonly records: readonly Record[];
  /** Files and folders of ours that go. */
  readonly gone: readonly string[];
}

const EXAMPLES = `
The menda profiles and login (~/.menda) stay, as does a broker's data. The executable is removed by what installed it:
uv tool uninstall keywright, pipx uninstall keywright, npm uninstall -g keywright.

Examples:
  keywright uninstall
  keywright uninstall --yes --audit --config      nothing is left`;

export function addUninstall(
  program: Command,
  context: CliContext,
  confirm: Confirm = confirmAt(context),
): void {
  program
    .command("uninstall")
    .description("take keywright's settings, links, leases and state away")
    .option("-y, --yes", "without asking")
    .option("-n, --dry-run", "only show what would go")
    .option("--audit", "the local audit as well")
    .option("--config", "the configuration in ~/.config/keywright as well")
    .option("--json", "as JSON, for scripts; asks nothing")
    .addHelpText("after", EXAMPLES)
    .action((options: UninstallOptions) => uninstall(options, context, confirm));
}

async function uninstall(options: UninstallOptions, context: CliContext, confirm: Confirm): Promise<void> {
  const machine = thisMachine(context);
  const home = homeOf(machine);
  const records = recordsOf(home);
  const gone = [...goneFrom(machine, home, options), ...strayLinks(records.list(), context)];
  const planned: Planned = { records: records.list(), gone };
  const json = options.json === true;
  if (!json) context.out(shown(planned));
  const agreed = options.dryRun !== true && (await isAgreed(options, confirm));
  let kept: readonly string[] = [];
  let restored: readonly string[] = [];
  if (agreed) {
    const folders = records.folders();
    const undone = planned.records.map((record) => records.undo(record));
    kept = undone.flatMap((one) => one.kept);
    restored = undone.flatMap((one) => one.restored);
    takeAway(planned, kept, home, folders);
  }
  const done = agreed ? "uninstalled" : options.dryRun === true ? "shown" : "declined";
  if (json) context.out(`${JSON.stringify({ done, restored, removed: agreed ? planned.gone : [], kept })}\n`);
  else context.err(agreed ? "done\n" : "nothing was changed\n");
  assertAllBack(kept);
}

async function isAgreed({ yes, json }: UninstallOptions, confirm: Confirm): Promise<boolean> {
  if (yes === true) return true;
  if (json !== true) return confirm("Take all this away?");
  throw new KeywrightError("usage", "--json asks no questions, so nothing was changed", {
    hint: "Add --yes to take it away, or --dry-run to see what would go.",
  });
}

function goneFrom(
  machine: Machine,
  home: string,
  { audit = false, config = false }: UninstallOptions,
): readonly string[] {
  const state = join(home, ".local", "state", "keywright");
  const inState = machine
    .list(state)
    .filter((name) => name !== "setup" && (audit || !name.startsWith("audit.jsonl")));
  const whole = [join(home, ".cache", "keywright"), ...(config ? [join(home, ".config", "keywright")] : [])];
  return [
    ...whole.filter((path) => machine.look(path) !== undefined),
    ...inState.map((name) => join(state, name)),
  ];
}

/** Links of install-links, which keeps no record. */
function strayLinks(records: readonly Record[], { programFile, env }: CliContext): readonly string[] {
  if (programFile === undefined) return [];
  const recorded = records.flatMap(({ made }) => made.map(({ path }) => path));
  return linksOnPath(LINKED_NAMES, programFile, env).filter((file) => !recorded.includes(file));
}

/** What could not be put back keeps its record, so that a person can still look at it. */
function takeAway(
  { gone }: Planned,
  kept: readonly string[],
  home: string,
  folders: readonly string[],
): void {
  for (const path of gone) rmSync(path, { recursive: true, force: true });
  const setup = setupFolder(home);
  if (kept.length === 0) rmSync(setup, { recursive: true, force: true });
  removeEmpty([dirname(setup), ...folders]);
}

function shown({ records, gone }: Planned): string {
  const back = records.flatMap(({ of, made }) =>
    made.map(({ path }) => `put back as before '${of}': ${path}\n`),
  );
  return [...back, ...gone.map((path) => `remove ${path}\n`)].join("") || "nothing of keywright's is here\n";
}
