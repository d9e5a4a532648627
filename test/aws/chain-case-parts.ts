// A row of the credential table, and what rows are made of: keys, logins, a program. The rows are in chain-cases.ts.
import { createHash } from "node:crypto";
import { secretOf } from "./aws-stand-in.ts";

export interface ChainCase {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Below HOME; those below `bin/` can be run. */
  readonly files?: Readonly<Record<string, string>>;
  /** As botocore's Session(profile=…). */
  readonly profile?: string;
  /** Botocore's exception (`None`: it finds no credentials) and our error code; undefined: both find the same ones. */
  readonly fails?: readonly [botocore: string, ours: string];
  /** Why ours is another one, on purpose; `ours`: the key id or error code, `botocore` what it finds. */
  readonly differs?: { readonly why: string; readonly ours: RegExp; readonly botocore: RegExp };
}

export const ROLE = "arn:aws:iam::123456789012:role";

const idOf = (mark: string): string => `AKIA${mark}EXAMPLE00000`.slice(0, 20);

export const KEYS = (mark: string): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: idOf(mark),
  AWS_SECRET_ACCESS_KEY: secretOf(idOf(mark)),
});

/** The lines of a profile. */
export const keysOf = (mark: string): string =>
  `aws_access_key_id = ${idOf(mark)}\naws_secret_access_key = ${secretOf(idOf(mark))}\n`;

/** The cache file of `aws sso login`. */
export function LOGIN(
  name: string,
  accessToken: string,
  expiresAt: string,
  refreshToken?: string,
): Readonly<Record<string, string>> {
  const file = createHash("sha1").update(name).digest("hex");
  const login = {
    startUrl: "https://corp.example/start",
    region: "eu-west-1",
    accessToken,
    expiresAt,
    clientId: "client",
    clientSecret: "client-secret",
    registrationExpiresAt: "2099-01-01T00:00:00Z",
    refreshToken,
  };
  return { [`.aws/sso/cache/${file}.json`]: JSON.stringify(login) };
}

/** A program that prints keys, and something on standard error. */
export function tool(mark: string, more = ""): Readonly<Record<string, string>> {
  const answer = `{"Version": 1, ${more}"AccessKeyId": "${idOf(mark)}", "SecretAccessKey": "${secretOf(idOf(mark))}"}`;
  return { "bin/tool": `#!/bin/sh\necho noise >&2\necho '${answer}'\n` };
}
