// A ring of keys in the data folder: NAME, NAME.2, NAME.3 …, 32 random bytes each; the newest makes what is new, the
// others only check what is old. It knows nothing about what the keys are for.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";

/** Number → bytes, the oldest first. */
export type Keys = ReadonlyMap<number, Uint8Array>;

export const KEY_LENGTH = 32;

/** Throws `configuration` for a file of this name that is no key. */
export function readKeys(folder: string, name: string): Keys {
  const found = readdirSync(folder).flatMap((file) => {
    const number = numberOf(file, name);
    return number === undefined ? [] : [number];
  });
  const keys = new Map<number, Uint8Array>();
  for (const number of found.sort((a, b) => a - b)) {
    const path = keyPath(folder, name, number);
    const bytes = readFileSync(path);
    if (bytes.length !== KEY_LENGTH) {
      throw new KeywrightError("configuration", `${path} is not a ${name}`, {
        hint: "Restore it from a backup of the data folder (`keywright server restore`).",
      });
    }
    keys.set(number, bytes);
  }
  return keys;
}

/** On the disk when it returns. Leaves one alone that is there already: another process has just made it. */
export function addKey(folder: string, name: string, number: number, bytes?: Uint8Array): void {
  const path = keyPath(folder, name, number);
  const fresh = `${path}.${randomBytes(6).toString("hex")}.new`;
  const file = openSync(fresh, "wx", 0o600);
  try {
    writeSync(file, bytes ?? randomBytes(KEY_LENGTH));
    fsyncSync(file);
    linkSync(fresh, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    closeSync(file);
    unlinkSync(fresh);
  }
  syncFolder(folder);
}

export function dropKey(folder: string, name: string, number: number): void {
  unlinkSync(keyPath(folder, name, number));
  syncFolder(folder);
}

/** What was linked, renamed or removed in it is so after a power cut, too. */
export function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function keyPath(folder: string, name: string, number: number): string {
  return join(folder, number === 1 ? name : `${name}.${number}`);
}

function numberOf(file: string, name: string): number | undefined {
  if (file === name) return 1;
  const digits = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
  return /^[1-9][0-9]{0,8}$/.test(digits) && digits !== "1" ? Number(digits) : undefined;
}
