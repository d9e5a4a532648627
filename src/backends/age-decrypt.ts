// Opens age files, armored or not, and tells "not for these identities" from "damaged". It reads no file.
import { armor, Decrypter, type Identity } from "age-encryption";
import { KeywrightError } from "../errors.ts";
import { NoWork } from "./age-passphrase.ts";

export interface Opener {
  /** What the file holds. Throws `authentication` when none of the identities fits, `backend` when it is damaged or no age file. */
  open(file: Uint8Array, whose: string): Promise<Uint8Array>;
}

/** Identities as text (`AGE-SECRET-KEY-…`) or as what the library takes for one. Throws when a text is none. */
export function opener(identities: readonly (string | Identity)[], notFor: string): Opener {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  decrypter.addIdentity(LAST);
  return {
    async open(file, whose) {
      try {
        return await decrypter.decrypt(
          isArmored(file) ? armor.decode(Buffer.from(file).toString("latin1")) : file,
        );
      } catch (error) {
        if (error instanceof NoneFits)
          throw new KeywrightError("authentication", `${whose}: ${notFor}`, { hint: HINT });
        if (error instanceof NoWork) throw new KeywrightError("backend", `${whose}: ${error.message}`);
        throw damaged(whose);
      }
    },
  };
}

/** True for an age file, by how it begins. */
export function isAgeFile(file: Uint8Array): boolean {
  return begins(file, "age-encryption.org/") || isArmored(file);
}

const HINT = "Encrypt it again with a recipient of this store's identities, or name the identities that fit.";

class NoneFits extends Error {}

/** The library asks the identities in turn: when it comes to this one, no other has opened the file. */
const LAST: Identity = {
  unwrapFileKey() {
    throw new NoneFits();
  },
};

function isArmored(file: Uint8Array): boolean {
  return begins(file, "-----BEGIN AGE ENCRYPTED FILE-----");
}

function begins(file: Uint8Array, text: string): boolean {
  return Buffer.from(file.subarray(0, text.length)).toString("latin1") === text;
}

function damaged(whose: string): KeywrightError {
  return new KeywrightError("backend", `${whose}: the file is damaged, or no age file`, {
    hint: "Restore it from a copy, or encrypt the value again.",
  });
}
