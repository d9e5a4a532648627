// A world for the credential chain: a home with files, a clock that a test puts forward, and an Http that answers what the
// test says and remembers what it was asked.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { credentialChain, type ChainOptions } from "../../src/aws/chain.ts";
import type { CredentialChain } from "../../src/aws/credentials.ts";
import type { HttpReply, HttpRequest } from "../../src/io/http.ts";
import { plant, temporary } from "../e2e/programs.ts";
import { secretOf, tokenOf } from "./aws-stand-in.ts";

export const NOW = Date.parse("2027-01-15T08:00:00Z") / 1000;

export type Answers = (request: HttpRequest) => Partial<HttpReply> | Promise<Partial<HttpReply>>;

export interface World {
  readonly home: string;
  readonly clock: { time: number; now(): number };
  readonly asked: HttpRequest[];
  readonly told: string[];
  chain(more?: Partial<ChainOptions>): CredentialChain;
}

/** `{HOME}` in a file is the home folder; what is below `bin/` can be run. */
export function world(
  t: TestContext,
  given: {
    readonly env?: ChainOptions["env"];
    readonly files?: Readonly<Record<string, string>>;
    readonly answer?: Answers;
  },
): World {
  const home = temporary(t, "aws-world");
  const files = Object.entries(given.files ?? {}).map(([name, text]) => [
    name,
    text.replaceAll("{HOME}", home),
  ]);
  plant(home, { ".there": "", ...Object.fromEntries(files) });
  for (const [name = ""] of files.filter(([one = ""]) => one.startsWith("bin/")))
    chmodSync(join(home, name), 0o700);
  const clock = { time: NOW, now: () => clock.time };
  const asked: HttpRequest[] = [];
  const told: string[] = [];
  const request = async (one: HttpRequest): Promise<HttpReply> => {
    asked.push(one);
    const { status = 200, headers = {}, body = "" } = (await given.answer?.(one)) ?? { status: 404 };
    return { status, headers, body };
  };
  const env = { PATH: "/usr/bin:/bin", AWS_EC2_METADATA_DISABLED: "true", ...given.env };
  const options = {
    env,
    home,
    clock,
    http: { request },
    debug: (text: string) => void told.push(text),
    sleep: async () => {},
  };
  return { home, clock, asked, told, chain: (more = {}) => credentialChain({ ...options, ...more }) };
}

/** Keys as a container or an instance answers them; `life` in seconds from `at`. */
export function keysBody(accessKeyId: string, at: number, life: number): Partial<HttpReply> {
  return {
    body: JSON.stringify({
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretOf(accessKeyId),
      Token: tokenOf(accessKeyId),
      Expiration: new Date((at + life) * 1000).toISOString(),
    }),
  };
}
