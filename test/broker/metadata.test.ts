// Authorization server metadata, by section of RFC 8414: what is advertised answers, what is not is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { running, send } from "./broker.ts";

const PATH = "/.well-known/oauth-authorization-server";

test("RFC 8414 §2: the metadata", async (t) => {
  const broker = await running(t);
  const { url } = broker;
  const { status, json, headers } = await send(broker, PATH);
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(url, `http://localhost:${broker.port}`);
  const METHODS = ["client_secret_basic", "client_secret_post"];
  assert.deepEqual(json, {
    issuer: url,
    token_endpoint: `${url}/oauth2/token`,
    token_endpoint_auth_methods_supported: METHODS,
    grant_types_supported: ["client_credentials"],
    response_types_supported: [],
    scopes_supported: ["registry"],
    introspection_endpoint: `${url}/oauth2/introspect`,
    introspection_endpoint_auth_methods_supported: METHODS,
    revocation_endpoint: `${url}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: METHODS,
    keywright_registry_endpoint: `${url}/api/v1/registry/token`,
    keywright_registry_check_endpoint: `${url}/api/v1/registry/check`,
  });
});

test("RFC 8414 §3.3: the issuer is --url exactly, whatever the Host header says", async (t) => {
  const broker = await running(t, { url: "https://keywright.example/", behindProxy: true });
  for (const headers of [
    {},
    { Host: "evil.example" },
    { Host: "a/b?c" },
    { "X-Forwarded-Host": "evil.example" },
  ]) {
    const { text, json } = await send(broker, PATH, { headers });
    assert.equal(json["issuer"], "https://keywright.example");
    assert.ok(!text.includes("evil"));
  }
});

test("RFC 8414 §2: every advertised endpoint answers", async (t) => {
  const broker = await running(t);
  const { json } = await send(broker, PATH);
  for (const [name, value] of Object.entries(json).filter(([key]) => key.endsWith("_endpoint"))) {
    const path = new URL(String(value)).pathname;
    const method = name === "keywright_registry_check_endpoint" ? "GET" : "POST";
    assert.ok([400, 401].includes((await send(broker, path, { method })).status), name);
  }
});

test("RFC 8414 §3.1: a path after the well-known part is another issuer", async (t) => {
  const broker = await running(t);
  assert.equal((await send(broker, `${PATH}/tenant`)).status, 404);
});
