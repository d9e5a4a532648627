// OAuth libraries that others wrote, against a running broker over loopback: client_credentials, introspection and
// revocation, each as far as the library has them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { brokerPlace, type BrokerPlace } from "./broker-place.ts";

const REGISTRY = "https://packages.example/simple/";

/** Runs a program that gets its settings, the secret among them, on standard input and answers in JSON. */
async function asked(
  {
    url,
    id,
    secret,
    registry = REGISTRY,
  }: Pick<BrokerPlace, "url" | "id" | "secret"> & { registry?: string },
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<unknown> {
  const child = spawn(command, args, { env });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.end(JSON.stringify({ url, id, secret, registry }));
  const [status] = (await once(child, "close")) as [number | null];
  assert.equal(status, 0, err);
  return JSON.parse(out);
}

test("openid-client: discovery, client_credentials, introspection, revocation", async (t) => {
  const { url, id, secret } = await brokerPlace(t);
  for (const method of [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)]) {
    const config = await openid.discovery(new URL(url), id, undefined, method, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    const token = await openid.clientCredentialsGrant(config, { scope: "registry" });
    assert.deepEqual([token.token_type, token.expires_in, token.scope], ["bearer", 600, "registry"]);
    const before = await openid.tokenIntrospection(config, token.access_token);
    assert.deepEqual([before.active, before.client_id, before.iss], [true, id, url]);
    await openid.tokenRevocation(config, token.access_token);
    assert.deepEqual(await openid.tokenIntrospection(config, token.access_token), { active: false });
  }
  const wrong = await openid.discovery(new URL(url), id, undefined, openid.ClientSecretBasic("wrong"), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  await assert.rejects(openid.clientCredentialsGrant(wrong), { status: 401 });
});

test("oauth4webapi: discovery, client_credentials, introspection, revocation", async (t) => {
  const { url, id, secret } = await brokerPlace(t);
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(url);
  const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  const as = await oauth.processDiscoveryResponse(issuer, discovered);
  const client = { client_id: id };
  for (const method of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
    const granted = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      method,
      { scope: "registry" },
      insecure,
    );
    const token = await oauth.processClientCredentialsResponse(as, client, granted);
    assert.equal(token.expires_in, 600);
    const introspect = async (): Promise<oauth.IntrospectionResponse> =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, method, token.access_token, insecure),
      );
    assert.equal((await introspect()).active, true);
    const revoked = await oauth.revocationRequest(as, client, method, token.access_token, insecure);
    assert.equal(await oauth.processRevocationResponse(revoked), undefined);
    assert.deepEqual(await introspect(), { active: false });
  }
  const wrong = oauth.ClientSecretBasic("wrong");
  const refused = await oauth.clientCredentialsGrantRequest(as, client, wrong, {}, insecure);
  await assert.rejects(oauth.processClientCredentialsResponse(as, client, refused), { status: 401 });
});

test("Authlib: client_credentials, introspection, revocation", async (t) => {
  installTools(["conformance"], (text) => t.diagnostic(text));
  const place = await brokerPlace(t);
  const script = join(import.meta.dirname, "authlib_client.py");
  const env = { ...place.env, AUTHLIB_INSECURE_TRANSPORT: "1" };
  const answers = await asked(place, toolPath("conformance", "python"), [script], env);
  const one = {
    type: "Bearer",
    registry: 200,
    before: true,
    client: "app",
    revoked: 200,
    after: { active: false },
  };
  assert.deepEqual(answers, { client_secret_basic: one, client_secret_post: one, wrong: "invalid_client" });
});

test("golang.org/x/oauth2: client_credentials, by header, by body, and finding out which", async (t) => {
  const place = await brokerPlace(t);
  const cache = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "keywright", "go");
  mkdirSync(cache, { recursive: true });
  const build = spawn("go", ["build", "-modcacherw", "-o", join(cache, "client"), "."], {
    cwd: join(import.meta.dirname, "go-oauth2"),
    env: {
      ...process.env,
      GOCACHE: join(cache, "build"),
      GOMODCACHE: join(cache, "mod"),
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  assert.deepEqual(await once(build, "close"), [0, null]);
  const answers = await asked(place, join(cache, "client"), [], place.env);
  const one = { type: "Bearer", valid: true, scope: "registry", registry: 200 };
  assert.deepEqual(answers, { header: one, params: one, detect: one, wrong: "invalid_client" });
});
