// DPoP (RFC 9449) at a running broker: proofs that are right, each way in which one is wrong, and what a bound token is
// worth without its key. Proofs are signed by node:crypto.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { basic, newClient, post, running, send, type Answer } from "../broker.ts";
import { askBound, askToken, boundPlace, claims, REGISTRY_PATH, TOKEN_PATH } from "./bound.ts";
import { athOf, hmacJwt, jwt, part, proof, signer } from "./signing.ts";

const ALGORITHMS = ["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"];

const challenge = ({ headers }: Answer): string => String(headers["www-authenticate"]);

/** A refusal where a token is taken. */
function refused(answer: Answer, why: string, error = "invalid_dpop_proof"): void {
  assert.deepEqual([answer.status, answer.json["error"]], [401, error], `${why}: ${answer.text}`);
  assert.match(challenge(answer), new RegExp(`^DPoP realm="keywright", error="${error}", algs="ES256 `), why);
  assert.doesNotMatch(answer.text, /kw_/);
}

test("RFC 9449 §5, §7: a token that was asked for with a proof is bound to its key, by every algorithm", async (t) => {
  for (const alg of ALGORITHMS) {
    const { broker, key, token } = await boundPlace(t, alg);
    const answer = await askBound(broker, token, proof(key, claims(broker, "POST", REGISTRY_PATH, token)));
    assert.equal(answer.status, 200, `${alg}: ${answer.text}`);
  }
});

test("RFC 9449 §6.1, RFC 7638 §3.1: the thumbprint of the key is what the token is bound to", async (t) => {
  const { broker, secret, key, token } = await boundPlace(t);
  const { x, y } = key.jwk as { x: string; y: string };
  const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
  const seen = await post(broker, "/oauth2/introspect", { token }, basic("app", secret));
  assert.deepEqual(seen.json["cnf"], { jkt: createHash("sha256").update(members).digest("base64url") });
});

test("RFC 9449 §7.1: without its key a bound token is worth nothing, whatever it is sent as", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const good = (): string => proof(key, claims(broker, "POST", REGISTRY_PATH, token));
  refused(await askBound(broker, token, undefined, "Bearer"), "as Bearer", "invalid_token");
  refused(await askBound(broker, token, good(), "Bearer"), "as Bearer with a proof", "invalid_token");
  refused(await askBound(broker, token), "without a proof", "invalid_token");
  const thief = signer("ES256");
  refused(
    await askBound(broker, token, proof(thief, claims(broker, "POST", REGISTRY_PATH, token))),
    "another key",
    "invalid_token",
  );
  const borrowed = proof(thief, claims(broker, "POST", REGISTRY_PATH, token), { jwk: key.jwk });
  refused(await askBound(broker, token, borrowed), "the owner's public key, signed by another");
  assert.equal((await askBound(broker, token, good())).status, 200, "its owner is not shut out");
});

test("RFC 9449 §7.1: a token that is bound to no key is not taken as DPoP", async (t) => {
  const { broker, secret, key } = await boundPlace(t);
  const plain = String((await askToken(broker, secret)).json["access_token"]);
  refused(
    await askBound(broker, plain, proof(key, claims(broker, "POST", REGISTRY_PATH, plain))),
    "unbound",
    "invalid_token",
  );
  assert.equal((await askBound(broker, plain, undefined, "Bearer")).status, 200);
});

test("RFC 9449 §4.3: a proof is for this method, this address and this token", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const right = claims(broker, "POST", REGISTRY_PATH, token);
  const { host } = new URL(broker.url);
  const wrong: readonly (readonly [string, object])[] = [
    ["htm", { htm: "GET" }],
    ["htm in lower case", { htm: "post" }],
    ["htm list", { htm: ["POST"] }],
    ["no htm", { htm: undefined }],
    ["htu of another path", { htu: `${broker.url}/oauth2/token` }],
    ["htu with a slash", { htu: `${broker.url}${REGISTRY_PATH}/` }],
    ["htu case", { htu: `${broker.url}${REGISTRY_PATH.toUpperCase()}` }],
    ["htu of another host", { htu: `http://evil.example${REGISTRY_PATH}` }],
    ["htu of another port", { htu: `http://localhost:1${REGISTRY_PATH}` }],
    ["htu of https", { htu: `https://${host}${REGISTRY_PATH}` }],
    ["htu with a user", { htu: `http://a@${host}${REGISTRY_PATH}` }],
    ["htu prefix", { htu: `${broker.url}.evil.example${REGISTRY_PATH}` }],
    ["htu path only", { htu: REGISTRY_PATH }],
    ["htu list", { htu: [`${broker.url}${REGISTRY_PATH}`] }],
    ["no htu", { htu: undefined }],
    ["empty htu", { htu: "" }],
    ["ath of another token", { ath: athOf(`${token}x`) }],
    ["no ath", { ath: undefined }],
    ["ath in hex", { ath: createHash("sha256").update(token).digest("hex") }],
    ["ath list", { ath: [athOf(token)] }],
    ["the token as ath", { ath: token }],
    ["no jti", { jti: undefined }],
    ["empty jti", { jti: "" }],
    ["jti number", { jti: 7 }],
    ["jti list", { jti: ["a"] }],
    ["long jti", { jti: "j".repeat(513) }],
    ["no iat", { iat: undefined }],
    ["iat text", { iat: String(broker.clock.time) }],
    ["iat null", { iat: null }],
  ];
  for (const [why, change] of wrong)
    refused(await askBound(broker, token, proof(key, { ...right, ...change })), why);
  for (const htu of [
    `HTTP://LOCALHOST:${new URL(broker.url).port}${REGISTRY_PATH}`,
    `${broker.url}${REGISTRY_PATH}?x=1#y`,
    `${broker.url}/api/./v1/x/../registry/token`,
  ]) {
    const answer = await askBound(
      broker,
      token,
      proof(key, {
        ...right,
        jti: htu,
        htu: htu.replace("LOCALHOST", host.split(":")[0]?.toUpperCase() ?? ""),
      }),
    );
    assert.equal(answer.status, 200, `${htu} is the same (RFC 3986 §6.2.2): ${answer.text}`);
  }
});

test("RFC 9449 §4.2, §4.3, RFC 8725: what is no proof", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const right = (): Record<string, unknown> => ({ ...claims(broker, "POST", REGISTRY_PATH, token) });
  const privateJwk = key.privateKey.export({ format: "jwk" }) as Record<string, unknown>;
  const weak = signer("RS256", 1024);
  const other = signer("ES384");
  const good = proof(key, right());
  const [head, body, tail] = good.split(".");
  const rows: readonly (readonly [string, string])[] = [
    ["typ JWT", proof(key, right(), { typ: "JWT" })],
    ["no typ", proof(key, right(), { typ: undefined })],
    ["typ at+jwt", proof(key, right(), { typ: "at+jwt" })],
    ["typ list", proof(key, right(), { typ: ["dpop+jwt"] })],
    ["a private key", proof(key, right(), { jwk: privateJwk })],
    ["a private member alone", proof(key, right(), { jwk: { ...key.jwk, d: "" } })],
    ["no jwk", jwt(key, right(), { typ: "dpop+jwt" })],
    ["jwk text", proof(key, right(), { jwk: JSON.stringify(key.jwk) })],
    ["jwk list", proof(key, right(), { jwk: [key.jwk] })],
    ["jwk null", proof(key, right(), { jwk: null })],
    ["another curve", proof(key, right(), { jwk: other.jwk })],
    ["off the curve", proof(key, right(), { jwk: { ...key.jwk, y: key.jwk["x"] } })],
    ["a short coordinate", proof(key, right(), { jwk: { ...key.jwk, x: "AA" } })],
    [
      "a symmetric key",
      hmacJwt("secret", right(), {
        typ: "dpop+jwt",
        jwk: { kty: "oct", k: Buffer.from("secret").toString("base64url") },
      }),
    ],
    ["HS256 by the public key", hmacJwt(JSON.stringify(key.jwk), right(), { typ: "dpop+jwt", jwk: key.jwk })],
    ["alg none", `${part({ alg: "none", typ: "dpop+jwt", jwk: key.jwk })}.${part(right())}.AA`],
    [
      "alg none without signature",
      `${part({ alg: "none", typ: "dpop+jwt", jwk: key.jwk })}.${part(right())}.`,
    ],
    [
      "ES512, which is not offered",
      (() => {
        const by = signer("ES512");
        return proof(by, right());
      })(),
    ],
    ["RSA of 1024 bits", proof(weak, right())],
    ["alg of another kind", proof(key, right(), { alg: "RS256" })],
    ["a key for encryption", proof(key, right(), { jwk: { ...key.jwk, use: "enc" } })],
    ["crit", proof(key, right(), { crit: ["exp"] })],
    ["jku", proof(key, right(), { jku: "https://attacker.example/" })],
    ["x5c", proof(key, right(), { x5c: ["AA"] })],
    ["a changed payload", `${head}.${part({ ...right(), jti: "other" })}.${tail}`],
    ["no signature", `${head}.${body}.`],
    ["another signature", `${head}.${body}.${"A".repeat(86)}`],
    ["not a JWT", "x"],
    ["a payload that is a list", proof(key, [] as unknown as Record<string, unknown>)],
    ["over 8 kB", proof(key, { ...right(), x: "y".repeat(8192) })],
  ];
  for (const [why, text] of rows) refused(await askBound(broker, token, text), why);
  refused(await askBound(broker, token, [good, good]), "the header twice");
  refused(await askBound(broker, token, [good, proof(key, right())]), "two proofs");
  assert.equal((await askBound(broker, token, good)).status, 200, "none of it used the good one up");
  assert.equal((await askBound(broker, token, proof(key, { ...right(), x: "y".repeat(4000) }))).status, 200);
});

test("RFC 9449 §11.1: a proof is used once, also after a restart, and by 20 requests at the same time", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const text = proof(key, claims(broker, "POST", REGISTRY_PATH, token));
  const answers = await Promise.all(Array.from({ length: 20 }, () => askBound(broker, token, text)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) refused(answer, "replay");
  await broker.close();
  const again = await running(t, { data: broker.data, url: broker.url });
  refused(await askBound(again, token, text), "replay after a restart");
  again.clock.time += 59;
  refused(await askBound(again, token, text), "replay at the end of the window");
  const fresh = proof(key, claims({ ...again, url: broker.url }, "POST", REGISTRY_PATH, token));
  assert.equal((await askBound(again, token, fresh)).status, 200);
});

test("RFC 9449 §4.3: two proofs in one request are refused, in those words", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const one = (): string => proof(key, claims(broker, "POST", REGISTRY_PATH, token));
  for (const sent of [[one(), one()], [one(), one(), one()], `${one()},${one()}`]) {
    const { status, json } = await askBound(broker, token, sent);
    assert.deepEqual(
      [status, json["error"], json["error_description"]],
      [401, "invalid_dpop_proof", "The request has more than one DPoP proof."],
    );
  }
});

test("RFC 9449 §7.1: who comes with the scheme DPoP is answered with its challenge, whatever is wrong", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  for (const text of [`${token.slice(0, -1)}-`, "kw_nothing", "x"]) {
    const { status, json, headers } = await askBound(
      broker,
      text,
      proof(key, claims(broker, "POST", REGISTRY_PATH, text)),
    );
    assert.deepEqual([status, json["error"]], [401, "invalid_token"]);
    assert.match(
      String(headers["www-authenticate"]),
      /^DPoP realm="keywright", error="invalid_token", algs="ES256 [^"]+", resource_metadata="http:/,
    );
  }
});

test("RFC 9449 §11.1: the same jti by another key is another proof", async (t) => {
  const { broker, secret } = await boundPlace(t);
  const one = { ...claims(broker, "POST", TOKEN_PATH), jti: "shared" };
  for (const key of [signer("ES256"), signer("ES256")])
    assert.equal(
      (await askToken(broker, secret, proof(key, one))).status,
      200,
      "nobody can use up another's",
    );
});

test("RFC 9449 §8, §11.1: a clock that is more than 60 seconds off gets a nonce, and then does not matter", async (t) => {
  const { broker, key, secret, token } = await boundPlace(t);
  for (const off of [-60, -31, -30, 30, 31, 60]) {
    const made = { ...claims(broker, "POST", REGISTRY_PATH, token), iat: broker.clock.time + off };
    assert.equal((await askBound(broker, token, proof(key, made))).status, 200, String(off));
  }
  for (const off of [-1e9, -300, -61, 61, 300, 1e9]) {
    const iat = broker.clock.time + off;
    const first = await askBound(
      broker,
      token,
      proof(key, { ...claims(broker, "POST", REGISTRY_PATH, token), iat }),
    );
    refused(first, `${off} s`, "use_dpop_nonce");
    const nonce = String(first.headers["dpop-nonce"]);
    const second = { ...claims(broker, "POST", REGISTRY_PATH, token), iat, nonce };
    assert.equal((await askBound(broker, token, proof(key, second))).status, 200, `${off} s with a nonce`);
    refused(await askBound(broker, token, proof(key, second)), "replay with a nonce");
  }
  const late = proof(key, { ...claims(broker, "POST", TOKEN_PATH), iat: broker.clock.time - 300 });
  const atTokens = await askToken(broker, secret, late);
  assert.deepEqual(
    [atTokens.status, atTokens.json["error"]],
    [400, "use_dpop_nonce"],
    "RFC 9449 §8: 400 at the token endpoint",
  );
  const nonce = String(atTokens.headers["dpop-nonce"]);
  const again = proof(key, { ...claims(broker, "POST", TOKEN_PATH), iat: broker.clock.time - 300, nonce });
  assert.equal((await askToken(broker, secret, again)).status, 200);
});

test("RFC 9449 §8.2: a nonce is one of ours and not older than some minutes, or there is a new one", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const ask = (nonce: unknown): Promise<Answer> =>
    askBound(broker, token, proof(key, { ...claims(broker, "POST", REGISTRY_PATH, token), nonce }));
  const stale = proof(key, { ...claims(broker, "POST", REGISTRY_PATH, token), iat: 0 });
  const nonce = String((await askBound(broker, token, stale)).headers["dpop-nonce"]);
  const [minute, mac] = nonce.split(".");
  for (const wrong of [
    "",
    "x",
    7,
    null,
    [nonce],
    `${nonce}x`,
    `${Number(minute) + 1}.${mac}`,
    `${Number(minute) - 1}.${mac}`,
    `${minute}.${"A".repeat(43)}`,
    `${minute}.`,
    mac,
  ])
    refused(await ask(wrong), JSON.stringify(wrong), "use_dpop_nonce");
  assert.equal((await ask(nonce)).status, 200);
  broker.clock.time += 300;
  assert.equal((await ask(nonce)).status, 200);
  broker.clock.time += 61;
  const old = await ask(nonce);
  refused(old, "old", "use_dpop_nonce");
  assert.notEqual(old.headers["dpop-nonce"], nonce);
  assert.equal((await ask(old.headers["dpop-nonce"])).status, 200);
});

test("RFC 9449 §5: at the token endpoint a wrong proof is 400 invalid_dpop_proof, and no token is issued", async (t) => {
  const { broker, secret, key } = await boundPlace(t);
  for (const text of [
    "x",
    proof(key, claims(broker, "GET", TOKEN_PATH)),
    proof(key, claims(broker, "POST", REGISTRY_PATH)),
    proof(signer("ES256"), claims(broker, "POST", TOKEN_PATH), { jwk: key.jwk }),
  ]) {
    const answer = await askToken(broker, secret, text);
    assert.deepEqual([answer.status, answer.json["error"]], [400, "invalid_dpop_proof"]);
    assert.ok(!("access_token" in answer.json));
  }
  const used = proof(key, claims(broker, "POST", TOKEN_PATH));
  assert.equal((await askToken(broker, secret, used)).status, 200);
  assert.equal((await askToken(broker, secret, used)).json["error"], "invalid_dpop_proof");
});

test("a registry token that a bound token asked for is a bearer token, and ends with its client", async (t) => {
  const { broker, key, token } = await boundPlace(t);
  const answer = await askBound(broker, token, proof(key, claims(broker, "POST", REGISTRY_PATH, token)));
  const registry = String(answer.json["token"]);
  const headers = { Authorization: `Bearer ${registry}` };
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", { headers })).status, 204);
});

test("a bound token does not open the menda face, and one without a scope for it does not open ours", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const plain = String((await askToken(broker, secret)).json["access_token"]);
  const whoami = (authorizationToken: string): Promise<Answer> =>
    send(broker, "/api/v1/auth/whoami", { headers: { authorizationToken } });
  assert.equal((await whoami(plain)).status, 200);
  const key = signer("ES256");
  const bound = String(
    (await askToken(broker, secret, proof(key, claims(broker, "POST", TOKEN_PATH)))).json["access_token"],
  );
  refused(await whoami(bound), "authorizationToken", "invalid_token");
  refused(await whoami(`Bearer ${bound}`), "authorizationToken with Bearer", "invalid_token");
});
