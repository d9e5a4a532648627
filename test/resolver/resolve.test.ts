import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import type { RuntimeIdentity } from "../../src/resolver/identity.ts";
import { UNCONDITIONAL, type Rule } from "../../src/resolver/policy.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import { createRefs } from "../../src/resolver/refs.ts";
import { resolve, type House } from "../../src/resolver/resolve.ts";
import { Secret } from "../../src/secret.ts";
import {
  collectingAudit,
  memoryBackend,
  type CollectingAudit,
  type MemoryBackend,
} from "../../src/testing.ts";

const reader: Rule = { ...UNCONDITIONAL, name: "p.allowed_principals", principals: ["me"] };
const base: SecretRef = {
  name: "key",
  store: "s",
  path: "a/key",
  policy: "p",
  match: undefined,
  username: undefined,
  locked: false,
  options: {},
  revision: "1",
};
const me: RuntimeIdentity = { role: { value: "me", attestation: "asserted" } };
const other: RuntimeIdentity = { role: { value: "other", attestation: "asserted" } };

function house(more: Partial<House> = {}): House & { audit: CollectingAudit; backend: MemoryBackend } {
  const backend = memoryBackend({ "root/a/key": "value", "nexus.corp.example/simple": "token" });
  const registry: SecretRef = {
    ...base,
    name: "feed",
    path: undefined,
    match: "nexus.corp.example",
    username: "aws",
  };
  const missing: SecretRef = { ...base, name: "gone", path: "a/gone" };
  return {
    refs: createRefs([base, registry, missing]),
    stores: new Map([["s", { name: "s", backend: "memory", root: "root", options: {} }]]),
    policies: new Map([["p", { name: "p", grants: [reader], deny: [] }]]),
    backends: { memory: backend },
    audit: collectingAudit(),
    now: () => 100,
    auditUnknown: false,
    ...more,
    backend,
  } as House & { audit: CollectingAudit; backend: MemoryBackend };
}

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "answered",
    (error: unknown) => (error instanceof KeywrightError ? error.code : String(error)),
  );
}

test("an allowed ask is decided, fetched, issued, answered, in that order", async () => {
  const h = house();
  const secret = await resolve(h, { kind: "secret", name: "key" }, me);
  assert.equal(secret?.reveal(), "value");
  assert.equal(h.backend.retrieved[0]?.location.path, "root/a/key");
  assert.equal(h.audit.decisions[0]?.outcome, "granted");
  assert.equal(h.audit.decisions[0]?.rule, "p.allowed_principals");
  assert.equal(h.audit.issues[0]?.decision, "decision-1");
  assert.equal(h.audit.issues[0]?.sha256, new Secret("value").fingerprint());
});

test("denied, refused, unknown and malformed asks touch no backend", async () => {
  const h = house();
  assert.equal(await code(resolve(h, { kind: "secret", name: "key" }, other)), "denied");
  assert.equal(await code(resolve(h, { kind: "secret", name: "nobody" }, me)), "unknown");
  const publish = { kind: "registry", url: "https://nexus.corp.example/simple/", action: "publish" } as const;
  assert.equal(await code(resolve(h, publish, me)), "denied");
  assert.equal(
    await code(resolve(h, { ...publish, url: "https://nexus.corp.example.evil.example/" }, me)),
    "refused",
  );
  assert.equal(await code(resolve(h, { ...publish, url: "https://elsewhere.example/" }, me)), "unknown");
  assert.equal(h.backend.retrieved.length, 0);
  assert.deepEqual(
    h.audit.decisions.map(({ outcome }) => outcome),
    ["denied", "denied", "refused"],
  );
});

test("the broker audits what nobody knows, too", async () => {
  const h = house({ auditUnknown: true });
  assert.equal(await code(resolve(h, { kind: "secret", name: "nobody" }, me)), "unknown");
  assert.equal(h.audit.decisions[0]?.outcome, "unknown");
});

test("allowed and absent is undefined, and nothing was issued", async () => {
  const h = house();
  assert.equal(await resolve(h, { kind: "secret", name: "gone" }, me), undefined);
  assert.equal(h.audit.issues.length, 0);
});

test("an audit that fails is a refusal before anything is fetched, and before anything is answered", async () => {
  const failing = async (): Promise<never> => {
    throw new KeywrightError("audit", "disk full");
  };
  const first = house({ audit: { decision: failing, issued: async () => {} } });
  assert.equal(await code(resolve(first, { kind: "secret", name: "key" }, me)), "audit");
  assert.equal(first.backend.retrieved.length, 0);
  const second = house({ audit: { decision: async () => "1", issued: failing } });
  assert.equal(await code(resolve(second, { kind: "secret", name: "key" }, me)), "audit");
});

test("a path that climbs is refused even if it was never validated", async () => {
  const h = house({ refs: createRefs([{ ...base, path: "../other" }]) });
  assert.equal(await code(resolve(h, { kind: "secret", name: "key" }, me)), "configuration");
  assert.equal(h.backend.retrieved.length, 0);
});

test("a Secret prints as [secret] however it is printed", () => {
  const secret = new Secret("hunter2", { username: "aws" });
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ a: [secret] }),
    String(secret),
    secret + "",
  ];
  for (const text of shown) assert.ok(!text.includes("hunter2") && text.includes("[secret]"), text);
  assert.equal(Object.keys(secret).includes("value"), false);
});
