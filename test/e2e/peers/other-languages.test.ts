// Authlib (Python) and golang.org/x/oauth2 against a running broker, with a person who approves: what each library has of
// device flow, code on loopback, refresh, revocation and private_key_jwt.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installTools, toolPath } from "../../../scripts/tools.ts";
import { keyClient } from "./keys.ts";
import { spokenWith } from "./lines.ts";
import { peerPlace, REGISTRY } from "./peer-place.ts";

test("Authlib: code on loopback with PKCE, refresh, revocation, private_key_jwt", async (t) => {
  installTools(["conformance"], (text) => t.diagnostic(text));
  const place = await peerPlace(t);
  const [es, rs] = [await keyClient(place, "ES256"), await keyClient(place, "RS256")];
  const keys = { ES256: { id: es.id, pem: es.pem }, RS256: { id: rs.id, pem: rs.pem } };
  const answers = await spokenWith(
    toolPath("conformance", "python"),
    [join(import.meta.dirname, "authlib_login.py")],
    {
      settings: { url: place.url, registry: REGISTRY, keys },
      redirect: "http://127.0.0.1:49155/callback",
      env: { ...place.env, AUTHLIB_INSECURE_TRANSPORT: "1" },
    },
  );
  const asKey = { type: "Bearer", registry: 200, hour: "invalid_client" };
  assert.deepEqual(answers, {
    code: {
      type: "Bearer",
      scope: "registry",
      registry: 200,
      rotated: true,
      refreshed: 200,
      revoked: 200,
      after: "invalid_grant",
    },
    key: { ES256: asKey, RS256: asKey },
  });
});

test("golang.org/x/oauth2: device flow and code on loopback with S256, and its TokenSource's refresh", async (t) => {
  const place = await peerPlace(t);
  const cache = join(import.meta.dirname, "..", "..", "..", "node_modules", ".cache", "keywright", "go");
  mkdirSync(cache, { recursive: true });
  const build = spawn("go", ["build", "-modcacherw", "-o", join(cache, "login"), "."], {
    cwd: join(import.meta.dirname, "go-login"),
    env: { ...process.env, GOCACHE: join(cache, "build"), GOMODCACHE: join(cache, "mod") },
    stdio: ["ignore", "inherit", "inherit"],
  });
  assert.deepEqual(await once(build, "close"), [0, null]);
  const answers = await spokenWith(join(cache, "login"), [], {
    settings: { url: place.url, registry: REGISTRY },
    redirect: "http://127.0.0.1:49156/callback",
    env: place.env,
  });
  const one = { type: "Bearer", scope: "registry", registry: 200, refreshed: 200, rotated: true };
  assert.deepEqual(answers, { device: one, code: one, denied: "access_denied" });
});
