// The AWS that the tests live in: one account with a domain, a user with long-term keys, a role that may read and one that
// may publish. It starts nothing.
import { randomBytes } from "node:crypto";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
export const DOMAIN = "dom";
export const REPOSITORY = "repo";

export interface Document {
  readonly Version: "2012-10-17";
  readonly Statement: readonly object[];
}

export interface Role {
  /** The ARNs of users and roles that may assume it. */
  readonly trusts: readonly string[];
  readonly policies: readonly Document[];
  readonly external_id?: string;
  /** Seconds; 3600 when it is not said. */
  readonly max_duration?: number;
}

export interface World {
  readonly users: Readonly<Record<string, User>>;
  readonly roles: Readonly<Record<string, Role>>;
  readonly domains: Readonly<Record<string, { readonly owner: string; readonly regions: readonly string[] }>>;
  /** The JWT of a web identity → what it may become. */
  readonly web_identities?: Readonly<
    Record<string, { readonly roles: readonly string[]; readonly expired?: boolean }>
  >;
  readonly instance?: { readonly role: string; readonly seconds?: number };
  readonly container?: {
    readonly path: string;
    readonly authorization?: string;
    readonly role: string;
    readonly seconds?: number;
  };
  readonly sso?: object;
  /** What would otherwise be chance: of session credentials, and the tokens. */
  readonly fixed?: { readonly secret: string; readonly token: string; readonly mint: string };
  /** `repository/package` → files. */
  readonly packages?: Readonly<Record<string, readonly string[]>>;
}

export interface User {
  readonly secret: string;
  readonly token?: string;
  /** Epoch seconds; long-term keys have none. */
  readonly expires?: number;
  readonly arn: string;
  readonly policies: readonly Document[];
}

export function allow(...actions: readonly string[]): Document {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
}

const MINT = ["codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"];
export const READER = allow(...MINT, "codeartifact:ReadFromRepository");
export const EVERYTHING = allow(
  ...MINT,
  "codeartifact:ReadFromRepository",
  "codeartifact:PublishPackageVersion",
);

export const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
export const user = (name: string): string => `arn:aws:iam::${ACCOUNT}:user/${name}`;

/** Keys that nobody else has, of a shape that AWS would make. */
export const DEV = {
  accessKeyId: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString("base64"),
} as const;

/** What the shared environment variables say for that user. */
export const DEV_ENV = {
  AWS_ACCESS_KEY_ID: DEV.accessKeyId,
  AWS_SECRET_ACCESS_KEY: DEV.secretAccessKey,
} as const;

/** `packages` may do everything; `reader` and `publisher` are roles of that account, as `dev` and `packages` may become. */
export const WORLD: World = {
  users: { [DEV.accessKeyId]: { secret: DEV.secretAccessKey, arn: user("dev"), policies: [EVERYTHING] } },
  roles: {
    [role("reader")]: { trusts: [user("dev"), role("packages")], policies: [READER] },
    [role("publisher")]: { trusts: [user("dev"), role("packages")], policies: [EVERYTHING] },
    [role("packages")]: { trusts: [user("dev")], policies: [EVERYTHING] },
  },
  domains: { [DOMAIN]: { owner: ACCOUNT, regions: [REGION] } },
};
