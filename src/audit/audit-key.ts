// The key that signs a broker's checkpoints: DIR/audit-key.json, 0600, made at the first start. A rotation keeps the public
// half of every older key, and the old key's word for the new one. It signs no checkpoint itself.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { readPrivate, writePrivate } from "../io/files.ts";
import { keyName, signHandover, type Handover, type Signer } from "./checkpoint.ts";

export interface AuditKey extends Signer {
  readonly name: string;
  /** All public keys there ever were, oldest first, PEM. */
  readonly publicKeys: readonly string[];
}

interface Kept {
  readonly private: string;
  readonly handover?: Handover;
  /** Public keys of before, oldest first. */
  readonly retired: readonly string[];
}

export function auditKeyPath(folder: string): string {
  return join(folder, "audit-key.json");
}

/** Throws `not_found` when there is none yet, `configuration` when it is not a key or open to other users. */
export function readAuditKey(folder: string): AuditKey {
  const path = auditKeyPath(folder);
  const text = readPrivate(path);
  if (text === undefined) {
    throw new KeywrightError("not_found", `there is no audit key in ${folder}`, {
      hint: "The broker makes it at its first start; name the folder that `keywright server --data` has.",
    });
  }
  return parsed(path, text);
}

/** Makes the key when there is none. */
export function ensureAuditKey(folder: string): AuditKey {
  if (!existsSync(auditKeyPath(folder))) keep(folder, { private: newKey(), retired: [] });
  return readAuditKey(folder);
}

/** A new key takes over from the next checkpoint on; the old one vouches for it and is destroyed. */
export function rotateAuditKey(folder: string): { readonly old: string; readonly next: AuditKey } {
  const old = readAuditKey(folder);
  const pem = newKey();
  keep(folder, {
    private: pem,
    handover: signHandover(old.key, createPrivateKey(pem)),
    retired: old.publicKeys,
  });
  return { old: old.name, next: readAuditKey(folder) };
}

function newKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

function keep(folder: string, kept: Kept): void {
  writePrivate(auditKeyPath(folder), `${JSON.stringify(kept, null, 2)}\n`);
  for (const path of [auditKeyPath(folder), folder]) {
    const file = openSync(path, "r");
    fsyncSync(file);
    closeSync(file);
  }
}

function parsed(path: string, text: string): AuditKey {
  try {
    const { private: pem, handover, retired } = JSON.parse(text) as Kept;
    const key = createPrivateKey(pem);
    const publicKeys = [...retired, pemOf(createPublicKey(pem))];
    return { key, handover, name: keyName(key), publicKeys };
  } catch (cause) {
    throw new KeywrightError("configuration", `${path} is not an audit key`, {
      hint: "Restore it from the backup of the data folder. Checkpoints of a new key do not continue those of this one.",
      cause,
    });
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }) as string;
}
