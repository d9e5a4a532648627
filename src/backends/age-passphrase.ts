// An age identity that is a passphrase: the scrypt stanza (C2SP age.md, "scrypt recipient stanza"). The library has one too,
// whose scrypt takes seconds at the usual work factor and keeps everything else waiting; this one asks node:crypto.
import { scrypt } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js"; // node:crypto has no such cipher in the executable's runtime
import type { Identity, Stanza } from "age-encryption";

/** 2^20: a gibibyte of memory and some seconds. What asks for more wants to keep us busy. */
const MOST_WORK = 20;
const LABEL = "age-encryption.org/v1/scrypt";

/** Throws, when a file is opened, for a stanza that is not well-formed or wants more work than 2^20. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === "scrypt");
      if (stanza === undefined) return null;
      if (stanzas.length !== 1) throw new Error("a passphrase is not the only recipient");
      const { salt, work } = parsed(stanza);
      const key = await derived(passphrase, Buffer.concat([Buffer.from(LABEL), salt]), work);
      try {
        return chacha20poly1305(key, new Uint8Array(12)).decrypt(stanza.body);
      } catch {
        return null; // another passphrase
      }
    },
  };
}

/** The work of a passphrase was not done: the file asks for too much, or this machine has not the memory. */
export class NoWork extends Error {}

function parsed({ args, body }: Stanza): { readonly salt: Buffer; readonly work: number } {
  const [, salt = "", work = ""] = args;
  if (
    args.length !== 3 ||
    !/^[A-Za-z0-9+/]{22}$/.test(salt) ||
    !/^[1-9][0-9]?$/.test(work) ||
    body.length !== 32
  )
    throw new Error("the scrypt stanza is malformed");
  if (Number(work) > MOST_WORK) throw new NoWork(`its scrypt work factor is above ${MOST_WORK}`);
  return { salt: Buffer.from(salt, "base64"), work: Number(work) };
}

function derived(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const N = 2 ** work;
  return new Promise((resolve, reject) => {
    // Without an error, Node says null and Bun undefined. It wants 128 × N × r bytes, and a little.
    scrypt(passphrase, salt, 32, { N, r: 8, p: 1, maxmem: 128 * (N + 16) * 8 }, (error, key) =>
      error ? reject(new NoWork(`scrypt failed: ${error.message}`)) : resolve(key),
    );
  });
}
