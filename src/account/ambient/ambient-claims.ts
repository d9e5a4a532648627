// What an identity token says about itself, so that it is shown to nobody whom it is not for, and to nobody when it has
// ended. It verifies no signature: whoever gets the token does.
import { KeywrightError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Presence } from "./ambient-source.ts";

export type Claims = Readonly<Record<string, unknown>>;

const LARGEST = 16 * 1024;
const JWT = /^[A-Za-z0-9_-]{2,}\.([A-Za-z0-9_-]{2,})\.[A-Za-z0-9_-]{2,}$/;

/** Throws `backend` for what is no signed JWT, without a word of it. */
export function claimsOf(token: Secret, title: string): Claims {
  const text = token.reveal();
  const [, payload] = (text.length <= LARGEST && JWT.exec(text)) || [];
  const claims = payload === undefined ? undefined : objectOf(payload);
  if (claims !== undefined) return claims;
  throw new KeywrightError("backend", `what ${title} gave is no identity token (a signed JWT)`, {
    hint: "Check that the variable, file or program holds the token and nothing else; a reference to another variable may not have been filled in.",
  });
}

/** Throws `configuration` when it is for somebody else, or for others too, and `authentication` when it has ended. */
export function assertFor(claims: Claims, audience: string, now: number, presence: Presence): void {
  const { title, remedy } = presence;
  const named = [claims["aud"]].flat().filter((one) => typeof one === "string");
  if (named.length !== 1 || named[0] !== audience) {
    const shown = named.length === 0 ? "nobody" : named.map((one) => `"${printable(one)}"`).join(" and ");
    throw new KeywrightError(
      "configuration",
      `the identity token of ${title} is for ${shown}, not for "${audience}" alone, so it is not sent there`,
      {
        hint: `${remedy(audience)} If the broker's rule lists another audience, set KEYWRIGHT_ID_TOKEN_AUDIENCE to it.`,
      },
    );
  }
  const { exp } = claims;
  if (typeof exp === "number" && exp > now) return;
  const fault =
    typeof exp === "number" ? `has expired ${span(now - exp)} ago` : "does not say when it expires";
  throw new KeywrightError("authentication", `the identity token of ${title} ${fault}`, {
    hint: "Log in earlier in the job, or let what provides the token renew it; check this machine's clock.",
  });
}

/** The claims that nobody can take over by renaming something; dots lead into objects. */
const LASTING: readonly (readonly string[])[] = [
  ["repository_id"],
  ["repository_owner_id"],
  ["project_id"],
  ["namespace_id"],
  ["oidc.circleci.com/org-id"],
  ["oidc.circleci.com/project-id"],
  ["organization_id"],
  ["pipeline_id"],
  ["org_id"],
  ["prj_id"],
  ["repositoryUuid"],
  ["workspaceUuid"],
  ["kubernetes.io", "namespace"],
  ["kubernetes.io", "serviceaccount", "uid"],
  ["https://sts.amazonaws.com/", "aws_account"],
  ["azp"],
  ["google", "compute_engine", "project_number"],
  ["tid"],
  ["oid"],
];

/** Whom a token names, for a message: issuer, subject and the ids that last, as name=value. */
export function whoIs(claims: Claims): string {
  const ids = LASTING.flatMap((path) => {
    const value = path.reduce<unknown>(
      (inside, name) => (isObject(inside) ? inside[name] : undefined),
      claims,
    );
    const said = typeof value === "string" || typeof value === "number";
    return said ? [`${path.join(".")}=${printable(String(value))}`] : [];
  });
  const named = ["iss", "sub"].map((name) => {
    const value = claims[name];
    return `${name}=${typeof value === "string" ? printable(value) : "(none)"}`;
  });
  return [...named, ...ids].join(", ");
}

function objectOf(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function span(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`;
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\u0020-\u007e]/g, "?");
}
