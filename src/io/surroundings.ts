// What this process was started with: its environment, its home folder, its standard error. Nothing here is changed.
import { writeSync } from "node:fs";
import { isAbsolute } from "node:path";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** undefined: there is none. */
  readonly home: string | undefined;
}

export function processEnvironment(): Surroundings["env"] {
  return process.env;
}

/** A relative one would let the folder in which somebody stands say where credentials go. */
export function homeIn(env: Surroundings["env"]): string | undefined {
  const home = env["HOME"] ?? env["USERPROFILE"];
  return home !== undefined && isAbsolute(home) ? home : undefined;
}

/** At once and wholly. Throws when nobody reads it. */
export function writeStandardError(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
