// What the claims of an id_token mean here: whom a person acts as, what it is listed as, its e-mail address. Pure.
import type { PrincipalRule, ProviderSettings } from "../../config/users.ts";

export type Claims = Readonly<Record<string, unknown>>;

/** The principal of the first rule that fits; undefined: none does. */
export function principalOf(claims: Claims, rules: readonly PrincipalRule[]): string | undefined {
  return rules.find((rule) => fits(claims, rule))?.principal;
}

/** An address that the provider has not verified is whatever its owner typed. */
export function emailOf(claims: Claims): string {
  const email = own(claims, "email");
  return own(claims, "email_verified") === true && typeof email === "string" && email.length <= 254
    ? email
    : "";
}

/** Fit to be typed and to be told apart: lower-case ASCII. Not unique; undefined: nothing of it is left. */
export function shownName(
  claims: Claims,
  { nameClaim }: Pick<ProviderSettings, "nameClaim">,
): string | undefined {
  const value = valueAt(claims, nameClaim);
  if (typeof value !== "string") return undefined;
  const plain = value
    .toLowerCase()
    .replace(/[^a-z0-9._@+-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 48);
  return plain === "" ? undefined : plain;
}

function fits(claims: Claims, { claim, has }: PrincipalRule): boolean {
  const value = valueAt(claims, claim);
  if (has === undefined) return value !== undefined && value !== null && value !== false;
  return Array.isArray(value) ? value.includes(has) : value === has;
}

/** The claim of this name, which may have dots in it, or the one that the dots lead to. */
function valueAt(claims: Claims, path: string): unknown {
  if (path === "email") return emailOf(claims) || undefined;
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split(".").reduce<unknown>((value, key) => own(value, key), claims);
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
    return undefined;
  return (value as Record<string, unknown>)[key];
}
