// Clients that others wrote: oauth4webapi and openid-client sign assertions and proofs, and ask with what they got.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { createSigningClient } from "../../../src/broker/clients.ts";
import { openData } from "../../../src/broker/data-folder.ts";
import { systemClock, type Clock } from "../../../src/io/clock.ts";
import { newClient, running } from "../broker.ts";

const INSECURE = { [oauth.allowInsecureRequests]: true };

interface Place {
  readonly url: string;
  readonly secret: string;
  readonly as: oauth.AuthorizationServer;
  readonly key: Awaited<ReturnType<typeof oauth.generateKeyPair>>;
}

/** `bot` signs, `app` has a secret. */
async function place(t: TestContext, alg: string, clock: Clock = systemClock): Promise<Place> {
  const broker = await running(t, { clock });
  const key = await oauth.generateKeyPair(alg, { extractable: true });
  const jwk = await crypto.subtle.exportKey("jwk", key.publicKey);
  const open = openData(broker.data);
  const client = { name: "bot", principal: "ci", resource: undefined, queryCredentials: false };
  const { kty, crv, x, y, n, e } = jwk;
  const jwks = JSON.stringify({ kty, crv, x, y, n, e, alg });
  createSigningClient(open, { ...client, jwks }, { now: systemClock.now(), by: "tester" });
  open.db.close();
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const issuer = new URL(broker.url);
  const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...INSECURE });
  return { url: broker.url, secret, as: await oauth.processDiscoveryResponse(issuer, discovered), key };
}

function askRegistry(url: string, token: string, dpop?: oauth.DPoPHandle): Promise<Response> {
  const headers = new Headers({ "Content-Type": "application/json" });
  const body = JSON.stringify({ url: "https://packages.example/simple/" });
  const target = new URL(`${url}/api/v1/registry/token`);
  const options = dpop === undefined ? INSECURE : { ...INSECURE, DPoP: dpop };
  return oauth.protectedResourceRequest(token, "POST", target, headers, body, options);
}

test("oauth4webapi: private_key_jwt", async (t) => {
  for (const alg of ["ES256", "Ed25519", "RS256", "PS256"]) {
    const { url, as, key } = await place(t, alg);
    const client = { client_id: "bot" };
    const proven = oauth.PrivateKeyJwt(key.privateKey);
    const granted = await oauth.clientCredentialsGrantRequest(as, client, proven, {}, INSECURE);
    const token = await oauth.processClientCredentialsResponse(as, client, granted);
    assert.equal(token.token_type, "bearer", alg);
    assert.equal((await askRegistry(url, token.access_token)).status, 200);
    const seen = await oauth.introspectionRequest(as, client, proven, token.access_token, INSECURE);
    assert.equal((await oauth.processIntrospectionResponse(as, client, seen)).active, true);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, proven, token.access_token, INSECURE),
    );
  }
});

test("oauth4webapi: DPoP, with a secret and with private_key_jwt", async (t) => {
  for (const alg of ["ES256", "Ed25519", "RS256", "PS256"]) {
    const { url, as, key, secret } = await place(t, alg);
    for (const [id, method] of [
      ["app", oauth.ClientSecretBasic(secret)],
      ["bot", oauth.PrivateKeyJwt(key.privateKey)],
    ] as const) {
      const client: oauth.Client = { client_id: id };
      const pair = await oauth.generateKeyPair(alg);
      const handle = oauth.DPoP(client, pair);
      const granted = await oauth.clientCredentialsGrantRequest(
        as,
        client,
        method,
        {},
        { ...INSECURE, DPoP: handle },
      );
      const token = await oauth.processClientCredentialsResponse(as, client, granted);
      assert.equal(token.token_type, "dpop");
      for (let at = 0; at < 3; at += 1)
        assert.equal((await askRegistry(url, token.access_token, handle)).status, 200);
      const thief = oauth.DPoP(client, await oauth.generateKeyPair(alg));
      await assert.rejects(askRegistry(url, token.access_token, thief), oauth.WWWAuthenticateChallengeError);
      await assert.rejects(askRegistry(url, token.access_token), oauth.WWWAuthenticateChallengeError);
    }
  }
});

test("oauth4webapi: the broker's clock is ten minutes ahead, and the nonce makes it work", async (t) => {
  const { url, as, secret } = await place(t, "ES256", { now: () => systemClock.now() + 600 });
  const client: oauth.Client = { client_id: "app" };
  const handle = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const ask = async (): Promise<oauth.TokenEndpointResponse> => {
    const method = oauth.ClientSecretBasic(secret);
    const granted = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      method,
      {},
      { ...INSECURE, DPoP: handle },
    );
    return oauth.processClientCredentialsResponse(as, client, granted);
  };
  const first = await ask().catch((thrown: unknown) => thrown);
  assert.ok(oauth.isDPoPNonceError(first));
  const token = await ask();
  assert.equal((await askRegistry(url, token.access_token, handle)).status, 200);
});

test("openid-client: private_key_jwt and DPoP together", async (t) => {
  const { url, key } = await place(t, "ES256");
  const config = await openid.discovery(
    new URL(url),
    "bot",
    undefined,
    openid.PrivateKeyJwt(key.privateKey),
    {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    },
  );
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
  const token = await openid.clientCredentialsGrant(config, { scope: "registry" }, { DPoP });
  assert.equal(token.token_type, "dpop");
  const headers = new Headers({ "Content-Type": "application/json" });
  const target = new URL(`${url}/api/v1/registry/token`);
  const body = JSON.stringify({ url: "https://packages.example/simple/" });
  const answer = await openid.fetchProtectedResource(
    config,
    token.access_token,
    target,
    "POST",
    body,
    headers,
    { DPoP },
  );
  assert.equal(answer.status, 200);
});
