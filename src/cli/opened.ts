// Opens keywright for a command, with the command's own environment, clock and standard error.
import type { Keywright } from "../keywright.ts";
import { KeywrightError } from "../errors.ts";
import { secretAsk } from "../resolver/ask.ts";
import type { Secret } from "../secret.ts";
import type { CliContext } from "./context.ts";

export async function opened({ env, home, clock, log, err }: CliContext): Promise<Keywright> {
  const { openKeywright } = await import("../keywright.ts");
  return openKeywright({ env, home, clock, log, err, warn: (text) => err(`keywright: ${text}\n`) });
}

/** Throws `not_found` when it is allowed and its store has no such value. */
export async function fetched(
  keywright: Keywright,
  name: string,
  reason: string | undefined,
): Promise<Secret> {
  const secret = await keywright.resolve(secretAsk(name, reason));
  if (secret !== undefined) return secret;
  throw new KeywrightError(
    "not_found",
    `there is no value for ${name}: its store holds nothing in that place`,
    {
      hint: "Put the value into the store, or correct the path of the ref (`keywright config show --origin`).",
    },
  );
}

/**
 * Fetches them all, or none: throws what the first one that fails throws. One is fetched alone, so that whoever has to unlock
 * a store does it once; the others follow together.
 */
export async function fetchedAll(
  keywright: Keywright,
  names: readonly string[],
  reason: string | undefined,
): Promise<ReadonlyMap<string, Secret>> {
  const [first, ...others] = [...new Set(names)];
  if (first === undefined) return new Map();
  const begun = await fetched(keywright, first, reason);
  const rest = await Promise.all(
    others.map(async (name) => [name, await fetched(keywright, name, reason)] as const),
  );
  return new Map([[first, begun], ...rest]);
}
