import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { KeywrightError } from "../../src/errors.ts";
import { ATTESTATIONS, type IdentityField } from "../../src/resolver/identity.ts";
import { createRefs } from "../../src/resolver/refs.ts";
import { resolve, type House } from "../../src/resolver/resolve.ts";
import { SecretRef, SecretStore } from "../../src/secrets/models.ts";
import type { AttestedIdentity } from "../../src/secrets/identity.ts";
import { collectingAudit, fixedClock, memoryBackend } from "../../src/testing.ts";
import { as, placeOf, told } from "./place.ts";

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom("/", "..", ".", "a", "b", "-", "\\", "\u0000", " ", "é", "//") }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("a", "a/b", "../a", "a/../../b", "/a", "a/..", "~", "%2e%2e/a", "..\\a", "．．/a"),
);

/** Where a path leads that a program takes as it is, or cleans first. */
function assertBelow(root: string, path: string | undefined): void {
  assert.ok(path !== undefined);
  const inside = root === "" ? path : path.slice(root.length + 1);
  assert.equal(path, root === "" ? inside : `${root}/${inside}`);
  assert.equal(posix.normalize(path), path);
  assert.ok(inside !== "" && !posix.isAbsolute(path), path);
  assert.doesNotMatch(posix.relative(root, path), /^\.\.(\/|$)/);
  assert.doesNotMatch(path, /[\u0000-\u001f\\]|(^|\/)-/);
}

test("property: a location is below its store's root, whatever root and path say, or there is none", async () => {
  let located = 0;
  const oneRound = async (root: string, path: string): Promise<void> => {
    const data = {
      stores: { s: { backend: "memory", root } },
      refs: { k: { store: "s", path, policy: "p" } },
      policies: { p: { allowed_principals: ["research"] } },
    };
    const load = (): ReturnType<typeof placeOf> | undefined => {
      try {
        return placeOf(data);
      } catch (error) {
        assert.ok(error instanceof KeywrightError && error.code === "configuration");
        return undefined;
      }
    };
    const place = load();
    if (place === undefined) return;
    await place.api.getSecret({ secretName: "k", identity: as("research"), default: null });
    located += 1;
    assertBelow(place.api.secretStoreRegistry.get("s").root, place.backend.retrieved[0]?.location.path);
  };
  const roots = fc.oneof(text, fc.constantFrom("mxm/red", "mxm/red/", "a"));
  await fc.assert(fc.asyncProperty(roots, text, oneRound), { numRuns: 1000 });
  assert.ok(located > 50, `only ${located} were located`);
});

test("property: neither does one whose ref was never validated", async () => {
  const store = SecretStore.of({ name: "s", backend: "memory", root: "mxm/red" });
  const ref = SecretRef.of({ name: "k", store: "s", path: "a", policy: "p" });
  const { api } = placeOf();
  const policy = { ...api.secretPolicyRegistry.get("marketdata_access"), name: "p" };
  await fc.assert(
    fc.asyncProperty(text, async (path) => {
      const backend = memoryBackend({});
      const house: House = {
        refs: createRefs([{ ...ref, path }]),
        stores: new Map([["s", store]]),
        policies: new Map([["p", policy]]),
        backends: { memory: backend },
        audit: collectingAudit(),
        now: () => 0,
        auditUnknown: true,
      };
      const role = { value: "research", attestation: "asserted" } as const;
      const came = await resolve(house, { kind: "secret", name: "k" }, { role }).catch(
        (error: unknown) => error,
      );
      if (came === undefined) assertBelow("mxm/red", backend.retrieved[0]?.location.path);
      else assert.ok(came instanceof KeywrightError && came.code === "configuration");
      assert.equal(backend.retrieved.length, came === undefined ? 1 : 0);
    }),
    { numRuns: 1000 },
  );
});

const PRINCIPALS = ["a", "b", "c"] as const;
const conditions = {
  actions: fc.subarray(["read", "publish"]),
  environments: fc.subarray(["prod", "dev"]),
  machines: fc.subarray(["bridge", "monolith"]),
  substrates: fc.subarray(["local-process", "docker-container"]),
  apps: fc.subarray(["study"]),
  attestation: fc.constantFrom(...ATTESTATIONS),
  not_before: fc.constantFrom("2026-01-01", "2027-02-01"),
  not_after: fc.constantFrom("2027-01-01", "2028-01-01"),
  reason_required: fc.boolean(),
};
const rule = fc
  .record({ principals: fc.subarray([...PRINCIPALS]), ...conditions }, { requiredKeys: [] })
  .filter(({ not_before: from, not_after: to }) => from === undefined || to === undefined || from < to);
const policy = fc
  .record({
    allowed_principals: fc.subarray([...PRINCIPALS]),
    grants: fc.array(rule, { maxLength: 3 }),
    deny: fc.array(rule, { maxLength: 2 }),
  })
  .map(({ allowed_principals, grants, deny }) => ({
    allowed_principals,
    grants: grants.map((one, at) => ({ ...one, name: `grant_${at}` })),
    deny: deny.map((one, at) => ({ ...one, name: `deny_${at}` })),
  }));
const words: Readonly<Record<IdentityField, readonly string[]>> = {
  app: ["study", "other"],
  environment: ["prod", "dev"],
  machine: ["bridge", "monolith"],
  substrate: ["local-process", "docker-container"],
  role: ["a", "b", "c", "market-data"],
};
const known = (field: IdentityField) =>
  fc.option(
    fc.record({ value: fc.constantFrom(...words[field]), attestation: fc.constantFrom(...ATTESTATIONS) }),
    {
      nil: undefined,
      freq: 8,
    },
  );
const identity: fc.Arbitrary<AttestedIdentity> = fc.record({
  app: known("app"),
  environment: known("environment"),
  machine: known("machine"),
  substrate: known("substrate"),
  role: known("role"),
});
const reason = fc.constantFrom(undefined, "", "incident 7");

function dataOf(p: unknown, q: unknown = {}): object {
  return {
    stores: { s: { backend: "memory", root: "mxm/red" } },
    refs: {
      there: { store: "s", path: "marketdata/databento/api_key", policy: "p" },
      gone: { store: "s", path: "gone", policy: "p" },
    },
    policies: { p, q },
  };
}

test("property: explain and getSecret always agree, down to the rule, and so does the audit", async () => {
  const outcomes = new Set<string>();
  const name = fc.constantFrom("there", "gone", "nothing", "No name");
  await fc.assert(
    fc.asyncProperty(policy, identity, reason, name, async (p, who, why, secretName) => {
      const { api, audit, backend } = placeOf(dataOf(p), { clock: fixedClock() });
      const question = { secretName, identity: who, reason: why };
      const said = await api.explain(question).catch(({ code }: KeywrightError) => code);
      const came = await told(api.getSecret(question));
      const expected: Readonly<Record<string, string>> = {
        granted: secretName === "there" ? "value databento-value" : "not_found",
        denied: "denied",
        unknown: "unknown",
      };
      outcomes.add(came);
      assert.equal(came, typeof said === "string" ? said : expected[said.outcome]);
      const [entry] = audit.decisions;
      assert.equal(audit.decisions.length, 1);
      if (typeof said === "string") assert.equal(entry?.outcome, "refused");
      else assert.deepEqual([entry?.outcome, entry?.rule, entry?.ref], [said.outcome, said.rule, said.ref]);
      assert.equal(backend.retrieved.length, entry?.outcome === "granted" ? 1 : 0);
    }),
    { numRuns: 1500 },
  );
  const all = ["value databento-value", "not_found", "denied", "unknown", "configuration"];
  assert.deepEqual([...outcomes].sort(), all.sort());
});

test("property: a rule for A changes nothing for B, and nothing in another policy changes anything", async () => {
  const kind = fc.constantFrom("grants" as const, "deny" as const);
  let changedForA = 0;
  await fc.assert(
    fc.asyncProperty(policy, rule, kind, identity, reason, async (p, more, where, who, why) => {
      const forA = { ...more, principals: ["a"], name: "for_a" };
      const after = { ...p, [where]: [...p[where], forA] };
      const asked = { secretName: "there", identity: who, reason: why };
      const verdict = async (data: object, question = asked): Promise<string> => {
        const said = await placeOf(data, { clock: fixedClock() }).api.explain(question);
        return `${said.outcome} ${said.rule}`;
      };
      const role = who.role ?? { value: "b", attestation: "asserted" };
      const b = { ...asked, identity: { ...who, role: { ...role, value: "b" } } };
      // Who is not known as well as a deny wants may be A: that deny is for everybody who may be meant.
      const mayBeA =
        where === "deny" &&
        ATTESTATIONS.indexOf(role.attestation) < ATTESTATIONS.indexOf(forA.attestation ?? "asserted");
      const before = await verdict(dataOf(p), b);
      if (!mayBeA) assert.equal(await verdict(dataOf(after), b), before);
      assert.equal(await verdict(dataOf(p, after), b), before);
      const a = { ...asked, identity: { ...who, role: { ...role, value: "a" } } };
      if ((await verdict(dataOf(after), a)) !== (await verdict(dataOf(p), a))) changedForA += 1;
    }),
    { numRuns: 1000 },
  );
  assert.ok(changedForA > 20, `it changed something for A ${changedForA} times only`);
});
