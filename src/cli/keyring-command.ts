// Brings the `keyring` program together with keywright itself. Everything that it imports is on the way of every
// question, so nothing is imported here that a cached answer does not need.
import { openKeywright } from "../keywright.ts";
import type { CliContext } from "./context.ts";
import { runKeyring } from "./keyring.ts";

export async function runKeyringCommand(
  argv: readonly string[],
  context: CliContext,
  self: string,
): Promise<number> {
  const { env, home, clock, log } = context;
  const open = (): ReturnType<typeof openKeywright> =>
    openKeywright({
      env,
      home,
      clock,
      log,
      err: context.err,
      warn: (text) => context.err(`keyring: ${text}\n`),
    });
  return runKeyring(argv, context, {
    self,
    classify: async (service) => (await open()).classify(service),
    resolve: async (ask) => (await open()).resolve(ask),
  });
}
