// Reads `workloads` of a broker's configuration: which tokens of which issuer act as whom. A rule names the claims that
// are never given to another workload, or it does not load. Claims are compared as they are: no pattern means anything.
import { isPrincipalName } from "../resolver/principal.ts";
import { faultAt, shown, suggestion } from "./fault.ts";
import { fieldsOf, named, type Fields } from "./fields.ts";
import type { MapTree, Tree } from "./tree.ts";
import type { IssuerSettings } from "./workload-issuers.ts";
import type { NeededClaim, Preset } from "./workload-preset.ts";
import { PRESETS, tenantOf } from "./workload-presets.ts";

export type ClaimValue = string | number | boolean;

/** One claim of a token, and what it has to be. */
export interface ClaimRule {
  /** Its name; more than one: the names of the claims that it is inside of come first. */
  readonly path: readonly string[];
  /** It is one of these, of the same type. */
  readonly values: readonly ClaimValue[];
}

export interface WorkloadRule {
  readonly name: string;
  /** What the configuration calls its issuer. */
  readonly issuer: string;
  readonly principal: string;
  /** What the token is made out to; undefined: the broker's URL. */
  readonly audience: string | undefined;
  readonly claims: readonly ClaimRule[];
}

/** The client of people's logins; a rule of this name would be taken for it. */
const TAKEN = "keywright";
/** Compared by the verification of each token, not by a rule. */
const VERIFIED: ReadonlySet<string> = new Set(["iss", "aud", "exp", "iat", "nbf", "jti"]);
const DEEPEST = 4;

/** Throws `configuration`. */
export function readRules(
  section: Tree | undefined,
  issuers: readonly IssuerSettings[],
  principals: readonly string[] | undefined,
): readonly WorkloadRule[] {
  const rules: WorkloadRule[] = [];
  for (const [name, tree] of named(section, "workloads")) {
    const path = `workloads.${name}`;
    const fields = fieldsOf(tree, path, ["issuer", "principal", "audience", "claims"]);
    if (name === TAKEN)
      throw fields.fault(undefined, "has the name of the client that people log in with", "Choose another.");
    const issuer = issuerOf(fields, issuers);
    const rule = {
      name,
      issuer: issuer.name,
      principal: principalOf(fields, principals),
      audience: fields.text("audience") ?? PRESETS[issuer.preset].audience,
      claims: readClaims(fields, issuer),
    };
    const twin = rules.find((other) => sameTokens(other, rule));
    if (twin !== undefined)
      throw fields.fault(
        undefined,
        `fits the same tokens as '${twin.name}'`,
        "Exactly one rule has to fit: take one of the two out.",
      );
    rules.push(rule);
  }
  return rules;
}

function issuerOf(fields: Fields, issuers: readonly IssuerSettings[]): IssuerSettings {
  const name = fields.requiredText("issuer");
  const issuer = issuers.find((one) => one.name === name);
  if (issuer !== undefined) return issuer;
  const names = issuers.map((one) => one.name);
  throw fields.fault("issuer", `names ${shown(name)}, which issuers does not have`, suggestion(name, names));
}

function principalOf(fields: Fields, principals: readonly string[] | undefined): string {
  const principal = fields.requiredText("principal");
  if (!isPrincipalName(principal) || principal === "default")
    throw fields.fault("principal", "is no name of a principal");
  if (principals !== undefined && !principals.includes(principal))
    throw fields.fault(
      "principal",
      `names '${principal}', which principals does not list`,
      suggestion(principal, principals),
    );
  return principal;
}

function sameTokens(a: WorkloadRule, b: WorkloadRule): boolean {
  const key = ({ issuer, audience, claims }: WorkloadRule): string =>
    JSON.stringify([issuer, audience ?? "", claims.map((one) => JSON.stringify(one)).sort()]);
  return key(a) === key(b);
}

function readClaims(fields: Fields, issuer: IssuerSettings): readonly ClaimRule[] {
  const preset = PRESETS[issuer.preset];
  const tree = fields.tree("claims");
  const needed: readonly NeededClaim[] = [
    ...preset.needed,
    ...issuer.immutable.map((path) => ({ path, where: "The issuer's own pages say where it is found." })),
  ];
  if (tree === undefined)
    throw fields.fault(undefined, `has no claims, and so no ${nameOf(needed[0])}`, needed[0]?.where);
  if (tree.kind !== "map") throw fields.fault("claims", "is no mapping of claims to values");
  const claims = claimsIn(tree, `${fields.path}.claims`, []);
  for (const claim of claims) checkClaim(claim, preset);
  for (const one of needed) checkNeeded(fields, claims, one, issuer);
  const email = claims.find(({ path }) => path.join(".") === "email");
  if (
    email !== undefined &&
    !claims.some(
      ({ path, values }) => path.join(".") === "email_verified" && values.every((value) => value === true),
    )
  )
    throw faultAt(email.tree.origin, `${email.shown} means nothing alone`, "Say email_verified: true, too.");
  return claims.map(({ path, values }) => ({ path, values }));
}

interface ReadClaim extends ClaimRule {
  readonly tree: Tree;
  /** For messages. */
  readonly shown: string;
}

/** A mapping inside `claims` stands for a claim that is an object itself. */
function claimsIn(tree: MapTree, shownPath: string, above: readonly string[]): readonly ReadClaim[] {
  if (tree.entries.size === 0) throw faultAt(tree.origin, `${shownPath} names no claim`);
  if (above.length >= DEEPEST) throw faultAt(tree.origin, `${shownPath} is too deep`);
  return [...tree.entries].flatMap(([name, value]) => {
    const path = [...above, name];
    const text = `${shownPath}.${name}`;
    if (above.length === 0 && VERIFIED.has(name))
      throw faultAt(
        value.origin,
        `${text} is checked of every token`,
        name === "aud" ? "Write audience: beside claims." : "Take it out.",
      );
    if (value.kind === "map") return claimsIn(value, text, path);
    return [{ path, values: valuesOf(value, text), tree: value, shown: text }];
  });
}

function valuesOf(tree: Tree, text: string): readonly ClaimValue[] {
  const items = tree.kind === "list" ? tree.items : [tree];
  if (items.length === 0) throw faultAt(tree.origin, `${text} lists no value, so nothing would fit`);
  return items.map((item) => {
    if (item.kind !== "scalar" || item.value === null)
      throw faultAt(item.origin, `${text} has a value that is no text, number or truth`);
    if (typeof item.value === "string" && item.value.includes("*"))
      throw faultAt(
        item.origin,
        `${text} has a '*', which stands for itself alone`,
        "List each value: [a, b].",
      );
    return item.value;
  });
}

function checkClaim({ path, values, tree, shown: text }: ReadClaim, preset: Preset): void {
  const never = preset.never.find((one) => one.every((part, index) => path[index] === part));
  if (never !== undefined)
    throw faultAt(
      tree.origin,
      `${text} is chosen by whoever asks for the token`,
      "Bind the rule to another claim.",
    );
  if (
    path.length === 1 &&
    preset.texts.includes(path[0] ?? "") &&
    values.some((one) => typeof one !== "string")
  )
    throw faultAt(tree.origin, `${text} is text in the token`, QUOTES);
}

const QUOTES = 'Put the value into quotes: "1".';

function checkNeeded(
  fields: Fields,
  claims: readonly ReadClaim[],
  { path, where, form, many = false }: NeededClaim,
  issuer: IssuerSettings,
): void {
  const name = nameOf({ path });
  const claim = claims.find((one) => one.path.join("\n") === path.join("\n"));
  if (claim === undefined)
    throw fields.fault(
      "claims",
      `has no ${name}, which never goes to another workload`,
      hintFor(path, where),
    );
  const { values, tree, shown: text } = claim;
  if (!many && values.length > 1)
    throw faultAt(tree.origin, `${text} has to be one value`, "Write a rule for each workload.");
  if (values.some((value) => typeof value !== "string") && issuer.preset !== "generic")
    throw faultAt(tree.origin, `${text} is text in the token`, QUOTES);
  if (form !== undefined && values.some((value) => typeof value !== "string" || !form.test(value)))
    throw faultAt(tree.origin, `${text} does not look like one`, where);
  const preset = PRESETS[issuer.preset];
  const tenant = tenantOf(preset, issuer.issuer);
  if (tenant !== undefined && preset.tenant?.join("\n") === path.join("\n") && values[0] !== tenant)
    throw faultAt(tree.origin, `${text} is not the one in the address of the issuer '${issuer.name}'`);
}

/** Dots in a message are no dots in a name. */
function hintFor(path: readonly string[], where: string): string {
  const [last = "", ...above] = path.toReversed();
  const nested = above.reduce((inner, name) => `"${name}": { ${inner} }`, `${last}: …`);
  return above.length === 0 ? where : `${where} Write it inside: ${nested}.`;
}

function nameOf(claim: Pick<NeededClaim, "path"> | undefined): string {
  return claim?.path.join(".") ?? "claim";
}
