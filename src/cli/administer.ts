// How a command for people reaches a broker's data: over the socket of the server that runs on the folder, or by itself,
// with the folder's lock, when none does. It prints nothing.
import { userInfo } from "node:os";
import type { Actor, AdminCommand } from "../broker/admin.ts";
import type { HeldData } from "../broker/held-data.ts";
import { EXIT_CODES, KeywrightError, type ErrorCode } from "../errors.ts";
import type { CliContext } from "./context.ts";

/** Together with the pauses, how long a folder may stay locked without anybody answering for it. */
const ATTEMPTS = 60;
const PAUSE_MS = 100;
/** A command waits for the disk, and behind others. */
const ANSWER_MS = 60_000;

/** What `administer` (src/broker/admin.ts) returns for this command. Throws what it throws. */
export async function administered(
  folder: string,
  command: AdminCommand,
  context: CliContext,
): Promise<Readonly<Record<string, unknown>>> {
  const actor = operator();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer =
      (await overSocket(folder, command, actor)) ?? (await byOurselves(folder, command, actor, context));
    if (answer !== undefined) return answer;
    await new Promise((wake) => setTimeout(wake, PAUSE_MS * (0.5 + Math.random())));
  }
  throw heldByOthers(folder);
}

/** The user of the operating system, as the audit names it. */
export function operator(): Actor {
  const uid = process.getuid?.();
  try {
    return { by: userInfo().username, uid };
  } catch {
    return { by: `uid ${uid}`, uid }; // Containers run as numbers that have no name.
  }
}

export function heldByOthers(folder: string): KeywrightError {
  return new KeywrightError(
    "configuration",
    `the data folder ${folder} is in use, and nobody answers there`,
    {
      hint: "A server may be starting, stopping or hanging; look for one (`ps`), then try again.",
    },
  );
}

async function overSocket(
  folder: string,
  command: AdminCommand,
  actor: Actor,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { adminSocketPath } = await import("../broker/admin-socket.ts");
  const { askSocket } = await import("../io/ask-socket.ts");
  const line = await askSocket(adminSocketPath(folder), JSON.stringify({ command, actor }), ANSWER_MS);
  if (line === undefined) return undefined;
  const { result, error } = JSON.parse(line) as {
    readonly result?: Record<string, unknown>;
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  };
  if (error === undefined) return result ?? {};
  const code = error.code in EXIT_CODES ? (error.code as ErrorCode) : "internal";
  throw new KeywrightError(code, error.message, { hint: error.hint });
}

async function byOurselves(
  folder: string,
  command: AdminCommand,
  actor: Actor,
  { clock, err }: CliContext,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { administer } = await import("../broker/admin.ts");
  const { tryHoldData, warningOf } = await import("../broker/held-data.ts");
  const { explainDataFault } = await import("../broker/data-fault.ts");
  let held: HeldData | undefined;
  try {
    held = tryHoldData(folder, clock, 0);
    if (held === undefined) return undefined;
    const warning = warningOf(held.data);
    if (warning !== undefined) err(`keywright: ${warning}\n`);
    return (await administer({ data: held.data, clock }, command, actor)) as Record<string, unknown>;
  } catch (thrown) {
    throw explainDataFault(thrown, folder);
  } finally {
    held?.release();
  }
}
