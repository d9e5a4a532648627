// The AWS secrets that the canary tests plant, the world in which they are good, and the shape of a row: one way in which a
// question succeeds or fails.
import type { Fault } from "./aws/stand-in.ts";
import { ACCOUNT, allow, role, user, WORLD, type World } from "./aws/world.ts";
import { canary, type Canary } from "./canaries.ts";

export const SECRET_KEY = canary("secret access key", "/+");
export const TEMPORARY_SECRET = canary("secret key of temporary credentials", "/+");
export const SESSION_TOKEN = canary("session token", "/+=", 30);
export const ISSUED_SECRET = canary("secret key of a session", "/+");
export const ISSUED_TOKEN = canary("session token of a session", "/+=", 30);
export const MINT = canary("registry token", "_-.", 60);
export const PORTAL_TOKEN = canary("SSO access token", "_-.", 30);
export const REFRESH_TOKEN = canary("SSO refresh token", "_-.", 30);
export const CLIENT_SECRET = canary("SSO client secret", "_-.", 30);
export const IDENTITY_TOKEN = canary("web identity token", "_-.", 30);
export const TASK_TOKEN = canary("token of the container", "_-.", 30);
export const PASSWORD = canary("password in an address", "~.");
export const CANARIES: readonly Canary[] = [
  SECRET_KEY,
  TEMPORARY_SECRET,
  SESSION_TOKEN,
  ISSUED_SECRET,
  ISSUED_TOKEN,
  MINT,
  PORTAL_TOKEN,
  REFRESH_TOKEN,
  CLIENT_SECRET,
  IDENTITY_TOKEN,
  TASK_TOKEN,
  PASSWORD,
];

export const KEY_ID = "AKIACANARYCANARYCANA";
export const TEMPORARY_ID = "ASIACANARYCANARYCANA";
/** The role that every way leads to. */
export const READER = role("reader");
export const PORTAL = "https://start.example/start";
const policies = [allow("*")];

export const CANARY_WORLD: Partial<World> = {
  users: {
    [KEY_ID]: { secret: SECRET_KEY.value, arn: user("canary"), policies },
    [TEMPORARY_ID]: {
      secret: TEMPORARY_SECRET.value,
      token: SESSION_TOKEN.value,
      expires: 4e9,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/canary/session`,
      policies,
    },
  },
  roles: {
    ...WORLD.roles,
    [READER]: { trusts: [user("canary"), role("packages")], policies },
  },
  fixed: { secret: ISSUED_SECRET.value, token: ISSUED_TOKEN.value, mint: MINT.value },
  web_identities: { [IDENTITY_TOKEN.value]: { roles: [READER] } },
  instance: { role: READER },
  container: { path: "/v2/credentials/one", authorization: TASK_TOKEN.value, role: READER },
};

/** What a session of single sign-on holds; the refresh token is good for one time, so it is given anew for each row. */
export const SSO = {
  sessions: { [PORTAL_TOKEN.value]: { roles: { [`${ACCOUNT}/reader`]: READER } } },
  clients: { canary: CLIENT_SECRET.value },
  refresh: {
    [REFRESH_TOKEN.value]: {
      access_token: PORTAL_TOKEN.value,
      session: { roles: { [`${ACCOUNT}/reader`]: READER } },
    },
  },
};

export interface Place {
  /** The stand-in, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly home: string;
}

export type Files = (place: Place) => Readonly<Record<string, string>>;

export interface Row {
  readonly name: string;
  readonly faults?: readonly Fault[];
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** Below HOME. */
  readonly files?: Files;
  readonly world?: Partial<World>;
  /** What standard error must say; undefined: the token is answered. */
  readonly says?: RegExp;
}

export const CANARY_KEYS = { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET_KEY.value };
/** What the environment says with temporary credentials. */
export const TEMPORARY = {
  AWS_ACCESS_KEY_ID: TEMPORARY_ID,
  AWS_SECRET_ACCESS_KEY: TEMPORARY_SECRET.value,
  AWS_SESSION_TOKEN: SESSION_TOKEN.value,
};
