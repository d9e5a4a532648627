// The OpenAPI document is what is mounted, no more and no less. (broker.ts holds every answer of this room's tests to it.)
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Core } from "../../src/broker/core.ts";
import { endpointsOf } from "../../src/broker/endpoints.ts";
import { conforms, DOCUMENT } from "./conforms.ts";
import { CONFIG, running, send } from "./broker.ts";

test("OpenAPI: every endpoint that is mounted is described, and the other way round", () => {
  // To be listed, the endpoints need no more of a core than this.
  const core = { url: "http://localhost:8765", config: CONFIG } as Core;
  const mounted = endpointsOf(core).map(({ method, path }) => `${method} ${path}`);
  const described = Object.entries(DOCUMENT.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), mounted.sort());
});

test("OpenAPI: it is served, with this broker's own address, and every reference in it resolves", async (t) => {
  const broker = await running(t);
  const { status, headers, json } = await send(broker, "/openapi.json");
  assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
  assert.equal(json["openapi"], "3.1.0");
  assert.deepEqual(json["servers"], [{ url: broker.url }]);
  const text = JSON.stringify(json);
  for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(name in DOCUMENT.components.schemas, name);
});

test("OpenAPI: an answer that the document does not describe is seen", () => {
  const json = { "content-type": "application/json" };
  const error = JSON.stringify({ error: "x", error_description: "x", detail: "x" });
  const rows: readonly (readonly [string, number, object, string, RegExp])[] = [
    ["/healthz", 200, json, '{"status":"up"}', /constant/],
    ["/healthz", 200, json, '{"status":"ok","more":1}', /additional/],
    ["/healthz", 200, { "content-type": "text/html" }, "<p>", /of type text\/html/],
    ["/healthz", 418, json, error, /is not in the OpenAPI document/],
    ["/healthz", 429, json, error, /lacks Retry-After/],
    ["/nowhere", 200, json, error, /not described/],
    ["/nowhere", 404, json, "{}", /required/],
  ];
  for (const [path, status, headers, text, message] of rows)
    assert.throws(() => conforms("GET", path, { status, headers: { ...headers }, text }), message);
  conforms("GET", "/healthz", { status: 200, headers: json, text: '{"status":"ok"}' });
});
