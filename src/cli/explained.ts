// An Explanation for people (aligned lines) and for scripts (JSON), and the failure that belongs to an answer that is no. It asks nobody.
import { KeywrightError } from "../errors.ts";
import type { Explanation } from "../resolver/explain.ts";

/** `asked`: the address as it may be shown, or the secret's name. */
export function explanationText(asked: string, explanation: Explanation): string {
  const { outcome, reason, action, ref, principal, policy, rule, store, backend, facts, fault } = explanation;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [outcome, asked],
    ["why", reason],
    ["action", action],
    ["ref", ref],
    ["principal", principal],
    ["policy", policy],
    ["rule", rule],
    ["store", store],
    ["backend", backend],
    ...facts.map(({ name, value }) => [name, value] as const),
    ["but", fault?.message],
  ];
  const said = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  const width = Math.max(...said.map(([name]) => name.length));
  return said.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join("");
}

/** One line; what is not known, or was not reached, is null. */
export function explanationJson(asked: string, explanation: Explanation): string {
  const { ref, principal, policy, rule, store, backend, facts, fault, outcome, action, reason } = explanation;
  const names = { ref, principal, policy, rule, store, backend };
  const known = Object.fromEntries(Object.entries(names).map(([key, value]) => [key, value ?? null]));
  const fails = fault === undefined ? null : { code: fault.code, message: fault.message };
  return `${JSON.stringify({ asked, outcome, action, reason, ...known, facts, fault: fails })}\n`;
}

/** undefined: it would be granted, and nothing is known to be in the way. */
export function explainedFailure(asked: string, explanation: Explanation): KeywrightError | undefined {
  const { outcome, reason, action, principal, fault } = explanation;
  if (outcome === "granted") return fault;
  if (outcome === "unknown") {
    const hint = /[.:/]/.test(asked)
      ? "'keywright config show --origin' shows the refs; an address without one is left to the next keyring."
      : "'keywright config show --origin' shows the refs.";
    return new KeywrightError(outcome, `${reason}: ${asked}`, { hint });
  }
  if (outcome === "refused") {
    const hint =
      "Check the address in the client's configuration; if it is right, a ref with this match is missing.";
    return new KeywrightError(outcome, `${asked} is refused: ${reason}`, { hint });
  }
  const hint =
    "Ask whoever keeps the policy for a grant; 'keywright config show --origin' shows which file says what.";
  return new KeywrightError(outcome, `${principal} may not ${action} ${asked}: ${reason}`, { hint });
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
