// Grant: the proof that `decide` said yes. Only policy.ts calls `grantOf` (a test of the walls holds that).
import type { Ask } from "./ask.ts";
import type { Principal } from "./principal.ts";
import type { SecretRef } from "./ref.ts";

declare const granted: unique symbol;

export interface Grant {
  readonly [granted]: true;
  readonly ask: Ask;
  readonly ref: SecretRef;
  readonly principal: Principal;
  /** The name of the rule that granted it. */
  readonly rule: string;
}

export function grantOf(
  question: { readonly ask: Ask; readonly ref: SecretRef; readonly principal: Principal },
  rule: string,
): Grant {
  return { ask: question.ask, ref: question.ref, principal: question.principal, rule } as Grant;
}
