// The pepper: the server's own key, without which the stored hashes of client secrets say nothing. It lies beside the
// database, not in it. As a KeyObject it makes an HMAC five times as fast as a raw buffer does (facts: HMAC trap).
import { createHmac, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";

const LENGTH = 32;

/** Reads DIR/pepper; makes one if `mayCreate`. Throws `configuration` when it is missing or not a pepper. */
export function loadPepper(folder: string, mayCreate: boolean): KeyObject {
  const path = join(folder, "pepper");
  let bytes = readIfThere(path);
  if (bytes === undefined && mayCreate) {
    create(path);
    bytes = readIfThere(path);
  }
  if (bytes?.length !== LENGTH) {
    throw new KeywrightError(
      "configuration",
      `${path} is ${bytes === undefined ? "missing" : "not a pepper"}`,
      {
        hint: "Restore it from the backup of the data folder; without it no client secret can be checked.",
      },
    );
  }
  return createSecretKey(bytes);
}

export function secretHash(secret: string, pepper: KeyObject): Uint8Array {
  return createHmac("sha256", pepper).update(secret).digest();
}

/** A link appears whole or not at all, and never replaces the pepper that another process has just made. */
function create(path: string): void {
  const fresh = `${path}.${randomBytes(6).toString("hex")}.new`;
  const file = openSync(fresh, "wx", 0o600);
  try {
    writeSync(file, randomBytes(LENGTH));
    fsyncSync(file);
    linkSync(fresh, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    closeSync(file);
    unlinkSync(fresh);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
