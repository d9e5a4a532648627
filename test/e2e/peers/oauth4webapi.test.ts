// oauth4webapi against a running broker, which does one request of a protocol at a time and checks each answer by the
// letter: device flow, code on loopback, refresh, DPoP with nonces, private_key_jwt, token exchange, revocation.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { keyClient, testIssuer } from "./keys.ts";
import { decideBrowser, decideDevice, peerPlace, REGISTRY, type PeerPlace } from "./peer-place.ts";

const REDIRECT = "http://127.0.0.1:49153/callback";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const insecure = { [oauth.allowInsecureRequests]: true } as const;
const person: oauth.Client = { client_id: "keywright" };

async function serverOf({ url }: PeerPlace): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(url);
  const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  return oauth.processDiscoveryResponse(issuer, discovered);
}

/** Once more where the broker wants its own nonce in the proof (RFC 9449 §8, §9). */
async function withNonce<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return work();
  }
}

async function registry({ url }: PeerPlace, token: string, DPoP?: oauth.DPoPHandle): Promise<number> {
  const body = JSON.stringify({ url: REGISTRY });
  const headers = new Headers({ "Content-Type": "application/json" });
  const address = new URL(`${url}/api/v1/registry/token`);
  const options = DPoP === undefined ? insecure : { ...insecure, DPoP };
  const ask = async (): Promise<Response> =>
    oauth.protectedResourceRequest(token, "POST", address, headers, body, options);
  return (await withNonce(ask)).status;
}

async function codeOf(
  as: oauth.AuthorizationServer,
  verifier: string,
  more: Readonly<Record<string, string>> = {},
): Promise<URLSearchParams> {
  const state = oauth.generateRandomState();
  const address = new URL(as.authorization_endpoint ?? "");
  address.search = new URLSearchParams({
    response_type: "code",
    client_id: person.client_id,
    redirect_uri: REDIRECT,
    scope: "registry",
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  }).toString();
  return oauth.validateAuthResponse(as, person, await decideBrowser(address, REDIRECT), state);
}

test("RFC 8414: the metadata names what a client of each flow looks for", async (t) => {
  const issuer = await testIssuer(t);
  const as = await serverOf(await peerPlace(t, issuer.config("ci")));
  for (const endpoint of ["authorization", "token", "revocation", "introspection"] as const)
    assert.ok(as[`${endpoint}_endpoint`]?.startsWith(as.issuer), endpoint);
  assert.ok(as.device_authorization_endpoint?.startsWith(as.issuer));
  assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
  assert.ok(as.dpop_signing_alg_values_supported?.includes("ES256"));
  assert.equal(as.authorization_response_iss_parameter_supported, true);
  for (const grant of ["authorization_code", "refresh_token", "client_credentials", EXCHANGE])
    assert.ok(as.grant_types_supported?.includes(grant), grant);
});

test("RFC 8628: oauth4webapi polls, hears authorization_pending, then gets tokens once", async (t) => {
  const place = await peerPlace(t);
  const as = await serverOf(place);
  const verifier = oauth.generateRandomCodeVerifier();
  const challenge = {
    scope: "registry",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  };
  const begun = await oauth.deviceAuthorizationRequest(as, person, oauth.None(), challenge, insecure);
  const device = await oauth.processDeviceAuthorizationResponse(as, person, begun);
  const poll = async (): Promise<oauth.TokenEndpointResponse> =>
    oauth.processDeviceCodeResponse(
      as,
      person,
      await oauth.deviceCodeGrantRequest(as, person, oauth.None(), device.device_code, {
        ...insecure,
        additionalParameters: { code_verifier: verifier },
      }),
    );
  await assert.rejects(poll(), { error: "authorization_pending" });
  await decideDevice(device.verification_uri_complete ?? "", device.user_code);
  // RFC 8628 §3.5: at the pace that was said, a client is never told to slow down.
  await new Promise((resolve) => setTimeout(resolve, (device.interval ?? 5) * 1000));
  const tokens = await poll();
  assert.equal(await registry(place, tokens.access_token), 200);
  await assert.rejects(poll(), { error: "invalid_grant" });
});

test("RFC 6749 §4.1, RFC 9207: oauth4webapi's code on loopback is good once, with its verifier and its address", async (t) => {
  const place = await peerPlace(t);
  const as = await serverOf(place);
  const verifier = oauth.generateRandomCodeVerifier();
  const redeem = async (code: URLSearchParams, redirect = REDIRECT, proof = verifier) =>
    oauth.processAuthorizationCodeResponse(
      as,
      person,
      await oauth.authorizationCodeGrantRequest(as, person, oauth.None(), code, redirect, proof, insecure),
    );
  const code = await codeOf(as, verifier);
  const tokens = await redeem(code);
  const refreshed = await oauth.processRefreshTokenResponse(
    as,
    person,
    await oauth.refreshTokenGrantRequest(as, person, oauth.None(), tokens.refresh_token ?? "", insecure),
  );
  assert.equal(await registry(place, refreshed.access_token), 200);
  // RFC 6749 §4.1.2: a second use takes back what the first one gave.
  await assert.rejects(redeem(code), { error: "invalid_grant" });
  await assert.rejects(registry(place, refreshed.access_token), { status: 401 });
  const other = oauth.generateRandomCodeVerifier();
  await assert.rejects(redeem(await codeOf(as, verifier), REDIRECT, other), { error: "invalid_grant" });
  const elsewhere = "http://127.0.0.1:49154/callback";
  await assert.rejects(redeem(await codeOf(as, verifier), elsewhere), { error: "invalid_grant" });
});

test("RFC 9449: oauth4webapi's DPoP, bound from the authorization request on", async (t) => {
  const place = await peerPlace(t);
  const as = await serverOf(place);
  const DPoP = oauth.DPoP(person, await oauth.generateKeyPair("ES256"));
  const verifier = oauth.generateRandomCodeVerifier();
  const redeem = async (code: URLSearchParams, key: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> =>
    withNonce(async () =>
      oauth.processAuthorizationCodeResponse(
        as,
        person,
        await oauth.authorizationCodeGrantRequest(as, person, oauth.None(), code, REDIRECT, verifier, {
          ...insecure,
          DPoP: key,
        }),
      ),
    );
  const jkt = { dpop_jkt: await DPoP.calculateThumbprint() };
  const tokens = await redeem(await codeOf(as, verifier, jkt), DPoP);
  assert.equal(tokens.token_type, "dpop");
  assert.equal(await registry(place, tokens.access_token, DPoP), 200);
  const thief = oauth.DPoP(person, await oauth.generateKeyPair("ES256"));
  await assert.rejects(registry(place, tokens.access_token, thief), { status: 401 });
  await assert.rejects(redeem(await codeOf(as, verifier, jkt), thief), (error: { status?: number }) =>
    [400, 401].includes(error.status ?? 0),
  );
});

test("RFC 7523, RFC 7662, RFC 7009: oauth4webapi's private_key_jwt", async (t) => {
  const place = await peerPlace(t);
  const as = await serverOf(place);
  const { id, privateKey } = await keyClient(place, "ES256");
  const client = { client_id: id };
  const auth = oauth.PrivateKeyJwt(privateKey);
  const granted = await oauth.clientCredentialsGrantRequest(
    as,
    client,
    auth,
    { scope: "registry" },
    insecure,
  );
  const token = await oauth.processClientCredentialsResponse(as, client, granted);
  const introspect = async (): Promise<oauth.IntrospectionResponse> =>
    oauth.processIntrospectionResponse(
      as,
      client,
      await oauth.introspectionRequest(as, client, auth, token.access_token, insecure),
    );
  assert.equal((await introspect()).active, true);
  const revoked = await oauth.revocationRequest(as, client, auth, token.access_token, insecure);
  assert.equal(await oauth.processRevocationResponse(revoked), undefined);
  assert.deepEqual(await introspect(), { active: false });
});

test("RFC 8693: oauth4webapi's generic token request; a token is exchanged once", async (t) => {
  const issuer = await testIssuer(t);
  const place = await peerPlace(t, issuer.config("ci"));
  const as = await serverOf(place);
  const subject = await issuer.token({ aud: place.url, sub: "job-1" });
  const exchange = async (): Promise<oauth.TokenEndpointResponse> =>
    oauth.processGenericTokenEndpointResponse(
      as,
      person,
      await oauth.genericTokenEndpointRequest(
        as,
        person,
        oauth.None(),
        EXCHANGE,
        { subject_token: subject, subject_token_type: "urn:ietf:params:oauth:token-type:jwt" },
        insecure,
      ),
    );
  const token = await exchange();
  assert.equal(await registry(place, token.access_token), 200);
  await assert.rejects(exchange(), (error: { status?: number }) => [400, 401].includes(error.status ?? 0));
});
