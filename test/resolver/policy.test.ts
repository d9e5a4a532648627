import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Ask } from "../../src/resolver/ask.ts";
import type { RuntimeIdentity } from "../../src/resolver/identity.ts";
import {
  decide,
  UNCONDITIONAL,
  type Rule,
  type SecretPolicy,
  type Verdict,
} from "../../src/resolver/policy.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";

const any: Rule = { ...UNCONDITIONAL, name: "any" };
const ref: SecretRef = {
  name: "r",
  store: "s",
  path: "p",
  policy: "p",
  match: undefined,
  username: undefined,
  locked: false,
  options: {},
  revision: "1",
};
const secret: Ask = { kind: "secret", name: "r" };
const publish: Ask = { kind: "registry", url: "https://h.example/", action: "publish" };
const me: RuntimeIdentity = {
  role: { value: "me", attestation: "asserted" },
  machine: { value: "bridge", attestation: "discovered" },
  substrate: { value: "local-process", attestation: "discovered" },
};

function verdict(
  grants: readonly Rule[],
  deny: readonly Rule[] = [],
  ask = secret,
  identity = me,
  now = 100,
): Verdict {
  const policy: SecretPolicy = { name: "p", grants, deny };
  return decide({ ask, principal: { name: identity.role?.value ?? "me" }, identity, ref, policy, now });
}

test("without a rule the answer is no, and no rule is named", () => {
  const said = verdict([]);
  assert.equal(said.allowed, false);
  assert.equal(said.rule, undefined);
});

test("a grant without conditions is read only", () => {
  assert.equal(verdict([any]).allowed, true);
  assert.equal(verdict([any], [], publish).allowed, false);
  assert.equal(verdict([{ ...any, actions: ["publish"] }], [], publish).allowed, true);
  assert.equal(verdict([{ ...any, actions: ["publish"] }]).allowed, false);
});

test("deny wins, and is named; without actions it denies all of them", () => {
  const said = verdict([any], [{ ...any, name: "stop" }]);
  assert.deepEqual([said.allowed, said.rule], [false, "stop"]);
  assert.equal(
    verdict([{ ...any, actions: ["publish"] }], [{ ...any, name: "stop" }], publish).allowed,
    false,
  );
  assert.equal(verdict([any], [{ ...any, actions: ["publish"] }]).allowed, true);
});

test("each condition decides on its own field", () => {
  assert.equal(verdict([{ ...any, principals: ["me"] }]).allowed, true);
  assert.equal(verdict([{ ...any, principals: ["other"] }]).allowed, false);
  assert.equal(verdict([{ ...any, machines: ["bridge", "x"] }]).allowed, true);
  assert.equal(verdict([{ ...any, machines: ["x"] }]).allowed, false);
  assert.equal(verdict([{ ...any, substrates: ["docker-container"] }]).allowed, false);
});

test("a field that is not known, or not well enough, counts against the asker", () => {
  assert.equal(verdict([{ ...any, environments: ["prod"] }]).allowed, false);
  assert.equal(verdict([any], [{ ...any, environments: ["prod"] }]).allowed, false);
  assert.equal(verdict([{ ...any, machines: ["bridge"], attestation: "discovered" }]).allowed, true);
  assert.equal(verdict([{ ...any, machines: ["bridge"], attestation: "verified" }]).allowed, false);
  assert.equal(verdict([{ ...any, principals: ["me"], attestation: "discovered" }]).allowed, false);
  const elsewhere: Rule = { ...any, name: "no_x", machines: ["x"] };
  assert.equal(verdict([any], [elsewhere]).allowed, true);
  assert.equal(verdict([any], [{ ...elsewhere, attestation: "verified" }]).allowed, false);
});

test("time bounds: from not_before on, until before not_after", () => {
  const rule: Rule = { ...any, notBefore: 100, notAfter: 200 };
  const at = (now: number): boolean => verdict([rule], [], secret, me, now).allowed;
  assert.deepEqual([at(99), at(100), at(199.9), at(200)], [false, true, true, false]);
});

test("a grant that wants a reason takes a reason that is not blank", () => {
  const rule: Rule = { ...any, reasonRequired: true };
  assert.equal(verdict([rule]).allowed, false);
  assert.equal(verdict([rule], [], { ...secret, reason: "  " }).allowed, false);
  assert.equal(verdict([rule], [], { ...secret, reason: "incident 7" }).allowed, true);
});

test("property: adding a deny never allows what was denied, and adding a grant never denies what was allowed", () => {
  const names = fc.subarray(["me", "other"]);
  const rule = fc.record({
    name: fc.constantFrom("a", "b"),
    principals: names,
    actions: fc.subarray(["read", "publish"] as const),
    environments: fc.subarray(["prod", "dev"]),
    machines: fc.subarray(["bridge", "x"]),
    substrates: fc.subarray(["local-process", "docker-container"]),
    apps: fc.subarray(["shell"]),
    attestation: fc.constantFrom("asserted" as const, "discovered" as const, "verified" as const),
    notBefore: fc.option(fc.nat(200), { nil: undefined }),
    notAfter: fc.option(fc.nat(200), { nil: undefined }),
    reasonRequired: fc.boolean(),
  });
  const rules = fc.array(rule, { maxLength: 3 });
  fc.assert(
    fc.property(rules, rules, rule, fc.constantFrom(secret, publish), (grants, deny, more, ask) => {
      const before = verdict(grants, deny, ask);
      if (verdict(grants, [...deny, more], ask).allowed) assert.ok(before.allowed);
      if (before.allowed) assert.ok(verdict([...grants, more], deny, ask).allowed);
      if (grants.length === 0) assert.equal(before.allowed, false);
    }),
  );
});
