// The key that logins are bound to: made once, readable by nobody else, and proofs that others accept (RFC 9449, RFC 7638).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { dpopKey, dpopKeyPath, thumbprintOf } from "../../../src/account/login/dpop-key.ts";
import { Secret } from "../../../src/secret.ts";
import { mendaHome } from "../home.ts";
import { NOW } from "./login.ts";

const HERE = { clock: { now: () => NOW + 0.7 }, env: {} };

test("RFC 9449 §6.1: the thumbprint (RFC 7638) of the key of its examples", () => {
  const key = {
    kty: "EC",
    crv: "P-256",
    x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
  } as const;
  assert.equal(thumbprintOf(key), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
});

test("RFC 9449 §4.2: a proof has typ, alg, the public key, jti, htm, htu without query, iat; ath and nonce where they belong", async (t) => {
  const key = dpopKey(mendaHome(t).path, HERE);
  const url = "https://menda.example:8443/oauth2/token";
  const proof = key.proof({ method: "POST", url: `${url}?secret=1#part` });
  const { jwk, ...header } = decodeProtectedHeader(proof);
  assert.deepEqual(header, { typ: "dpop+jwt", alg: "ES256" });
  assert.deepEqual(Object.keys(jwk ?? {}).sort(), ["crv", "kty", "x", "y"]);
  assert.equal(await calculateJwkThumbprint(jwk ?? {}), key.thumbprint);
  const verified = async (text: string) =>
    (await jwtVerify(text, await importJWK(jwk ?? {}, "ES256"))).payload;
  const { jti, ...payload } = await verified(proof);
  assert.deepEqual(payload, { htm: "POST", htu: url, iat: NOW });
  assert.match(jti ?? "", /^[0-9a-f]{32}$/);
  // §7.1: the token and its hash are those of the RFC's example.
  const accessToken = new Secret("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
  const whole = await verified(key.proof({ method: "GET", url, accessToken, nonce: "n-1" }));
  assert.equal(whole["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
  assert.equal(whole["nonce"], "n-1");
  assert.notEqual(whole.jti, jti);
});

test("the key is made once, in a file of its own that its owner alone can read", (t) => {
  const home = mendaHome(t).path;
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { thumbprint } = dpopKey(home, HERE);
  const path = dpopKeyPath(home);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(dirname(path)), ["dpop-key.json"]);
  assert.equal(dpopKey(home, HERE).thumbprint, thumbprint);
  assert.match(readFileSync(path, "utf8"), /"d":/);
});

test("processes that need the key at the same time get the same one", async (t) => {
  const module = new URL("../../../src/account/login/dpop-key.ts", import.meta.url).href;
  const script = `import { createInterface } from "node:readline";
    const { dpopKey } = await import(${JSON.stringify(module)});
    console.log("ready");
    for await (const home of createInterface(process.stdin))
      console.log(dpopKey(home, { clock: { now: () => ${NOW} }, env: {} }).thumbprint);`;
  const workers = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    t.after(() => child.kill());
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  });
  const all = (): Promise<readonly unknown[]> =>
    Promise.all(workers.map(async ({ lines }) => (await lines.next()).value as unknown));
  assert.deepEqual(new Set(await all()), new Set(["ready"]));
  for (let round = 0; round < 10; round += 1) {
    const home = mendaHome(t).path;
    for (const { child } of workers) child.stdin.write(`${home}\n`);
    const thumbprints = new Set(await all());
    assert.deepEqual(thumbprints, new Set([dpopKey(home, HERE).thumbprint]));
  }
});

test("a key file that is damaged, or that others can write, is refused, and what is lost is said", (t) => {
  const home = mendaHome(t).path;
  dpopKey(home, HERE);
  const path = dpopKeyPath(home);
  const { key } = JSON.parse(readFileSync(path, "utf8")) as { key: Record<string, string> };
  const other = { ...key, y: key["x"] };
  const texts = ["", "null", "{", '{"v":1}', '{"v":2}', '{"v":1,"key":{"kty":"RSA","d":"canary"}}'];
  for (const text of [
    ...texts,
    JSON.stringify({ v: 1, key: other }),
    JSON.stringify({ v: 1, key: { ...key, d: "" } }),
  ]) {
    writeFileSync(path, text);
    assert.throws(
      () => dpopKey(home, HERE),
      (error: Error & { hint?: string; code?: string }) => {
        assert.equal(error.code, "configuration");
        assert.match(
          `${error.message} ${error.hint}`,
          /cannot be used.*logins are lost.*rm '.*keywright auth login/,
        );
        assert.doesNotMatch(`${error.message} ${error.hint}`, /canary/);
        return true;
      },
      text,
    );
  }
  chmodSync(path, 0o622);
  assert.throws(() => dpopKey(home, HERE), { message: `${path} can be written by other users` });
});

test("a key in the keychain is not in the file", (t) => {
  const home = mendaHome(t).path;
  // Without a keychain there is no key, and no file that speaks of one.
  assert.throws(() => dpopKey(home, { ...HERE, place: "keychain" }), { code: "configuration" });
  assert.deepEqual(readdirSync(dirname(dpopKeyPath(home))), []);
});
