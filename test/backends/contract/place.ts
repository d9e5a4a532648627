// What the contract of secrets needs of a backend: a place with a store that the suite may fill, and in which cases the
// backend differs, with the reason.
import type { ErrorCode } from "../../../src/errors.ts";
import type { Backend } from "../../../src/resolver/backend.ts";
import type { SecretRef } from "../../../src/resolver/ref.ts";
import type { SecretStore } from "../../../src/resolver/store.ts";

/** The root of every place's store. */
export const ROOT = "mxm/red";

export interface Variant {
  readonly backend: Backend;
  /** Its root is ROOT. */
  readonly store: SecretStore;
}

export interface Place extends Variant {
  /** What every ref of the suite has as its options; undefined: none. */
  readonly refOptions?: SecretRef["options"] | undefined;
  /** Puts a value at a whole path (root included), whatever was there; the store must be able to hold these bytes. */
  put(path: string, value: Uint8Array): void | Promise<void>;
  /** What a ref gets for a text that was put; undefined: exactly that. */
  handedOut?(put: string): string;
  /** The same store, which now waits for a person (a passphrase) that does not come, or for a key that is not there. */
  locked?(): Variant | Promise<Variant>;
  /** The same store with a time limit that passes: whatever answers hangs. `ROOT/hangs` is asked for. */
  hanging?(): Variant | Promise<Variant>;
  /** What it needs (a program, a server, a folder) is not there. */
  absent?(): Variant | Promise<Variant>;
  /** Every list of arguments with which a program was started so far; undefined: none is started. */
  argv?(): readonly (readonly string[])[];
  /** What is still running of the programs that were started; for backends with `argv`. */
  running?(): readonly number[];
  close?(): void | Promise<void>;
}

/** Why a case is another one here, and what is true instead; `proof` must be able to fail. */
export interface Instead {
  readonly because: string;
  proof(place: Place): Promise<void>;
}

export type Case =
  | "an empty value"
  | "a value of 1 MB"
  | "a binary value"
  | "a name that begins with -"
  | "a folder"
  | "a store that is locked"
  | "an answer that takes too long"
  | "a program that is absent";

export interface Differences {
  readonly instead?: { readonly [name in Case]?: Instead };
  /** What is thrown when locked; `locked` unless given. */
  readonly whenLocked?: ErrorCode;
  /** What a time-out says; `timed_out` with this text. */
  readonly timedOutSays?: RegExp;
}
