// Policies: from their mappings to SecretPolicy. `allowed_principals` becomes the first grant.
import type { Action } from "../resolver/ask.ts";
import { ATTESTATIONS } from "../resolver/identity.ts";
import { UNCONDITIONAL, type Rule, type SecretPolicy } from "../resolver/policy.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import { epochSeconds } from "./dates.ts";
import { fieldsOf, named, type Fields } from "./fields.ts";
import { suggestion } from "./fault.ts";
import type { Tree } from "./tree.ts";

const POLICY_KEYS = ["allowed_principals", "actions", "grants", "deny"];
const RULE_KEYS = [
  "name",
  "principals",
  "actions",
  "environments",
  "machines",
  "substrates",
  "apps",
  "attestation",
  "not_before",
  "not_after",
  "reason_required",
];
export const ACTIONS: readonly Action[] = ["read", "publish"];

/** `principals`: the only names that may occur; undefined: any. */
export function readPolicies(
  section: Tree | undefined,
  principals: readonly string[] | undefined,
): ReadonlyMap<string, SecretPolicy> {
  return new Map(
    named(section, "policies").map(([name, tree]) => [name, readPolicy(name, tree, principals)]),
  );
}

function readPolicy(name: string, tree: Tree, known: readonly string[] | undefined): SecretPolicy {
  const fields = fieldsOf(tree, `policies.${name}`, POLICY_KEYS);
  const grants = rulesOf(fields, "grants", known);
  const deny = rulesOf(fields, "deny", known);
  const names = [...grants, ...deny].map((rule) => rule.name);
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined) throw fields.fault(undefined, `has two rules named '${twice}'`);
  return { name, grants: [...allowedPrincipals(name, fields, known), ...grants], deny };
}

/** An empty list allows nobody, so it makes no rule: a rule without principals would fit everyone. */
function allowedPrincipals(
  name: string,
  fields: Fields,
  known: readonly string[] | undefined,
): readonly Rule[] {
  const principals = principalsOf(fields, "allowed_principals", known);
  const actions = actionsOf(fields);
  if (principals === undefined && fields.tree("actions") !== undefined) {
    throw fields.fault(
      "actions",
      "belongs to allowed_principals, which is missing",
      "A grant has actions of its own.",
    );
  }
  return principals === undefined || principals.length === 0
    ? []
    : [{ ...UNCONDITIONAL, name: `${name}.allowed_principals`, principals, actions }];
}

function rulesOf(
  fields: Fields,
  key: "grants" | "deny",
  known: readonly string[] | undefined,
): readonly Rule[] {
  const list = fields.tree(key);
  if (list === undefined) return [];
  if (list.kind !== "list")
    throw fields.fault(key, "is not a list of rules", "Begin each rule with '- name: …'.");
  return list.items.map((item, index) =>
    readRule(fieldsOf(item, `${fields.path}.${key}[${index}]`, RULE_KEYS), known),
  );
}

function readRule(fields: Fields, known: readonly string[] | undefined): Rule {
  const name = fields.requiredText("name");
  if (!isPrincipalName(name)) {
    throw fields.fault("name", "is no name", "A name has lower-case letters, digits and underscores.");
  }
  const notBefore = dateOf(fields, "not_before");
  const notAfter = dateOf(fields, "not_after");
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
    throw fields.fault("not_after", "is not later than not_before, so the rule would never apply");
  }
  return {
    name,
    principals: principalsOf(fields, "principals", known) ?? [],
    actions: actionsOf(fields),
    environments: fields.texts("environments") ?? [],
    machines: (fields.texts("machines") ?? []).map((machine) => machine.toLowerCase()),
    substrates: fields.texts("substrates") ?? [],
    apps: fields.texts("apps") ?? [],
    attestation: fields.oneOf("attestation", ATTESTATIONS) ?? "asserted",
    notBefore,
    notAfter,
    reasonRequired: fields.flag("reason_required") ?? false,
  };
}

function actionsOf(fields: Fields): readonly Action[] {
  return (fields.texts("actions") ?? []).map((text) => {
    const action = ACTIONS.find((one) => one === text);
    if (action === undefined)
      throw fields.fault("actions", `has '${text}'`, `Actions are ${ACTIONS.join(" and ")}.`);
    return action;
  });
}

function principalsOf(
  fields: Fields,
  key: string,
  known: readonly string[] | undefined,
): readonly string[] | undefined {
  const names = fields.texts(key);
  for (const name of names ?? []) {
    if (!isPrincipalName(name)) {
      throw fields.fault(
        key,
        `has '${name}', which is no name of a principal`,
        "It has lower-case letters, digits and underscores.",
      );
    }
    if (known !== undefined && !known.includes(name)) {
      throw fields.fault(key, `has '${name}', which principals does not list`, suggestion(name, known));
    }
  }
  return names;
}

function dateOf(fields: Fields, key: string): number | undefined {
  const text = fields.text(key);
  const seconds = text === undefined ? undefined : epochSeconds(text);
  if (text !== undefined && seconds === undefined) {
    throw fields.fault(
      key,
      "is no date",
      "Write a day (2026-01-01) or a time with its offset (2026-01-01T08:00:00+02:00).",
    );
  }
  return seconds;
}
