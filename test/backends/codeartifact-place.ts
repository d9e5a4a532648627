// A CodeArtifact and an STS on loopback, and a backend that asks them with keys of the environment.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { codeArtifactBackend } from "../../src/backends/codeartifact.ts";
import { parseAddress, type Address } from "../../src/resolver/address.ts";
import type { RegistryAsk } from "../../src/resolver/ask.ts";
import type { Backend, RetrieveContext } from "../../src/resolver/backend.ts";
import type { Location } from "../../src/resolver/location.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { json, NOW, service } from "../aws/place.ts";
import { response, type Answer, type Recorded } from "../io/servers.ts";

export const HOST = "my-domain-111122223333.d.codeartifact.eu-west-1.amazonaws.com";
export const READ_URL = `https://${HOST}/pypi/my.repo/simple/`;
export const ROLE = "arn:aws:iam::111122223333:role/read";
export const ENV = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

export interface Place {
  readonly backend: Backend;
  readonly home: string;
  readonly clock: { time: number; now(): number };
  readonly seen: readonly Recorded[];
  readonly told: readonly string[];
  /** Method and path with the query of each request; of STS its form. */
  asked(): readonly (string | Readonly<Record<string, string>>)[];
}

export interface Wishes {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Instead of a token, the first time, the second time, …. */
  readonly answers?: readonly Answer[];
  /** Seconds that a role's session lives. */
  readonly session?: number;
}

export async function place(
  t: TestContext,
  { env = ENV, files = {}, answers = [], session = 3600 }: Wishes = {},
): Promise<Place> {
  const home = mkdtempSync(join(tmpdir(), "keywright-codeartifact-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text, { mode: 0o600 });
  }
  const clock = { time: NOW, now: () => clock.time };
  const told: string[] = [];
  let minted = 0;
  const { url, seen } = await service(t, (request) => {
    if (request.lines[0] === "POST / HTTP/1.1") return assumed(request, clock.now() + session);
    const answer = answers[minted];
    minted += 1;
    if (answer !== undefined) return answer(request);
    const duration = Number(/duration=(\d+)/.exec(request.lines[0] ?? "")?.[1]);
    return json(200, {
      authorizationToken: `token-${minted}`,
      expiration: clock.now() + (duration || session),
    });
  });
  const backend = codeArtifactBackend({
    env: { AWS_EC2_METADATA_DISABLED: "true", AWS_ENDPOINT_URL: url, ...env },
    home,
    clock,
    debug: (text) => told.push(text),
    random: () => 0,
    sleep: async () => undefined,
  });
  const asked: Place["asked"] = () =>
    seen.map(({ lines, body }) =>
      body === ""
        ? (lines[0]?.replace(" HTTP/1.1", "") ?? "")
        : Object.fromEntries(new URLSearchParams(body)),
    );
  return { backend, home, clock, seen, told, asked };
}

function assumed(request: Recorded, expiresAt: number): string {
  const form = new URLSearchParams(request.body);
  const operation = form.get("Action") ?? "";
  const arn = form.get("RoleArn")?.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/");
  return response(
    200,
    `<${operation}Response><${operation}Result><AssumedRoleUser><Arn>${arn}/${form.get("RoleSessionName")}</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE01</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
    <Expiration>${new Date(expiresAt * 1000).toISOString()}</Expiration></Credentials></${operation}Result></${operation}Response>`,
  );
}

export interface Question {
  readonly url?: string | undefined;
  readonly options?: SecretStore["options"];
  readonly principal?: string;
  readonly ask?: Partial<RegistryAsk>;
  readonly decision?: string;
  readonly trace?: string;
  readonly app?: string;
}

/** What the resolver would hand to the backend for this question. */
export function question(asked: Question = {}): [Location, RetrieveContext] {
  const { options = {}, principal = "ci", decision = "d1", trace, app } = asked;
  const url = "url" in asked ? asked.url : READ_URL;
  const address = url === undefined ? undefined : (parseAddress(url) as Address);
  const ask: RegistryAsk = { kind: "registry", url: url ?? "menda:r", action: "read", ...asked.ask };
  const store: SecretStore = { name: "aws", backend: "codeartifact", root: "", options };
  const ref = { name: "packages", store: "aws", match: "*", revision: "1" };
  const location = { backend: "codeartifact", store, ref, path: undefined, address, action: ask.action };
  const identity = app === undefined ? {} : { app: { value: app, attestation: "verified" as const } };
  return [
    location as unknown as Location,
    { ask, principal: { name: principal }, identity, decision, trace },
  ];
}
