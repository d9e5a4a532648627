// Menda clouds that record what they are sent, accounts for them, and the client under test; `tidy` closes everything.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { MendaAccount } from "../../src/account/account.ts";
import { type CloudOptions, registryToken } from "../../src/account/cloud.ts";
import { type HostMemory, hostMemory } from "../../src/account/host-memory.ts";
import { MendaKeyRingError } from "../../src/errors.ts";
import { createHttp } from "../../src/io/http.ts";
import { Secret } from "../../src/secret.ts";
import { type Answer, type Recorded, recordingServer, response, type Server } from "../io/servers.ts";

export const NOW = 1_800_000_000;
export const CLIENT_SECRET = "canary s~cret/+*é";
export const QUOTED_SECRET = "canary+s~cret%2F%2B%2A%C3%A9";
export const LOGIN = "canary-login.token";
export const ACCESS = "canary-access";
export const REGISTRY = "canary-registry";
export const QUESTION = { url: "https://aws.example/pypi/simple/", action: "publish" } as const;

const cleanup: (() => unknown)[] = [];
export async function tidy(): Promise<void> {
  for (const undo of cleanup.splice(0)) await undo();
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "keywright-cloud-"));
  cleanup.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const asked = (request: Recorded): string => request.lines[0]?.split(" ").slice(0, 2).join(" ") ?? "";
export const json = (status: number, data: unknown): string =>
  response(status, JSON.stringify(data), "Content-Type: application/json");

export interface Cloud extends Server {
  readonly host: string;
}

/** Rows of `METHOD /path` (without the query) and what they answer; all else is 404. */
export async function cloud(
  rows: (host: string) => Readonly<Record<string, string | undefined>>,
  path = "",
): Promise<Cloud> {
  let host = "";
  const answer: Answer = (request) => {
    const table = rows(host);
    const key = asked(request).split("?")[0] ?? "";
    return key in table ? table[key] : json(404, { detail: "Not Found" });
  };
  const server = await recordingServer(answer);
  cleanup.push(() => server.close());
  host = `http://127.0.0.1:${server.port}${path}`;
  return { ...server, host };
}

export const METADATA = "GET /.well-known/oauth-authorization-server";
export const MENDA_TOKEN = "POST /api/v1/auth/oauth2/token";
export const MENDA_REGISTRY = "POST /api/v1/auth/registry/token";

export const mendaRows = {
  [MENDA_TOKEN]: json(200, { access_token: ACCESS, more: 1 }),
  [MENDA_REGISTRY]: json(200, { token: REGISTRY }),
};

export function standardRows(
  host: string,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const metadata = {
    issuer: host,
    token_endpoint: `${host}/oauth2/token`,
    keywright_registry_endpoint: `${host}/api/v1/registry/token`,
    ...changes,
  };
  return {
    ...mendaRows,
    [METADATA]: json(200, metadata),
    "POST /oauth2/token": json(200, { access_token: ACCESS, token_type: "Bearer", expires_in: 600 }),
    "POST /api/v1/registry/token": json(200, { token: REGISTRY, username: "aws", expires_at: NOW + 900 }),
  };
}

export function machine(host: string, cached?: string): MendaAccount {
  const clientSecret = new Secret(CLIENT_SECRET);
  return {
    kind: "machine",
    host,
    clientId: "id:1 a",
    clientSecret,
    profile: "ci",
    cached: cached === undefined ? undefined : new Secret(cached),
  };
}

export const user = (host: string): MendaAccount => ({
  kind: "user",
  host,
  profile: "me",
  cached: new Secret(LOGIN),
});

export function options(
  memory: HostMemory = hostMemory(undefined),
  changes: Partial<CloudOptions> = {},
): CloudOptions {
  const clock = { now: () => NOW };
  return {
    http: createHttp({ env: {}, clock, requestTimeout: 2 }),
    memory,
    protocol: "auto",
    now: NOW,
    deadline: NOW + 5,
    ...changes,
  };
}

export async function failure(account: MendaAccount, using: CloudOptions): Promise<MendaKeyRingError> {
  const error = await registryToken(account, QUESTION, using).then(
    () => assert.fail("answered"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MendaKeyRingError, inspect(error));
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /canary/);
  return error;
}

export const sentBy = (host: string): string[] => [
  `Host: ${host.slice(7)}`,
  "User-Agent: keywright",
  "Accept: */*",
  "Accept-Encoding: identity",
  "Connection: close",
];
