// Reads `users` of a broker's configuration: who says who a person is, and how long a login lasts.
import { isAbsolute } from "node:path";
import { isLoopback } from "../loopback.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import { suggestion } from "./fault.ts";
import { fieldsOf, type Fields } from "./fields.ts";
import type { Tree } from "./tree.ts";

/** Which people of a provider act as whom: the first that fits counts. */
export interface PrincipalRule {
  /** A claim of the id_token, or by dots a way into one: `realm_access.roles`. */
  readonly claim: string;
  /** The claim is this text, or a list that has it; undefined: any person with that claim. */
  readonly has: string | undefined;
  readonly principal: string;
}

/** An OIDC provider, of which the broker is a client. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** An absolute path; undefined: the broker is a public client there. */
  readonly clientSecretFile: string | undefined;
  readonly scopes: readonly string[];
  /** The claim that people are listed by. */
  readonly nameClaim: string;
  readonly principals: readonly PrincipalRule[];
  /** True: it may have a private address. */
  readonly privateNetwork: boolean;
}

export interface UserSettings {
  /** undefined: people have passkeys here. */
  readonly provider: ProviderSettings | undefined;
  /** Seconds after which a login ends, however often it was refreshed. */
  readonly sessionLife: number;
  /** Seconds after which the provider is asked again, at the next refresh. */
  readonly recheck: number;
  /** Seconds that a login over the menda face lives. */
  readonly mendaSession: number;
}

export const DEFAULT_USERS: UserSettings = {
  provider: undefined,
  sessionLife: 7 * 86_400,
  recheck: 3600,
  mendaSession: 8 * 3600,
};

const KEYS = ["provider", "session_life", "recheck", "menda_session"];
const PROVIDER_KEYS = [
  "issuer",
  "client_id",
  "client_secret_file",
  "scopes",
  "name_claim",
  "principals",
  "private_network",
];
/** `offline_access` is what makes a provider hand out what it can be asked again with (OpenID Connect Core section 11). */
const SCOPES = ["openid", "profile", "email", "offline_access"];

/** `principals`: the only names that may occur; undefined: any. Throws `configuration`. */
export function readUsers(tree: Tree | undefined, principals: readonly string[] | undefined): UserSettings {
  if (tree === undefined) return DEFAULT_USERS;
  const fields = fieldsOf(tree, "users", KEYS);
  const provider = fields.tree("provider");
  const sessionLife = fields.whole("session_life", 3600, 30 * 86_400) ?? DEFAULT_USERS.sessionLife;
  const mendaSession = fields.whole("menda_session", 600, 86_400) ?? DEFAULT_USERS.mendaSession;
  return {
    provider: provider && readProvider(fieldsOf(provider, "users.provider", PROVIDER_KEYS), principals),
    sessionLife,
    recheck: fields.whole("recheck", 60, 3600) ?? DEFAULT_USERS.recheck,
    mendaSession: Math.min(mendaSession, sessionLife),
  };
}

function readProvider(fields: Fields, principals: readonly string[] | undefined): ProviderSettings {
  const clientSecretFile = fields.text("client_secret_file");
  if (clientSecretFile !== undefined && !isAbsolute(clientSecretFile))
    throw fields.fault("client_secret_file", "is not an absolute path");
  const scopes = fields.texts("scopes") ?? SCOPES;
  if (!scopes.includes("openid"))
    throw fields.fault("scopes", "has no openid", "Without it the provider says nothing about who it is.");
  const wrong = scopes.find((scope) => !SCOPE.test(scope));
  if (wrong !== undefined) throw fields.fault("scopes", "has an entry that is no scope");
  return {
    issuer: issuerOf(fields),
    clientId: fields.requiredText("client_id"),
    clientSecretFile,
    scopes,
    nameClaim: claimOf(fields, "name_claim") ?? "preferred_username",
    principals: rulesOf(fields, principals),
    privateNetwork: fields.flag("private_network") ?? false,
  };
}

/** RFC 6749 section 3.3. */
const SCOPE = /^[\u0021\u0023-\u005b\u005d-\u007e]+$/;

/** It is compared as it is written (OpenID Connect Core section 3.1.3.7), so only what has one spelling is taken. */
function issuerOf(fields: Fields): string {
  const issuer = fields.requiredText("issuer");
  const url = URL.parse(issuer);
  if (url === null || url.username !== "" || url.password !== "" || /[?#]/.test(issuer))
    throw fields.fault("issuer", "is no address of a provider", "It is what its tokens have as `iss`.");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw fields.fault("issuer", "is not https");
  if (isLoopback(url.hostname) && fields.flag("private_network") !== true)
    throw fields.fault("issuer", "is on this machine", "Say private_network: true if it is meant to be.");
  return issuer;
}

function rulesOf(fields: Fields, known: readonly string[] | undefined): readonly PrincipalRule[] {
  const list = fields.tree("principals");
  if (list?.kind !== "list" || list.items.length === 0) {
    throw fields.fault(
      list === undefined ? undefined : "principals",
      list === undefined ? "has no principals, so nobody could come in" : "is not a list of rules",
      "Begin each rule with '- claim: …'.",
    );
  }
  return list.items.map((item, index) =>
    readRule(fieldsOf(item, `${fields.path}.principals[${index}]`, ["claim", "has", "principal"]), known),
  );
}

function readRule(fields: Fields, known: readonly string[] | undefined): PrincipalRule {
  const claim = claimOf(fields, "claim");
  if (claim === undefined) throw fields.fault(undefined, "has no claim");
  const principal = fields.requiredText("principal");
  if (!isPrincipalName(principal)) {
    throw fields.fault(
      "principal",
      "is no name of a principal",
      "It has lower-case letters, digits and underscores.",
    );
  }
  if (known !== undefined && !known.includes(principal))
    throw fields.fault(
      "principal",
      `is '${principal}', which principals does not list`,
      suggestion(principal, known),
    );
  return { claim, has: fields.text("has"), principal };
}

function claimOf(fields: Fields, key: string): string | undefined {
  const claim = fields.text(key);
  if (claim?.split(".").includes("") === true)
    throw fields.fault(key, "has an empty part", "Dots lead into a claim: realm_access.roles.");
  return claim;
}
