// Brings the `keyring` program together with keywright itself. Everything that it imports is on the way of every
// question, so nothing is imported here that a cached answer does not need.
import { KeywrightError } from "../errors.ts";
import { openKeywright } from "../keywright.ts";
import type { CliContext } from "./context.ts";
import { runKeyring } from "./keyring.ts";

export async function runKeyringCommand(
  argv: readonly string[],
  context: CliContext,
  self: () => string,
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
    get self() {
      return self();
    },
    classify: async (service) => (await open()).classify(service),
    resolve: async (ask) => {
      try {
        return await (await open()).resolve(ask);
      } catch (thrown) {
        if (thrown instanceof KeywrightError && thrown.code === "unknown") throw thrown;
        const { noteFailure } = await import("./why-log.ts"); // Only now: a cached answer must not load it.
        noteFailure(home, { front: "keyring", service: ask.url, now: clock.now(), thrown });
        throw thrown;
      }
    },
  });
}
