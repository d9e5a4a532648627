// An issuer of workload identity on loopback: a real https server with keys of its own, several issuers by path, and a
// broker whose configuration, as text, names them.
import { createServer } from "node:https";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { loadConfig } from "../../../src/config/load.ts";
import { systemClock } from "../../../src/io/clock.ts";
import { createHttp } from "../../../src/io/http.ts";
import { matchFault } from "../../../src/resolver/match.ts";
import type { BrokerOptions } from "../../../src/broker/start.ts";
import { createAuthority } from "../../io/certificates.ts";
import {
  CONFIG,
  post,
  running,
  temporaryFolder,
  type Answer,
  type Reached,
  type Running,
} from "../broker.ts";

export interface Issuer {
  readonly origin: string;
  /** The file of the authority that signs its certificate. */
  readonly caFile: string;
  /** Every path that it was asked for. */
  readonly asked: string[];
  /** What it answers at a path instead; `undefined`: as usual again. */
  readonly instead: Map<
    string,
    { readonly status: number; readonly headers?: object; readonly body: string }
  >;
  readonly keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey; readonly jwk: JWK };
  /** A token with exactly these claims. */
  sign(claims: object, header?: object): Promise<string>;
}

export const KID = "key-1";

export async function startIssuer(t: TestContext, alg = "RS256"): Promise<Issuer> {
  const folder = temporaryFolder(t);
  const authority = createAuthority(folder, "issuer");
  const { privateKey, publicKey } = await keyPair(alg);
  const jwk = { ...(await exportJWK(publicKey)), kid: KID, alg, use: "sig" };
  const asked: string[] = [];
  const instead: Issuer["instead"] = new Map();
  const server = createServer(authority.issue("IP:127.0.0.1"), (request, response) => {
    const { url = "" } = request;
    asked.push(url);
    const { port } = server.address() as AddressInfo;
    const origin = `https://127.0.0.1:${port}`;
    const base = url.replace("/.well-known/openid-configuration", "");
    const discovery = { issuer: `${origin}${base}`, jwks_uri: `${origin}/keys` };
    const usual = url === "/keys" ? { keys: [jwk] } : url === base ? { error: "not_found" } : discovery;
    const other = instead.get(url);
    response.writeHead(other?.status ?? ("error" in usual ? 404 : 200), {
      "Content-Type": "application/json",
      ...other?.headers,
    });
    response.end(other?.body ?? JSON.stringify(usual));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    caFile: authority.file,
    asked,
    instead,
    keys: { privateKey, publicKey, jwk },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg, kid: KID, typ: "JWT", ...header })
        .sign(privateKey),
  };
}

const pairs = new Map<string, Promise<{ readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }>>();

/** One for all issuers of a test file: making an RSA key takes longer than a test. */
function keyPair(alg: string) {
  const pair = pairs.get(alg) ?? generateKeyPair(alg, { extractable: true });
  pairs.set(alg, pair);
  return pair;
}

/** The settings that a text says, as the server reads them from a file. */
export function workloadsOf(t: TestContext, text: string) {
  const home = temporaryFolder(t);
  const file = join(home, "broker.yaml");
  writeFileSync(file, `principals: [ci, release, outsider]\n${text}`);
  const { broker } = loadConfig({ home, env: {}, kind: "broker", file, backends: ["issue"], matchFault });
  return broker?.workloads;
}

/** A broker with this text in its configuration, that trusts the issuer's certificate. */
export function brokerFor(
  t: TestContext,
  issuer: Pick<Issuer, "caFile">,
  text: string,
  options: Partial<BrokerOptions> = {},
): Promise<Running> {
  const caBundle = { file: issuer.caFile, namedBy: "this test" };
  const http = createHttp({ env: {}, clock: systemClock, caBundle });
  return running(t, {
    http,
    config: { ...CONFIG, ...options.config, workloads: workloadsOf(t, text) },
    ...without(options),
  });
}

function without({ config: _config, ...rest }: Partial<BrokerOptions>): Partial<BrokerOptions> {
  return rest;
}

export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

export function exchange(
  broker: Reached,
  token: string,
  form: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const usual = { grant_type: EXCHANGE, subject_token: token, subject_token_type: JWT_TYPE };
  return post(broker, "/oauth2/token", { ...usual, ...form }, headers);
}

/** The claims that every token needs, good for five minutes from now. */
export function times(broker: Running, jti?: string): object {
  const now = Math.floor(broker.clock.time);
  return { iat: now, nbf: now, exp: now + 300, ...(jti === undefined ? {} : { jti }) };
}
