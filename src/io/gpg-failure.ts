// Why a program that decrypts (GnuPG, age, or one in front of them) could not: from the English words that it says. What
// is returned holds none of them, since they may name paths and people.
import type { ErrorCode } from "../errors.ts";

export interface DecryptionFailure {
  readonly code: ErrorCode;
  /** The rest of a sentence that begins with the name of the store. */
  readonly what: string;
  readonly hint: string;
}

const NO_KEY: DecryptionFailure = {
  code: "authentication",
  what: "has no key here that opens this entry",
  hint: "Import the secret key (or give the right passphrase for it), or have whoever keeps the store add yours and encrypt the entry anew.",
};
const LOCKED: DecryptionFailure = {
  code: "locked",
  what: "is locked: a passphrase, touch or PIN was asked for and not given, or nobody could be asked",
  hint: "Unlock it where you can be asked (a terminal with GPG_TTY, or a screen), then repeat.",
};
const UNCLEAR: DecryptionFailure = {
  code: "authentication",
  what: "could not decrypt this entry: no key here opens it, or the key is locked and nobody could be asked",
  hint: "Decrypt the entry by hand to see what GnuPG or age says; if it asks for a passphrase, repeat while that is remembered.",
};

/** undefined: it is not decryption that failed. With the lines of GnuPG's --status-fd in it a locked key is told from none. */
export function decryptionFailure(text: string): DecryptionFailure | undefined {
  // The names of entries and keys are not its words.
  const said = text.replace(/"[^"\n]*"/g, "");
  if (/pinentry|cancell?ed|ioctl|bad passphrase|no passphrase|bad pin|timeout/i.test(said)) return LOCKED;
  if (/card (?:error|removed)|no card|gpg-agent|connect to the agent/i.test(said)) return LOCKED;
  // It has the secret key, and still could not use it (GnuPG 2.2, doc/DETAILS: KEY_CONSIDERED).
  if (/^\[GNUPG:\] KEY_CONSIDERED /m.test(said) && said.includes("DECRYPTION_FAILED")) return LOCKED;
  if (/no identity matched|identity did not match/i.test(said)) return NO_KEY;
  if (said.includes("[GNUPG:] DECRYPTION_FAILED")) return NO_KEY;
  return /no secret key|decrypt/i.test(said) ? UNCLEAR : undefined;
}
