// A deliberate difference between menda-keyring 0.0.2 and us: which inputs it is about, what each side does, and why.
import assert from "node:assert/strict";
import type { OracleCase, Outcome, Reply } from "./case.ts";

export interface Rule {
  readonly id: string;
  readonly reason: string;
  /** Looks at the input only. */
  readonly covers: (one: OracleCase) => boolean;
  readonly theirs: Expected;
  readonly ours: Expected;
}

/** What it says nothing about must be the same on both sides. */
export interface Expected {
  readonly answer?: string;
  readonly nothing?: true;
  readonly error?: string;
  readonly message?: RegExp;
  /** null: none. Not said: any. */
  readonly status?: number | null;
  /** One for each request, in order. */
  readonly requests?: readonly RegExp[];
}

/** Throws unless the two outcomes are exactly what the rule says, and differ. */
export function assertExcused(rule: Rule, theirs: Outcome, ours: Outcome): void {
  assertExpected(rule.theirs, theirs, "menda-keyring");
  assertExpected(rule.ours, ours, "keywright");
  assert.notDeepEqual(theirs, ours, `the rule ${rule.id} excuses two outcomes that are the same`);
  if (rule.theirs.requests === undefined)
    assert.deepEqual(ours.requests, theirs.requests, "the requests differ");
  if (!saysResult(rule.theirs)) assert.deepEqual(ours.result, theirs.result, "the results differ");
}

function saysResult({ answer, nothing, error }: Expected): boolean {
  return answer !== undefined || nothing !== undefined || error !== undefined;
}

function assertExpected(expected: Expected, { result, requests }: Outcome, who: string): void {
  const about = `${who}: ${JSON.stringify({ result, requests })}`;
  if (expected.answer !== undefined) assert.deepEqual(result, { answer: expected.answer }, about);
  if (expected.nothing !== undefined) assert.deepEqual(result, { nothing: true }, about);
  if (expected.error !== undefined) {
    assert.ok("error" in result, about);
    assert.equal(result.error, expected.error, about);
    if (expected.message !== undefined) assert.match(result.message, expected.message, about);
    if (expected.status !== undefined) assert.equal(result.status, expected.status, about);
  }
  if (expected.requests === undefined) return;
  assert.equal(requests.length, expected.requests.length, about);
  for (const [index, form] of expected.requests.entries()) assert.match(requests[index] ?? "", form, about);
}

/** What our request for the access token, and for the registry token, looks like. */
export const TOKEN = /^POST \/api\/v1\/auth\/oauth2\/token\?/;
export const REGISTRY = /^POST \/api\/v1\/auth\/registry\/token \|/;

export function textOf(one: OracleCase, path: string): string {
  const file = one.files[path];
  return file === undefined || file === "folder" ? "" : file.text;
}

/** True when this call's answer fits. */
export function replies(
  call: "token" | "registry",
  fits: (reply: Reply) => boolean,
): (one: OracleCase) => boolean {
  return (one) => fits(one[call]);
}

/** The same rule for both calls; the messages begin with what the call is called. */
export function bothCalls(
  id: string,
  reason: string,
  fits: (reply: Reply, field: string) => boolean,
  pair: (call: string, field: string) => readonly [theirs: Expected, ours: Expected],
): readonly Rule[] {
  const calls = [
    ["token", "oauth2/token", "access_token"],
    ["registry", "registry/token", "token"],
  ] as const;
  return calls.map(([key, call, field]) => {
    const [theirs, ours] = pair(call, field);
    return {
      id: `${id} (${call})`,
      reason,
      covers: replies(key, (reply) => fits(reply, field)),
      theirs,
      ours,
    };
  });
}
