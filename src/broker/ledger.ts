// The ledger of revocations, DIR/revoked.jsonl: what must not come back when an older database is put in place of the
// present one, by `restore` or by hand. It lies beside the database, only grows, and is on the disk before anybody hears
// that a revocation is done. It decides nothing; reapply.ts does.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { syncFolder } from "./keys.ts";

/** Which client, also in another copy of the database, where its number may be somebody else's. */
export interface ClientIdentity {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
}

/** Which user; `issuer` and `subject` are what its provider knows it by, where it has one. */
export interface UserIdentity extends ClientIdentity {
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
}

export type LedgerLine =
  | { readonly kind: "client_revoked"; readonly client: ClientIdentity }
  /** Every secret before this generation is worthless. */
  | { readonly kind: "secret_replaced"; readonly client: ClientIdentity; readonly generation: number }
  /** Of the lines about one user the last one counts. */
  | { readonly kind: "user_disabled" | "user_enabled"; readonly user: UserIdentity }
  /** The passkeys that the user had by then (epoch seconds) are lost. */
  | { readonly kind: "passkeys_ended"; readonly user: UserIdentity; readonly at: number }
  /** Tokens were revoked before this audit entry was the last; a database without it may hold them as living. */
  | { readonly kind: "tokens_revoked"; readonly seq: number; readonly hash: string }
  /** Peppers with a smaller number are gone for good. */
  | { readonly kind: "peppers_dropped"; readonly below: number };

export interface Ledger {
  /** True when there was a ledger before this one was opened. */
  readonly found: boolean;
  lines(): readonly LedgerLine[];
  /** On the disk when it returns. */
  append(lines: readonly LedgerLine[]): void;
}

/** Of the lines about tokens only the last one counts; so many old ones are kept at most. */
const MOST_OLD_LINES = 10_000;

export function ledgerPath(folder: string): string {
  return join(folder, "revoked.jsonl");
}

/** Throws `configuration` for a ledger that cannot be read. */
export function openLedger(folder: string): Ledger {
  const path = ledgerPath(folder);
  const text = readIfThere(path);
  if (text !== undefined) cutTornLine(path, text);
  let old = text?.match(/"kind":"tokens_revoked"/g)?.length ?? 0;
  const read = (): readonly LedgerLine[] => parse(readIfThere(path) ?? "", path);
  return {
    found: text !== undefined,
    lines: read,
    append(lines) {
      if (lines.length === 0) return;
      put(path, lines, "a");
      old += lines.filter(({ kind }) => kind === "tokens_revoked").length;
      if (old > MOST_OLD_LINES) {
        rewrite(path, withoutOld(read()));
        old = 0;
      }
    },
  };
}

function put(path: string, lines: readonly LedgerLine[], flags: "a" | "w"): void {
  const isNew = !existsSync(path);
  const file = openSync(path, flags, 0o600);
  const { size } = fstatSync(file);
  try {
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    fsyncSync(file);
  } catch (thrown) {
    ftruncateSync(file, size); // Half a line must not come before the next one.
    throw thrown;
  } finally {
    closeSync(file);
  }
  if (isNew) syncFolder(dirname(path));
}

function rewrite(path: string, lines: readonly LedgerLine[]): void {
  put(`${path}.new`, lines, "w");
  renameSync(`${path}.new`, path);
  syncFolder(dirname(path));
}

function withoutOld(lines: readonly LedgerLine[]): readonly LedgerLine[] {
  const last = lines.findLast(({ kind }) => kind === "tokens_revoked");
  return lines.filter((line) => line.kind !== "tokens_revoked" || line === last);
}

function parse(text: string, path: string): readonly LedgerLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, at) => {
      const read = lineOf(line);
      if (read !== undefined) return read;
      throw new KeywrightError(
        "configuration",
        `${path}:${at + 1} is not a line of a ledger of revocations`,
        {
          hint: "Put a whole copy of the ledger back, or take this line out if you know that nothing is lost by it.",
        },
      );
    });
}

const KINDS: ReadonlySet<string> = new Set<LedgerLine["kind"]>([
  "client_revoked",
  "secret_replaced",
  "user_disabled",
  "user_enabled",
  "passkeys_ended",
  "tokens_revoked",
  "peppers_dropped",
]);

function lineOf(text: string): LedgerLine | undefined {
  try {
    const line = JSON.parse(text) as LedgerLine;
    return KINDS.has(line.kind) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** A line without its end was never acknowledged: the process died while it wrote. */
function cutTornLine(path: string, text: string): void {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole === text) return;
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, Buffer.byteLength(whole));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
