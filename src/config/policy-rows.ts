// Policy rows: what `keywright policy test` expects of a configuration, read from a file of its own. It judges nothing.
import { ATTESTATIONS, type Attestation } from "../resolver/identity.ts";
import type { Action } from "../resolver/ask.ts";
import { epochSeconds } from "./dates.ts";
import { fieldsOf, type Fields } from "./fields.ts";
import { where } from "./fault.ts";
import { ACTIONS } from "./policies.ts";
import type { Tree } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

export interface PolicyRow {
  /** `file:line`. */
  readonly place: string;
  /** A secret's public name; undefined: it is about a registry. */
  readonly secret: string | undefined;
  /** A registry's address; undefined: it is about a secret. */
  readonly registry: string | undefined;
  readonly action: Action | undefined;
  /** `ROLE[@ENVIRONMENT[/MACHINE]]`. */
  readonly as: string;
  readonly app: string | undefined;
  readonly substrate: string | undefined;
  readonly attestation: Attestation | undefined;
  /** Epoch seconds; undefined: now. */
  readonly at: number | undefined;
  readonly reason: string | undefined;
  readonly expect: "allow" | "deny";
  /** The rule that has to decide; undefined: any. */
  readonly rule: string | undefined;
}

const KEYS = [
  "secret",
  "registry",
  "action",
  "as",
  "app",
  "substrate",
  "attestation",
  "at",
  "reason",
  "expect",
  "rule",
];

/** The file is `tests: [ {secret, as, expect, …}, … ]`. Throws `configuration` with file and line. */
export function readPolicyRows(text: string, file: string): readonly PolicyRow[] {
  const top = fieldsOf(parseYaml(text, file), "file", ["tests"]);
  const tests = top.tree("tests");
  if (tests?.kind !== "list" || tests.items.length === 0) {
    throw top.fault(
      tests === undefined ? undefined : "tests",
      "has no list of tests",
      "Write tests: [ { secret: …, as: …, expect: allow } ].",
    );
  }
  return tests.items.map((item, index) => rowOf(fieldsOf(item, `tests[${index}]`, KEYS), item));
}

function rowOf(fields: Fields, tree: Tree): PolicyRow {
  const secret = fields.text("secret");
  const registry = fields.text("registry");
  if ((secret === undefined) === (registry === undefined))
    throw fields.fault(undefined, "has to name either a secret or a registry");
  const at = fields.text("at");
  const time = at === undefined ? undefined : epochSeconds(at);
  if (at !== undefined && time === undefined) throw fields.fault("at", "is no date");
  const expect = fields.oneOf("expect", ["allow", "deny"] as const);
  if (expect === undefined)
    throw fields.fault(undefined, "has no expect", "Write expect: allow or expect: deny.");
  return {
    place: where(tree.origin),
    secret,
    registry,
    action: fields.oneOf("action", ACTIONS),
    as: fields.requiredText("as"),
    app: fields.text("app"),
    substrate: fields.text("substrate"),
    attestation: fields.oneOf("attestation", ATTESTATIONS),
    at: time,
    reason: fields.text("reason"),
    expect,
    rule: fields.text("rule"),
  };
}
