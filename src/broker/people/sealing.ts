// Sealing: what the broker has to keep and give back as it was (a provider's refresh token) is encrypted with a key that
// lies beside the database (AES-256-GCM), and bound to whom it belongs to. A backup has no copy of that key, on purpose.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { KeywrightError } from "../../errors.ts";
import { addKey, readKeys } from "../keys.ts";

const SEALING_KEY = "sealing-key";
const [NONCE, TAG] = [12, 16];

export interface Sealing {
  /** `owner`: has to be the same when it is unsealed. */
  seal(plain: Uint8Array, owner: string): Uint8Array;
  /** undefined: it was sealed with another key, for another owner, or changed. */
  unseal(sealed: Uint8Array, owner: string): Uint8Array | undefined;
}

/** Reads, and if need be makes, the key when it is first used. */
export function createSealing(folder: string): Sealing {
  let known: Uint8Array | undefined;
  const key = (): Uint8Array => (known ??= keyIn(folder));
  return {
    seal(plain, owner) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key(), nonce).setAAD(Buffer.from(owner));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unseal(sealed, owner) {
      if (sealed.length < NONCE + TAG) return undefined;
      const end = sealed.length - TAG;
      const opened = createDecipheriv("aes-256-gcm", key(), sealed.subarray(0, NONCE), {
        authTagLength: TAG,
      });
      opened.setAAD(Buffer.from(owner)).setAuthTag(sealed.subarray(end));
      try {
        return Buffer.concat([opened.update(sealed.subarray(NONCE, end)), opened.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

function keyIn(folder: string): Uint8Array {
  if (readKeys(folder, SEALING_KEY).size === 0) addKey(folder, SEALING_KEY, 1);
  const key = readKeys(folder, SEALING_KEY).get(1);
  if (key === undefined) throw new KeywrightError("internal", "the sealing key is not where it was just put");
  return key;
}
