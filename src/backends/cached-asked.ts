// Who asked what, and whether the answer came out of the cache. pip and PDM say that a token was rejected only by asking
// the same again; this tells such a question from a first one. It keeps hashes, no names and no tokens.
import { sha256 as digest } from "../digest.ts";
import { orMiss, readPrivate, writePrivate } from "../io/files.ts";
import type { Parent } from "../io/parent.ts";
import type { Ask } from "../resolver/ask.ts";

export interface Answered {
  /** SHA-256 of the token that was the answer. */
  readonly sha256: string;
  readonly answeredAt: number;
  readonly fromCache: boolean;
  /** SHA-256 of the token for which this parent has had its new one; it does not get another for that. */
  readonly replaced: string | undefined;
}

/** The name of the file that belongs to this parent and this very question; undefined: such a question never counts. */
export function askedName(parent: Parent | undefined, ask: Ask): string | undefined {
  if (parent === undefined || ask.kind !== "registry") return undefined;
  const question = JSON.stringify([parent.pid, parent.startTime, ask.url, ask.username ?? null, ask.action]);
  return `${digest(question)}.json`;
}

export function readAnswered(path: string): Answered | undefined {
  const kept = orMiss(() => JSON.parse(readPrivate(path) ?? "") as unknown);
  if (typeof kept !== "object" || kept === null) return undefined;
  const { sha256, answered_at, from_cache, replaced } = kept as Readonly<Record<string, unknown>>;
  if (typeof sha256 !== "string" || typeof answered_at !== "number") return undefined;
  const token = typeof replaced === "string" ? replaced : undefined;
  return { sha256, answeredAt: answered_at, fromCache: from_cache === true, replaced: token };
}

export function writeAnswered(path: string, { sha256, answeredAt, fromCache, replaced }: Answered): void {
  const kept = { sha256, answered_at: answeredAt, from_cache: fromCache, replaced };
  orMiss(() => writePrivate(path, JSON.stringify(kept)));
}

/** Seconds for which a token that was minted for a parent in place of a rejected one is not taken for rejected, too. */
const PATIENCE = 60;

/**
 * True when a parent that got this token asks the same again: it was rejected, in all likelihood.
 * `began`: when this question did. One of many that were asked at once may well be looked at long after another's answer.
 */
export function wasRejected(answered: Answered | undefined, sha256: string, began: () => number): boolean {
  if (answered === undefined || answered.sha256 !== sha256 || answered.replaced === sha256) return false;
  const { answeredAt, fromCache, replaced } = answered;
  return began() - answeredAt >= (fromCache || replaced === undefined ? 1 : PATIENCE);
}
