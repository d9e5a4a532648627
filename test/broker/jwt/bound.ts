// A broker with a client whose access tokens are bound to a key, and requests with proofs to it.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { endpointsOf } from "../../../src/broker/endpoints.ts";
import type { Core } from "../../../src/broker/core.ts";
import { basic, newClient, post, running, send, type Answer, type Running } from "../broker.ts";
import { athOf, proof, signer, type Signer } from "./signing.ts";

export const TOKEN_PATH = "/oauth2/token";
export const REGISTRY_PATH = "/api/v1/registry/token";

export interface BoundPlace {
  readonly broker: Running;
  readonly secret: string;
  readonly key: Signer;
  /** Bound to `key`. */
  readonly token: string;
}

let serial = 0;

/** What a right proof says; each has its own jti. */
export function claims(
  { url, clock }: Pick<Running, "url" | "clock">,
  method: string,
  path: string,
  token?: string,
): Readonly<Record<string, unknown>> {
  const ath = token === undefined ? {} : { ath: athOf(token) };
  return { jti: `jti-${(serial += 1)}`, htm: method, htu: `${url}${path}`, iat: clock.time, ...ath };
}

export async function boundPlace(t: TestContext, alg = "ES256"): Promise<BoundPlace> {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const key = signer(alg);
  const answer = await askToken(broker, secret, proof(key, claims(broker, "POST", TOKEN_PATH)));
  assert.deepEqual([answer.status, answer.json["token_type"]], [200, "DPoP"], answer.text);
  return { broker, secret, key, token: String(answer.json["access_token"]) };
}

export function askToken(broker: Running, secret: string, dpop?: string | string[]): Promise<Answer> {
  const headers = { ...basic("app", secret), ...(dpop === undefined ? {} : { DPoP: dpop }) };
  return post(broker, TOKEN_PATH, { grant_type: "client_credentials" }, headers as Record<string, string>);
}

/** Asks for a registry token; without `dpop` there is no proof. */
export function askBound(
  broker: Pick<Running, "host" | "port" | "url">,
  token: string,
  dpop?: string | string[],
  scheme = "DPoP",
): Promise<Answer> {
  return send(broker, REGISTRY_PATH, {
    method: "POST",
    headers: {
      Authorization: `${scheme} ${token}`,
      "Content-Type": "application/json",
      ...(dpop === undefined ? {} : { DPoP: dpop }),
    },
    body: JSON.stringify({ url: "https://packages.example/simple/" }),
  });
}

/** Every endpoint there is, out of the list that the application mounts. */
export function everyEndpoint(): readonly { readonly method: string; readonly path: string }[] {
  const nothing = new Proxy({}, { get: () => undefined });
  const core = {
    url: "http://localhost:8765",
    config: { refs: [], stores: new Map(), policies: new Map(), principals: [] },
    db: nothing,
    backends: {},
  };
  return endpointsOf(core as unknown as Core).map(({ method, path }) => ({ method, path }));
}
