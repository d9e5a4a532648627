// Finds the next real `keyring` on the PATH, for the questions that are not ours, and hands them over. It never finds
// ourselves, and no chain of keyrings asks the same one twice.
import { realpathSync, statSync, type Stats } from "node:fs";
import { delimiter } from "node:path";
import { ancestorCommands } from "../io/process.ts";
import { programsNamed } from "../io/programs.ts";
import type { Environment } from "../io/spawn.ts";

/** The real paths of all keyrings that were already asked, separated like a PATH: what keeps the chain from being a ring. */
export const SEEN = "KEYWRIGHT_KEYRING_SEEN";

export interface NextKeyring {
  /** As found on the PATH, not resolved: a program may go by the name it is called with. */
  readonly file: string;
  readonly env: Environment;
}

/** Undefined when there is none left. `self` is the real path of our own executable or wrapper. */
export function findNextKeyring(env: Environment, self: string): NextKeyring | undefined {
  const seen = [...(env[SEEN] ?? "").split(delimiter).filter((mark) => mark !== ""), marked(self)];
  const own = statOf(self);
  for (const file of programsNamed("keyring", env)) {
    const stat = statOf(file);
    if (stat === undefined || isSame(stat, own)) continue;
    const mark = marked(realpathSync(file));
    // The one that we ask is put on the list by us: if it only leads back here (a wrapper script), it is not asked again.
    if (!seen.includes(mark)) return { file, env: { ...env, [SEEN]: [...seen, mark].join(delimiter) } };
  }
  return undefined;
}

/** Runs the next keyring with these words and our standard streams. Returns its exit code; undefined: there is none. */
export async function askNextKeyring(
  argv: readonly string[],
  env: Environment,
  self: string,
): Promise<number | undefined> {
  const next = findNextKeyring(env, self);
  if (next === undefined || goesInCircles(argv)) return undefined;
  const { spawnInherit } = await import("../io/spawn.ts");
  return spawnInherit(next.file, argv, next.env);
}

/**
 * A wrapper that clears the environment takes the list away, and could lead back to us for ever: then the same words
 * stand above us again and again. A few times is a wrapper, and allowed.
 */
function goesInCircles(argv: readonly string[]): boolean {
  const same = ancestorCommands(32).filter((words) => {
    const last = words.slice(-argv.length);
    return last.length === argv.length && last.every((word, at) => word === argv[at]);
  });
  return argv.length > 0 && same.length >= MOST_WRAPPERS;
}

const MOST_WRAPPERS = 6;

/** A path as the list holds it: without the character that separates its entries. */
function marked(path: string): string {
  const escaped = path.replaceAll("%", "%25").replaceAll(delimiter, delimiter === ":" ? "%3A" : "%3B");
  return process.platform === "win32" ? escaped.toLowerCase() : escaped;
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSame(stat: Stats, own: Stats | undefined): boolean {
  return own !== undefined && stat.ino !== 0 && stat.ino === own.ino && stat.dev === own.dev;
}
