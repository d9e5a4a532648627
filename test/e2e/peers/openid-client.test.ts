// openid-client against a running broker: the flows of people (device and loopback, both with PKCE), refresh, DPoP,
// private_key_jwt, token exchange, revocation.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as openid from "openid-client";
import { decideBrowser, decideDevice, peerPlace, REGISTRY, type PeerPlace } from "./peer-place.ts";
import { keyClient, testIssuer } from "./keys.ts";

const REDIRECT = "http://127.0.0.1:49152/callback";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

async function discovered(
  url: string,
  id = "keywright",
  auth?: openid.ClientAuth,
): Promise<openid.Configuration> {
  return openid.discovery(new URL(url), id, undefined, auth ?? openid.None(), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
}

async function registry(
  { url }: PeerPlace,
  config: openid.Configuration,
  token: string,
  DPoP?: openid.DPoPHandle,
): Promise<number> {
  const body = JSON.stringify({ url: REGISTRY });
  const headers = new Headers({ "Content-Type": "application/json" });
  const address = new URL(`${url}/api/v1/registry/token`);
  const options = DPoP === undefined ? {} : { DPoP };
  const reply = await openid.fetchProtectedResource(config, token, address, "POST", body, headers, options);
  return reply.status;
}

const refused = (error: string) => (thrown: unknown) =>
  thrown instanceof openid.ResponseBodyError && thrown.error === error;

test("RFC 8628 with PKCE: openid-client's device flow, refresh, and revocation of the login", async (t) => {
  const place = await peerPlace(t);
  const config = await discovered(place.url);
  const verifier = openid.randomPKCECodeVerifier();
  const started = await openid.initiateDeviceAuthorization(config, {
    scope: "registry",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  const [tokens] = await Promise.all([
    openid.pollDeviceAuthorizationGrant(config, started, { code_verifier: verifier }),
    decideDevice(started.verification_uri_complete ?? "", started.user_code),
  ]);
  assert.deepEqual([tokens.token_type, tokens.scope], ["bearer", "registry"]);
  assert.equal(await registry(place, config, tokens.access_token), 200);
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  assert.equal(await registry(place, config, next.access_token), 200);
  await openid.tokenRevocation(config, next.refresh_token ?? "");
  await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token ?? ""), refused("invalid_grant"));
});

test("RFC 8628 §3.5: openid-client hears access_denied when the person says no", async (t) => {
  const place = await peerPlace(t);
  const config = await discovered(place.url);
  const verifier = openid.randomPKCECodeVerifier();
  const started = await openid.initiateDeviceAuthorization(config, {
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  await decideDevice(started.verification_uri_complete ?? "", started.user_code, false);
  const polled = openid.pollDeviceAuthorizationGrant(config, started, { code_verifier: verifier });
  await assert.rejects(polled, refused("access_denied"));
});

test("RFC 8252 §7.3, RFC 9207: openid-client's authorization code on loopback, and a reused refresh token", async (t) => {
  const place = await peerPlace(t);
  const config = await discovered(place.url);
  const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: "registry",
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const back = await decideBrowser(address, REDIRECT);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await openid.authorizationCodeGrant(config, back, checks);
  assert.equal(await registry(place, config, tokens.access_token), 200);
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
  // RFC 9700 §4.14.2: whoever comes with the old one again ends the login of both.
  await assert.rejects(
    openid.refreshTokenGrant(config, tokens.refresh_token ?? ""),
    refused("invalid_grant"),
  );
  await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token ?? ""), refused("invalid_grant"));
  assert.equal(await registry(place, config, next.access_token).catch(() => 401), 401);
});

test("RFC 6749 §4.1.2.1: openid-client hears access_denied on loopback", async (t) => {
  const place = await peerPlace(t);
  const config = await discovered(place.url);
  const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const back = await decideBrowser(address, REDIRECT, false);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  await assert.rejects(openid.authorizationCodeGrant(config, back, checks), { error: "access_denied" });
});

test("RFC 9449: openid-client's DPoP through code, registry and refresh; the token is nothing without the key", async (t) => {
  const place = await peerPlace(t);
  const config = await discovered(place.url);
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
  const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: "registry",
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    dpop_jkt: await DPoP.calculateThumbprint(),
  });
  const back = await decideBrowser(address, REDIRECT);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await openid.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  assert.equal(await registry(place, config, tokens.access_token, DPoP), 200);
  const bearer = await fetch(`${place.url}/api/v1/registry/token`, {
    method: "POST",
    headers: { Authorization: `Bearer ${tokens.access_token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ url: REGISTRY }),
  });
  assert.equal(bearer.status, 401);
  assert.match(bearer.headers.get("www-authenticate") ?? "", /DPoP/);
  const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
  const stolen = openid.refreshTokenGrant(config, tokens.refresh_token ?? "", undefined, { DPoP: other });
  await assert.rejects(stolen, { status: 401 });
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "", undefined, { DPoP });
  assert.equal(await registry(place, config, next.access_token, DPoP), 200);
});

test("RFC 7523: openid-client's private_key_jwt, introspection and revocation", async (t) => {
  const place = await peerPlace(t);
  for (const alg of ["ES256", "RS256"] as const) {
    const { id, privateKey } = await keyClient(place, alg);
    const config = await discovered(place.url, id, openid.PrivateKeyJwt(privateKey));
    const token = await openid.clientCredentialsGrant(config, { scope: "registry" });
    assert.equal(await registry(place, config, token.access_token), 200);
    const before = await openid.tokenIntrospection(config, token.access_token);
    assert.deepEqual([before.active, before.client_id], [true, id]);
    await openid.tokenRevocation(config, token.access_token);
    assert.deepEqual(await openid.tokenIntrospection(config, token.access_token), { active: false });
    const other = await keyClient(place, alg);
    const wrong = await discovered(place.url, id, openid.PrivateKeyJwt(other.privateKey));
    await assert.rejects(openid.clientCredentialsGrant(wrong), { status: 401 });
  }
});

test("RFC 8693: openid-client's generic grant exchanges a workload's token, with and without DPoP", async (t) => {
  const issuer = await testIssuer(t);
  const place = await peerPlace(t, issuer.config("ci"));
  const config = await discovered(place.url);
  const exchange = async (claims: Readonly<Record<string, unknown>>, DPoP?: openid.DPoPHandle) =>
    openid.genericGrantRequest(
      config,
      EXCHANGE,
      {
        subject_token: await issuer.token({ aud: place.url, sub: "job-1", ...claims }),
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        scope: "registry",
      },
      DPoP === undefined ? {} : { DPoP },
    );
  const token = await exchange({});
  assert.equal(token["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
  assert.equal(await registry(place, config, token.access_token), 200);
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
  const bound = await exchange({}, DPoP);
  assert.equal(bound.token_type, "dpop");
  assert.equal(await registry(place, config, bound.access_token, DPoP), 200);
  await assert.rejects(
    exchange({ sub: "job-2" }),
    (thrown: unknown) => thrown instanceof openid.ResponseBodyError,
  );
  await assert.rejects(
    exchange({ aud: "https://other.example" }),
    (thrown: unknown) => thrown instanceof openid.ResponseBodyError,
  );
});
