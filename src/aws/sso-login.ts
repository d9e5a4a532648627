// The login of `aws sso login` in the AWS CLI's own cache file: read, and written back when it was refreshed, in the form
// that botocore 1.44.5 writes (tokens.py, JSONFileCache). It asks nobody.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readOwnFile } from "../account/own-file.ts";
import { KeywrightError } from "../errors.ts";
import { orMiss, writePrivate } from "../io/files.ts";
import { Secret } from "../secret.ts";
import { epochOf, isoSeconds } from "./iso-time.ts";
import { jsonObject } from "./json-object.ts";
import type { SsoPlan } from "./plan.ts";

export interface SsoLogin {
  readonly accessToken: Secret;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** undefined, as is the registration: the login cannot be refreshed. */
  readonly refreshToken: Secret | undefined;
  readonly registration: SsoRegistration | undefined;
}

/** The AWS CLI as a client of IAM Identity Center. */
export interface SsoRegistration {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** As the file has it. */
  readonly expiresAt: string;
}

/** The cache file of a session, or in the old form of a start URL. Throws `configuration` without a home folder. */
export function loginFile({ session, startUrl }: SsoPlan, home: string | undefined): string {
  if (home === undefined) {
    throw new KeywrightError("configuration", "there is no home folder, so no login of the AWS CLI", {
      hint: "Set HOME.",
    });
  }
  const name = createHash("sha1")
    .update(session ?? startUrl)
    .digest("hex");
  return join(home, ".aws", "sso", "cache", `${name}.json`);
}

/** undefined: there is no login, or what is there is none. Throws `configuration` when others may write the file. */
export function readLogin(file: string): SsoLogin | undefined {
  const found = readOwnFile(file, 1024 * 1024);
  const values = found.state === "read" ? jsonObject(found.text) : undefined;
  const text = (name: string): string | undefined => {
    const value = values?.[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [accessToken, refreshToken] = [text("accessToken"), text("refreshToken")];
  const expiresAt = epochOf(text("expiresAt"));
  if (accessToken === undefined || expiresAt === undefined) return undefined;
  return {
    accessToken: new Secret(accessToken),
    expiresAt,
    refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
    registration: registrationOf(text("clientId"), text("clientSecret"), text("registrationExpiresAt")),
  };
}

function registrationOf(
  clientId: string | undefined,
  clientSecret: string | undefined,
  expiresAt: string | undefined,
): SsoRegistration | undefined {
  if (clientId === undefined || clientSecret === undefined || expiresAt === undefined) return undefined;
  return { clientId, clientSecret: new Secret(clientSecret), expiresAt };
}

/** Writes it whole, for its owner only. False when it cannot be written: the login is good all the same. */
export function writeLogin(file: string, { startUrl, region }: SsoPlan, login: SsoLogin): boolean {
  const { accessToken, expiresAt, refreshToken, registration } = login;
  const values: Readonly<Record<string, string | undefined>> = {
    startUrl,
    region,
    accessToken: accessToken.reveal(),
    expiresAt: isoSeconds(expiresAt),
    clientId: registration?.clientId,
    clientSecret: registration?.clientSecret.reveal(),
    registrationExpiresAt: registration?.expiresAt,
    refreshToken: refreshToken?.reveal(),
  };
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = `{${pairs.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")}}`;
  return orMiss(() => (writePrivate(file, text), true)) ?? false;
}

/** Tells logins apart without showing one: the same as long as its refresh token is. */
export function holderOfLogin({ accessToken, refreshToken }: SsoLogin): string {
  return (refreshToken ?? accessToken).fingerprint().slice(0, 16);
}
