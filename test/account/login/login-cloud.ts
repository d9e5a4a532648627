// A host that takes logins: it refreshes them (rotation, and an old refresh token ends the login, RFC 6749 §10.4, RFC 9700
// §4.14.2), checks the proof of a bound one by itself (RFC 9449), and counts. `tidy` closes every one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, type JWK } from "jose";

export interface LoginCloud {
  readonly host: string;
  /** What was asked for: `POST /oauth2/token`, in order. */
  readonly asked: string[];
  /** How many refreshes were granted, and refused as reuse. */
  granted: number;
  reused: number;
  /** Change what it does: */
  life: number;
  /** The nonce that every proof must have; undefined: none. */
  nonce: string | undefined;
  /** Answers the next calls of this path instead. */
  readonly instead: Map<string, (response: ServerResponse) => void>;
  /** From now on these tokens are refused. */
  readonly withdrawn: Set<string>;
  close(): Promise<void>;
}

const clouds: LoginCloud[] = [];
export async function tidyClouds(): Promise<void> {
  for (const one of clouds.splice(0)) await one.close();
}

export interface CloudOptions {
  /** The thumbprint that tokens are bound to; undefined: bearer tokens. */
  readonly jkt?: string | undefined;
}

/** The first refresh token is `canary-refresh-0`, the first access token `canary-access-0`; the next ones count up. */
export async function loginCloud({ jkt }: CloudOptions = {}): Promise<LoginCloud> {
  let current = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      answer(request, Buffer.concat(chunks).toString(), response).catch((error: unknown) => {
        say(response, 500, { error: "server_error", error_description: String(error) });
      });
    });
  });
  // The whole crowd of a test may come at once.
  await new Promise<void>((ready) => server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, ready));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cloud: LoginCloud = {
    host,
    asked: [],
    granted: 0,
    reused: 0,
    life: 600,
    nonce: undefined,
    instead: new Map(),
    withdrawn: new Set(),
    close: () => new Promise((done) => void server.close(() => done()).closeAllConnections()),
  };
  clouds.push(cloud);

  async function answer(request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    cloud.asked.push(`${request.method} ${path}`);
    const instead = cloud.instead.get(path);
    if (instead !== undefined) return instead(response);
    if (path === "/.well-known/oauth-authorization-server") return say(response, 200, metadata(host));
    if (path === "/oauth2/token") return refresh(request, new URLSearchParams(body), response);
    if (path === "/api/v1/registry/token") {
      if (await isHolder(request, response, path))
        say(response, 200, { token: `canary-registry-${cloud.asked.length}` });
      return;
    }
    if (path === "/api/v1/whoami") {
      if (await isHolder(request, response, path))
        say(response, 200, { username: "kay", identity_type: "user" });
      return;
    }
    say(response, 404, { error: "not_found", error_description: "no such path", detail: "Not Found" });
  }

  async function refresh(
    request: IncomingMessage,
    form: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    if (jkt !== undefined && !(await isProven(request, response, "/oauth2/token", undefined))) return;
    assert.equal(form.get("grant_type"), "refresh_token");
    assert.equal(form.get("client_id"), "keywright");
    if (form.get("refresh_token") !== `canary-refresh-${current}`) {
      cloud.reused += 1;
      current = -1;
      return say(response, 400, { error: "invalid_grant", error_description: "it has ended" });
    }
    current += 1;
    cloud.granted += 1;
    say(response, 200, {
      access_token: `canary-access-${current}`,
      token_type: jkt === undefined ? "Bearer" : "DPoP",
      expires_in: cloud.life,
      refresh_token: `canary-refresh-${current}`,
      scope: "registry",
    });
  }

  /** Answers 401 itself when it is false. */
  async function isHolder(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<boolean> {
    const [scheme = "", token = ""] = (request.headers.authorization ?? "").split(" ");
    const known = token === `canary-access-${current}` && !cloud.withdrawn.has(token);
    if (scheme !== (jkt === undefined ? "Bearer" : "DPoP") || !known) {
      say(response, 401, { error: "invalid_token", error_description: "not accepted" });
      return false;
    }
    return jkt === undefined || isProven(request, response, path, token);
  }

  async function isProven(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    token: string | undefined,
  ): Promise<boolean> {
    const proof = String(request.headers["dpop"]);
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: "dpop+jwt",
      algorithms: ["ES256"],
    });
    assert.equal(await calculateJwkThumbprint(protectedHeader.jwk as JWK), jkt);
    assert.deepEqual([payload["htm"], payload["htu"]], [request.method, `${host}${path}`]);
    const ath = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    assert.equal(payload["ath"], ath);
    if (cloud.nonce === undefined || payload["nonce"] === cloud.nonce) return true;
    response.setHeader("DPoP-Nonce", cloud.nonce);
    if (token !== undefined) response.setHeader("WWW-Authenticate", 'DPoP error="use_dpop_nonce"');
    say(response, token === undefined ? 400 : 401, { error: "use_dpop_nonce", error_description: "again" });
    return false;
  }

  return cloud;
}

function metadata(host: string): unknown {
  return {
    issuer: host,
    token_endpoint: `${host}/oauth2/token`,
    keywright_registry_endpoint: `${host}/api/v1/registry/token`,
    keywright_whoami_endpoint: `${host}/api/v1/whoami`,
    grant_types_supported: ["refresh_token"],
    dpop_signing_alg_values_supported: ["ES256"],
  };
}

export function say(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
