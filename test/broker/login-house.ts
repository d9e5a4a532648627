// A running broker with a person, and a second hand on its database that says yes and no as the pages do. With what a
// program does to log somebody in: PKCE, proofs (RFC 9449), polls.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { createBudget, type Core } from "../../src/broker/core.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { createHealth } from "../../src/broker/health.ts";
import { createJournal } from "../../src/broker/journal.ts";
import {
  approve,
  beginCodeLogin,
  codeRedirect,
  deny,
  findByUserCode,
} from "../../src/broker/login/logins.ts";
import { createMemory } from "../../src/broker/memory.ts";
import { createMetrics } from "../../src/broker/metrics.ts";
import { readParameters } from "../../src/broker/parameters.ts";
import { createRates } from "../../src/broker/rates.ts";
import type { Person } from "../../src/broker/records.ts";
import type { BrokerOptions } from "../../src/broker/start.ts";
import { createHttp } from "../../src/io/http.ts";
import { CONFIG, post, running, send, START, type Answer, type Running } from "./broker.ts";
import { jwt, signer, type Signer } from "./jwt/signing.ts";

export const DEVICE = "/oauth2/device_authorization";
export const TOKEN = "/oauth2/token";
export const WHOAMI = "/api/v1/whoami";
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const CLIENT = { client_id: "keywright" } as const;
export const CALLBACK = "http://127.0.0.1:49152/callback";

export type Form = Readonly<Record<string, string>>;

export interface House {
  readonly broker: Running;
  /** The other hand: what the pages would do. */
  readonly core: Core;
  readonly anna: Person;
  /** Lets go of the database; the broker stays. */
  release(): void;
}

export async function loginHouse(t: TestContext, options: Partial<BrokerOptions> = {}): Promise<House> {
  const broker = await running(t, options);
  return houseOf(t, broker, options);
}

/** The second hand on a broker that runs. */
export function houseOf(t: TestContext, broker: Running, options: Partial<BrokerOptions> = {}): House {
  const { url, clock } = broker;
  const data = openData(broker.data, clock);
  let open = true;
  const release = (): void => {
    if (open) data.db.close();
    open = false;
  };
  t.after(release);
  const { db, peppers, sealing } = data;
  const core: Core = {
    url,
    clock,
    db,
    peppers,
    sealing,
    config: options.config ?? CONFIG,
    random: randomBytes,
    backends: {},
    journal: createJournal(db, clock),
    http: createHttp({ env: {}, clock }),
    metrics: createMetrics(),
    failures: createBudget(clock, 60),
    rates: createRates(clock, () => 1000),
    health: createHealth({ clock, steady: clock, probe: () => undefined }),
    memory: createMemory(clock),
  };
  return { broker, core, anna: personOf(core, "anna"), release };
}

/** Made when there is none of this name. */
export function personOf(core: Core, name: string, principal = "ci"): Person {
  const made = { name, principal, issuer: undefined, subject: undefined, createdAt: START };
  if (core.db.userNamed(name) === undefined)
    core.db.transaction((writer) => void writer.addUser({ ...made, email: `${name}@people.example` }));
  const found = core.db.userNamed(name);
  assert.ok(found);
  return { user: found.id, name, principal, upstream: undefined, provenAt: Math.floor(core.clock.now()) };
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
  readonly sent: Form;
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return { verifier, challenge, sent: { code_challenge: challenge, code_challenge_method: "S256" } };
}

/** A program's key: proofs of it, each good once. */
export interface Prover {
  readonly jkt: string;
  headers(path: string, token?: string): { readonly DPoP: string };
}

export function prover(broker: Running, by: Signer = signer("ES256")): Prover {
  const { crv, kty, x, y } = by.jwk;
  return {
    jkt: createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url"),
    headers(path, token) {
      const method = path === WHOAMI ? "GET" : "POST";
      const hash = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
      const about = { jti: randomBytes(12).toString("hex"), htm: method, htu: `${broker.url}${path}` };
      const claims = { ...about, iat: Math.floor(broker.clock.time), ...(hash && { ath: hash }) };
      return { DPoP: jwt(by, claims, { typ: "dpop+jwt", jwk: by.jwk }) };
    },
  };
}

export interface Begun {
  readonly device_code: string;
  readonly user_code: string;
}

export async function begin(broker: Running, more: Form = {}, headers: Form = {}): Promise<Begun> {
  const { status, json } = await post(broker, DEVICE, { ...CLIENT, ...more }, headers);
  assert.equal(status, 200, JSON.stringify(json));
  return json as unknown as Begun;
}

export function poll(broker: Running, code: string, more: Form = {}, headers: Form = {}): Promise<Answer> {
  const form = { grant_type: DEVICE_GRANT, ...CLIENT, device_code: code, ...more };
  return post(broker, TOKEN, form, headers);
}

/** As the approval page does. */
export async function say(
  house: House,
  userCode: string,
  yes: boolean,
  who: Person = house.anna,
): Promise<boolean> {
  const pending = findByUserCode(house.core, userCode);
  if (pending === undefined) return false;
  return (yes ? approve : deny)(house.core, pending, who, "198.51.100.20");
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

export function tokensIn({ status, json }: Answer): Tokens {
  assert.equal(status, 200, JSON.stringify(json));
  return { access: String(json["access_token"]), refresh: String(json["refresh_token"]) };
}

/** A whole login by the device flow. With a prover its tokens are bound. */
export async function loggedIn(house: House, by?: Prover, who: Person = house.anna): Promise<Tokens> {
  const { broker } = house;
  const begun = await begin(broker, {}, by?.headers(DEVICE));
  assert.ok(await say(house, begun.user_code, true, who));
  return tokensIn(await poll(broker, begun.device_code, {}, by?.headers(TOKEN)));
}

export function refreshWith(
  broker: Running,
  token: string,
  headers: Form = {},
  more: Form = {},
): Promise<Answer> {
  return post(
    broker,
    TOKEN,
    { grant_type: "refresh_token", ...CLIENT, refresh_token: token, ...more },
    headers,
  );
}

export function whoami(broker: Running, token: string, headers: Form = {}): Promise<Answer> {
  const scheme = "DPoP" in headers ? "DPoP" : "Bearer";
  return send(broker, WHOAMI, { headers: { Authorization: `${scheme} ${token}`, ...headers } });
}

/** An authorization code, as the browser brings it to the program. */
export async function codeFor(house: House, params: Form): Promise<URLSearchParams> {
  const wanted = { response_type: "code", ...CLIENT, redirect_uri: CALLBACK, ...params };
  const query = new URLSearchParams(wanted).toString();
  const incoming = { header: () => undefined, query, body: "", address: "203.0.113.7" };
  const begun = await beginCodeLogin(house.core, readParameters(query), incoming);
  assert.ok(begun.ok, JSON.stringify(begun));
  assert.ok(await approve(house.core, begun.pending, house.anna, "203.0.113.7"));
  return new URL(await codeRedirect(house.core, begun.pending.id)).searchParams;
}

export function redeem(
  broker: Running,
  code: string,
  verifier: string,
  more: Form = {},
  headers: Form = {},
): Promise<Answer> {
  const form = { grant_type: "authorization_code", ...CLIENT, redirect_uri: CALLBACK };
  return post(broker, TOKEN, { ...form, code, code_verifier: verifier, ...more }, headers);
}

export function refused({ status, json, headers }: Answer, error: string, wanted = 400): void {
  assert.deepEqual([status, json["error"]], [wanted, error], JSON.stringify(json));
  assert.equal(typeof json["error_description"], "string");
  assert.equal(json["detail"], json["error_description"]);
  assert.equal(headers["cache-control"], "no-store");
}
