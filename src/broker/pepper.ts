// The peppers: the server's own keys, without which the stored hashes of client secrets say nothing. They lie beside the
// database, not in it. As a KeyObject one makes an HMAC five times as fast as a raw buffer does (facts: HMAC trap).
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { KeywrightError } from "../errors.ts";
import { addKey, dropKey, keyPath, readKeys } from "./keys.ts";

export const PEPPER = "pepper";

export interface Peppers {
  /** The number of the one that hashes new secrets. */
  current(): number;
  /** undefined: it was dropped. */
  key(number: number): KeyObject | undefined;
  numbers(): readonly number[];
  /** Makes a new current one; the others stay. Returns its number. */
  rotate(): number;
  /** Removes every one but the current. Returns the numbers of those that are gone. */
  dropOld(): readonly number[];
}

/** Reads DIR/pepper*; makes the first if `mayCreate`. Throws `configuration` when there is none, or one is no pepper. */
export function loadPeppers(folder: string, mayCreate: boolean): Peppers {
  if (mayCreate && readKeys(folder, PEPPER).size === 0) addKey(folder, PEPPER, 1);
  let ring = ringOf(folder);
  const current = (): number => Math.max(...ring.keys());
  return {
    current,
    key: (number) => ring.get(number),
    numbers: () => [...ring.keys()],
    rotate() {
      addKey(folder, PEPPER, current() + 1);
      ring = ringOf(folder);
      return current();
    },
    dropOld() {
      const old = [...ring.keys()].filter((number) => number !== current());
      for (const number of old) dropKey(folder, PEPPER, number);
      ring = ringOf(folder);
      return old;
    },
  };
}

function ringOf(folder: string): ReadonlyMap<number, KeyObject> {
  const keys = readKeys(folder, PEPPER);
  if (keys.size === 0) {
    throw new KeywrightError("configuration", `${keyPath(folder, PEPPER, 1)} is missing`, {
      hint: "Restore it from the backup of the data folder; without it no client secret can be checked.",
    });
  }
  return new Map([...keys].map(([number, bytes]) => [number, createSecretKey(bytes)]));
}

export function secretHash(secret: string, pepper: KeyObject): Uint8Array {
  return createHmac("sha256", pepper).update(secret).digest();
}

/** A secret hashed as new ones are. */
export function hashNow(
  secret: string,
  peppers: Peppers,
): { readonly hash: Uint8Array; readonly pepper: number } {
  const pepper = peppers.current();
  return { hash: secretHash(secret, keyOf(peppers, pepper)), pepper };
}

/** The pepper of this number; for one that was dropped the current one, with which nothing old will fit. */
export function keyOf(peppers: Peppers, number: number): KeyObject {
  const key = peppers.key(number) ?? peppers.key(peppers.current());
  if (key === undefined) throw new KeywrightError("internal", "the ring of peppers is empty");
  return key;
}
