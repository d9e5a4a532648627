// Issue 8, proof 6: an access token that somebody copied without its key gets 401 at every endpoint that takes one. The
// endpoints come out of the list that the broker mounts, so that a new one cannot be forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";
import { basic, send, type Answer } from "../broker.ts";
import { boundPlace, everyEndpoint } from "./bound.ts";

/** Those that take no access token as proof of who asks; each says why. */
const TAKES_NONE: Readonly<Record<string, string>> = {
  "/openapi.json": "public",
  "/.well-known/oauth-authorization-server": "public",
  "/.well-known/oauth-protected-resource": "public",
  "/healthz": "public",
  "/readyz": "public",
  "/metrics": "public",
  "/oauth2/token": "clients and grants",
  "/oauth2/device_authorization": "clients",
  "/oauth2/introspect": "clients",
  "/oauth2/revoke": "clients; to end a token needs no key",
  "/oauth2/authorize": "a page",
  "/api/v1/auth/discovery": "public",
  "/api/v1/auth/oauth2/token": "clients",
  "/api/v1/auth/device/authorize": "clients",
  "/api/v1/auth/device/token": "device codes",
};

const isPage = (path: string): boolean =>
  /^\/(?:$|device|approve|login|logout|invite|assets|console)/.test(path);

test("a copied token is worth nothing anywhere", async (t) => {
  const { broker, token } = await boundPlace(t);
  const takers = everyEndpoint().filter(({ path }) => !(path in TAKES_NONE) && !isPage(path));
  assert.deepEqual(
    takers.map(({ method, path }) => `${method} ${path}`).toSorted(),
    [
      "GET /api/v1/auth/whoami",
      "GET /api/v1/registry/check",
      "GET /api/v1/whoami",
      "POST /api/v1/auth/registry/token",
      "POST /api/v1/registry/token",
    ],
    "an endpoint that takes an access token belongs here, any other into TAKES_NONE",
  );
  const ways: readonly Readonly<Record<string, string>>[] = [
    { Authorization: `Bearer ${token}` },
    { Authorization: `DPoP ${token}` },
    { Authorization: `DPoP ${token}`, DPoP: "x.y.z" },
    basic("token", token),
    basic(token, token),
    { authorizationToken: token },
    { authorizationToken: `Bearer ${token}` },
    { authorizationToken: `DPoP ${token}` },
  ];
  for (const { method, path } of takers)
    for (const way of ways) {
      const query = path.endsWith("/check") ? "?ref=packages" : "";
      const body = method === "POST" ? JSON.stringify({ url: "https://packages.example/simple/" }) : "";
      const headers = { "Content-Type": "application/json", ...way };
      const answer: Answer = await send(broker, `${path}${query}`, { method, headers, body });
      assert.equal(answer.status, 401, `${method} ${path} ${Object.keys(way).join()}: ${answer.text}`);
      assert.doesNotMatch(answer.text, /kw_/);
    }
});
