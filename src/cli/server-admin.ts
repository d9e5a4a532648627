// `keywright server reload|backup|restore|rotate-pepper`: the administration of a broker. All but `restore` work while it
// runs, and without it as well.
import type { Command } from "commander";
import { resolve } from "node:path";
import { administered, heldByOthers, operator } from "./administer.ts";
import type { CliContext } from "./context.ts";
import { dataFolder } from "./data-folder.ts";

interface AdminOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly dropOld?: boolean;
  readonly force?: boolean;
}

const RELOAD_HELP = `
The new configuration holds for the requests that come after it. One that does not load leaves the old one in force.
A signal does the same: kill -HUP, systemctl reload.

Example:
  keywright server reload --data ./broker`;

const BACKUP_HELP = `
One file (0600) with everything but the configuration: database, peppers, audit key. Whoever can read it can check client
secrets and sign checkpoints, as with the data folder itself: encrypt it before it leaves the machine. The ledger of
revocations, revoked.jsonl in the data folder, is small and worth copying elsewhere more often.

Examples:
  keywright server backup /var/backups/broker-$(date +%F).bak --data ./broker
  keywright server backup broker.bak --json`;

const RESTORE_HELP = `
The server must not run. What was revoked or rotated after the backup stays so, as far as the data folder still has its
ledger (revoked.jsonl; put a copy of it there first if the folder was lost). All tokens end; clients fetch new ones. The
database that was there is kept beside it, and the audit goes on where that one ended, if it can be read.

Examples:
  keywright server restore broker.bak --data ./broker
  cp revoked.jsonl ./broker/ && keywright server restore broker.bak --data ./broker`;

const PEPPER_HELP = `
New secrets are hashed with a new pepper. A client that authenticates changes to it by itself; the old one stays until
--drop-old takes it away, which is refused while clients need it.

Examples:
  keywright server rotate-pepper --data ./broker
  keywright server rotate-pepper --drop-old
  keywright server rotate-pepper --drop-old --force    clients that have not changed are shut out until rotated`;

export function addServerAdmin(server: Command, context: CliContext): void {
  const verb = (usage: string, description: string, help: string, run: Run): Command =>
    server
      .command(usage)
      .description(description)
      .option("--data <dir>", "the broker's data folder (default: ~/.local/share/keywright)")
      .option("--json", "print JSON")
      .addHelpText("after", help)
      .action((...words: unknown[]) => {
        const command = words.at(-1) as Command; // `server` has --data, too, and takes it wherever it stands.
        const [file] = command.args;
        return run(file ?? "", command.optsWithGlobals<AdminOptions>(), context);
      });
  verb("reload", "read the configuration again", RELOAD_HELP, reload);
  verb("backup <file>", "write everything that the broker knows to one file", BACKUP_HELP, backup);
  verb("restore <file>", "put a backup in the place of the database", RESTORE_HELP, restore);
  verb("rotate-pepper", "hash client secrets with a new key", PEPPER_HELP, rotatePepper)
    .option("--drop-old", "take the older ones away instead")
    .option("--force", "with --drop-old: also when clients still need them");
}

type Run = (file: string, options: AdminOptions, context: CliContext) => Promise<void>;

async function reload(_file: string, options: AdminOptions, context: CliContext): Promise<void> {
  const result = await administered(dataFolder(options.data, context), { op: "reload" }, context);
  tell(result, "reloaded\n", options, context);
}

/** The entry is written before the copy is made, so that the copy has it. */
async function backup(file: string, options: AdminOptions, context: CliContext): Promise<void> {
  const { checkTarget, writeBackup } = await import("../broker/backup.ts");
  const folder = dataFolder(options.data, context);
  const path = resolve(file);
  checkTarget(path);
  await administered(folder, { op: "backup", file: path }, context);
  const { entries, clients } = writeBackup(folder, path);
  tell(
    { file: path, entries, clients },
    `${path}: ${clients} clients, ${entries} audit entries\n`,
    options,
    context,
  );
}

async function restore(file: string, options: AdminOptions, context: CliContext): Promise<void> {
  const { restoreBackup } = await import("../broker/restore.ts");
  const { lockData } = await import("../broker/data-lock.ts");
  const { makeFolder } = await import("../broker/data-folder.ts");
  const folder = dataFolder(options.data, context);
  makeFolder(folder);
  const lock = lockData(folder, 1000);
  if (lock === undefined) throw heldByOthers(folder);
  try {
    const restored = restoreBackup(folder, resolve(file), context.clock, operator());
    if (!restored.ledger) context.err(NO_LEDGER);
    const { clients, secrets, users, carried, replaced } = restored;
    const text = [
      `restored ${file}; every token has ended`,
      `audit entries carried over from the replaced database: ${carried}`,
      ...(clients.length > 0 ? [`revoked again: ${clients.join(", ")}`] : []),
      ...(secrets.length > 0 ? [`need \`keywright client rotate\`: ${secrets.join(", ")}`] : []),
      ...(users.length > 0 ? [`disabled again: ${users.join(", ")}`] : []),
      ...(replaced === undefined ? [] : [`the replaced database is kept as ${replaced}`]),
    ];
    tell(restored, `${text.join("\n")}\n`, options, context);
  } finally {
    lock.release();
  }
}

const NO_LEDGER =
  "keywright: the data folder has no ledger of revocations, so clients that were revoked or rotated after the backup are as they were in it\n" +
  "  Look through `keywright client list`, and revoke again what has to be; or put a copy of revoked.jsonl there and restart the server.\n";

async function rotatePepper(_file: string, options: AdminOptions, context: CliContext): Promise<void> {
  const { dropOld = false, force = false } = options;
  const folder = dataFolder(options.data, context);
  if (dropOld) {
    const result = await administered(folder, { op: "drop_peppers", force }, context);
    return tell(result, `dropped ${(result["dropped"] as readonly number[]).length}\n`, options, context);
  }
  const result = await administered(folder, { op: "rotate_pepper" }, context);
  const waiting = result["waiting"] as readonly string[];
  const text = `pepper ${String(result["pepper"])}; clients that change to it when they next authenticate: ${waiting.length}\n`;
  tell(result, text, options, context);
}

function tell(result: object, text: string, { json }: AdminOptions, context: CliContext): void {
  context.out(json === true ? `${JSON.stringify(result)}\n` : text);
}
