// Authorization server metadata, by section of RFC 8414: what is advertised answers, what is not is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSERTION_ALGORITHMS } from "../../src/broker/jwt/algorithms.ts";
import type { WorkloadSettings } from "../../src/config/workloads.ts";
import { CONFIG, post, running, send } from "./broker.ts";

const GET = new Set([
  "authorization_endpoint",
  "keywright_registry_check_endpoint",
  "keywright_whoami_endpoint",
]);

const PATH = "/.well-known/oauth-authorization-server";

test("RFC 8414 §2: the metadata", async (t) => {
  const broker = await running(t);
  const { url } = broker;
  const { status, json, headers } = await send(broker, PATH);
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(url, `http://localhost:${broker.port}`);
  const METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
  assert.deepEqual(json, {
    issuer: url,
    authorization_endpoint: `${url}/oauth2/authorize`,
    device_authorization_endpoint: `${url}/oauth2/device_authorization`,
    token_endpoint: `${url}/oauth2/token`,
    token_endpoint_auth_methods_supported: [...METHODS, "none"],
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "client_credentials",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: ["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"],
    scopes_supported: ["registry"],
    introspection_endpoint: `${url}/oauth2/introspect`,
    introspection_endpoint_auth_methods_supported: METHODS,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint: `${url}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: [...METHODS, "none"],
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    protected_resources: [url],
    keywright_registry_endpoint: `${url}/api/v1/registry/token`,
    keywright_registry_check_endpoint: `${url}/api/v1/registry/check`,
    keywright_whoami_endpoint: `${url}/api/v1/whoami`,
  });
  for (const alg of ASSERTION_ALGORITHMS) assert.doesNotMatch(alg, /^(?:none|HS)/); // RFC 8725 §3.1.
});

test("RFC 8414 §2: token exchange is advertised, and offered, where workloads are configured", async (t) => {
  const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
  const form = { grant_type: EXCHANGE };
  const without = await running(t);
  assert.equal((await post(without, "/oauth2/token", form)).json["error"], "unsupported_grant_type");
  const issuer = { name: "ci", issuer: "https://ci.example" };
  const rule = { name: "build", issuer: "ci", principal: "ci", claims: [] };
  const workloads = { issuers: [issuer], rules: [rule] } as unknown as WorkloadSettings;
  const broker = await running(t, { config: { ...CONFIG, workloads } });
  const { json } = await send(broker, PATH);
  assert.ok((json["grant_types_supported"] as string[]).includes(EXCHANGE));
  assert.equal((await post(broker, "/oauth2/token", form)).json["error"], "invalid_request");
  const other = await post(broker, "/oauth2/token", { ...form, client_id: "app" });
  assert.deepEqual([other.status, other.json["error"]], [401, "invalid_client"]);
});

test("RFC 9728 §2 and §3: the metadata of the resource that the broker is, too", async (t) => {
  const broker = await running(t, { url: "https://keywright.example", behindProxy: true });
  const { status, json } = await send(broker, "/.well-known/oauth-protected-resource");
  assert.equal(status, 200);
  assert.deepEqual(json, {
    resource: "https://keywright.example",
    authorization_servers: ["https://keywright.example"],
    scopes_supported: ["registry"],
    bearer_methods_supported: ["header"],
    dpop_signing_alg_values_supported: ["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"],
    resource_name: "keywright broker",
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
    const method = GET.has(name) ? "GET" : "POST";
    assert.ok([400, 401].includes((await send(broker, path, { method })).status), name);
  }
});

test("RFC 8414 §3.1: a path after the well-known part is another issuer", async (t) => {
  const broker = await running(t);
  assert.equal((await send(broker, `${PATH}/tenant`)).status, 404);
});
