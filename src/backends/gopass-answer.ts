// Reads what gopass answered: exit codes and messages of 1.16 (which has one code for everything) and of 1.17. It quotes
// neither output, since one holds the value and the other may hold paths.
import { KeywrightError } from "../errors.ts";
import { decryptionFailure } from "../io/gpg-failure.ts";
import type { Captured } from "../io/spawn.ts";
import type { SecretStore } from "../resolver/store.ts";

export type Answer =
  | { readonly kind: "value"; readonly bytes: Buffer }
  | { readonly kind: "missing" }
  /** There is an entry, and no first line in it or nothing at all. */
  | { readonly kind: "empty" };

const NOT_INITIALISED = 6;
/** 1.17; earlier only for listings. */
const NOT_FOUND = 10;

/** Throws `backend`, `locked` or `authentication`. */
export function readAnswer({ code, stdout, stderr }: Captured, store: SecretStore): Answer {
  if (code === 0) return { kind: "value", bytes: stdout };
  const said = stderr.toString();
  if (/^(?:.*: )?(?:no password to display|empty secret)/m.test(said)) return { kind: "empty" };
  if (/: entry is not in the password store\s*$/m.test(said)) return { kind: "missing" };
  if (code === NOT_INITIALISED || /password-store is not initialized/.test(said)) {
    throw new KeywrightError("backend", `store ${store.name}: gopass has no store here yet`, {
      hint: "Run `gopass init` or `gopass clone`, or set HOME or GOPASS_HOMEDIR to where its configuration is.",
    });
  }
  const failure = decryptionFailure(said);
  if (failure !== undefined) {
    throw new KeywrightError(failure.code, `store ${store.name} ${failure.what}`, { hint: failure.hint });
  }
  if (code === NOT_FOUND) return { kind: "missing" };
  throw new KeywrightError("backend", `store ${store.name}: gopass ended with exit code ${code}`, {
    hint: "Run `gopass show` for this entry by hand to see what it says.",
  });
}

/** True: it may be the tree that gopass prints for a folder. The whole of an entry may look like one, too. */
export function looksLikeFolder(bytes: Buffer, path: string): boolean {
  const [first = "", second = ""] = bytes.toString().split("\n", 2);
  return first.startsWith(path) || first.endsWith(")") || /^[│├└]/.test(second);
}
