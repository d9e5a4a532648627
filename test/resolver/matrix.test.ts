import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { askIn, cellsFor } from "../../src/resolver/cells.ts";
import { ATTESTATIONS } from "../../src/resolver/identity.ts";
import { matrixChanges, matrixOf, type Rules } from "../../src/resolver/matrix.ts";
import { decide, UNCONDITIONAL, type Rule, type SecretPolicy } from "../../src/resolver/policy.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";

const REF: SecretRef = {
  name: "key",
  store: "s",
  path: "k",
  policy: "p",
  match: undefined,
  username: undefined,
  options: {},
  locked: false,
  revision: "1",
};

function rules(policy: Partial<SecretPolicy>, refs: readonly SecretRef[] = [REF]): Rules {
  return { refs, policies: new Map([["p", { name: "p", grants: [], deny: [], ...policy }]]) };
}

function rule(name: string, conditions: Partial<Rule>): Rule {
  return { ...UNCONDITIONAL, name, ...conditions };
}

const shown = (all: Rules): readonly string[] =>
  matrixOf(all).map(({ ref, principal, action, may, conditions }) =>
    [ref, principal, action, may, ...conditions].join(" | "),
  );

test("always, sometimes with the rules that decide, never; and everybody else", () => {
  const conditional = rule("on_bridge", {
    principals: ["execution"],
    environments: ["prod"],
    machines: ["bridge", "tower"],
    attestation: "discovered",
    notBefore: 1_767_225_600,
    notAfter: 1_798_761_600,
    reasonRequired: true,
  });
  const deny = rule("no_containers", { substrates: ["docker-container"] });
  assert.deepEqual(
    shown(rules({ grants: [rule("a", { principals: ["research"] }), conditional], deny: [deny] })),
    [
      "key | execution | read | sometimes | on_bridge (environment prod, machine bridge or tower, at least discovered, " +
        "from 2026-01-01, until 2027-01-01, reason required) | but not no_containers (substrate docker-container)",
      "key | research | read | sometimes | a | but not no_containers (substrate docker-container)",
      "key | * | read | never",
    ],
  );
  assert.deepEqual(shown(rules({ grants: [rule("a", { principals: ["research"] })] })), [
    "key | research | read | always",
    "key | * | read | never",
  ]);
  assert.deepEqual(shown(rules({ grants: [rule("all", {})] })), ["key | * | read | always"]);
});

test("a registry has two actions, a secret one", () => {
  const registry = { ...REF, name: "pypi", path: undefined, match: "pypi.example" };
  const grants = [
    rule("a", { principals: ["ci"], actions: ["read", "publish"] }),
    rule("b", { principals: ["dev"] }),
  ];
  assert.deepEqual(shown(rules({ grants }, [registry])), [
    "pypi | ci | read | always",
    "pypi | ci | publish | always",
    "pypi | dev | read | always",
    "pypi | dev | publish | never",
    "pypi | * | read | never",
    "pypi | * | publish | never",
  ]);
});

test("a difference names who gained or lost, with a situation in which it is so", () => {
  const old = rules({ grants: [rule("a", { principals: ["research"] })] });
  const now = rules({
    grants: [
      rule("a", { principals: ["research"], environments: ["dev"] }),
      rule("b", { principals: ["ops"] }),
    ],
  });
  assert.deepEqual(matrixChanges(old, now), [
    {
      ref: "key",
      principal: "ops",
      action: "read",
      change: "gained",
      example: "",
      cells: 1,
      of: 1,
    },
    {
      ref: "key",
      principal: "research",
      action: "read",
      change: "lost",
      example: "",
      cells: 1,
      of: 2,
    },
  ]);
  assert.deepEqual(matrixChanges(old, old), []);
});

test("a ref that appears or goes is a gain or a loss; another policy of the same meaning is none", () => {
  const grants = [rule("a", { principals: ["research"] })];
  const none = rules({ grants }, []);
  assert.deepEqual(
    matrixChanges(none, rules({ grants })).map(({ change, principal }) => [change, principal]),
    [["gained", "research"]],
  );
  const renamed = rules({ grants: [rule("another", { principals: ["research"] })] });
  assert.deepEqual(matrixChanges(rules({ grants }), renamed), []);
});

/** Random rules over a few names, and a random question: the cells must hold one that decides as the question does. */
test("every question is decided as one of the cells is (property)", () => {
  const names = (...all: readonly string[]) => fc.subarray([...all]);
  const time = fc.option(fc.integer({ min: 10, max: 14 }), { nil: undefined });
  const anyRule = fc.record({
    principals: names("p", "q"),
    environments: names("dev", "prod"),
    machines: names("a", "b"),
    substrates: names("x"),
    apps: names("shell"),
    attestation: fc.constantFrom(...ATTESTATIONS),
    notBefore: time,
    notAfter: time,
    reasonRequired: fc.boolean(),
    actions: fc.constant([]),
  });
  const question = fc.record({
    environment: fc.constantFrom("dev", "prod", "else"),
    machine: fc.constantFrom("a", "b", "else"),
    substrate: fc.constantFrom("x", "else"),
    app: fc.constantFrom("shell", "else"),
    host: fc.constantFrom("asserted", "discovered"),
    now: fc.integer({ min: 8, max: 16 }),
    reason: fc.constantFrom(undefined, "because"),
  } as const);
  const rulesOf = fc.array(anyRule, { maxLength: 3 });
  fc.assert(
    fc.property(rulesOf, rulesOf, question, (grants, deny, asked) => {
      const numbered = (all: readonly object[], word: string) =>
        all.map((one, at) => rule(`${word}${at}`, one));
      const policy: SecretPolicy = { name: "p", grants: numbered(grants, "g"), deny: numbered(deny, "d") };
      const said = (value: string) => ({ value, attestation: "asserted" }) as const;
      const host = (value: string) => ({ value, attestation: asked.host }) as const;
      const identity = {
        role: said("p"),
        environment: said(asked.environment),
        app: said(asked.app),
        machine: host(asked.machine),
        substrate: host(asked.substrate),
      };
      const base = { principal: { name: "p" }, ref: REF, policy };
      const ask = { kind: "secret", name: "key", reason: asked.reason } as const;
      const verdict = decide({ ...base, ask, identity, now: asked.now }).allowed;
      const cells = cellsFor([policy], "p") ?? assert.fail();
      const verdicts = new Set(
        cells.map(
          (cell) =>
            decide({ ...base, ask: askIn(cell, REF, "read"), identity: cell.identity, now: cell.now })
              .allowed,
        ),
      );
      assert.ok(verdicts.has(verdict));
    }),
    { numRuns: 1500 },
  );
});

test("too many situations are not guessed at", () => {
  const many = (word: string): readonly string[] => Array.from({ length: 80 }, (_, at) => `${word}${at}`);
  const wide = rule("wide", {
    principals: ["p"],
    environments: many("e"),
    machines: many("m"),
    apps: many("a"),
  });
  assert.equal(cellsFor([{ name: "p", grants: [wide], deny: [] }], "p"), undefined);
  assert.match(shown(rules({ grants: [wide] }))[0] ?? "", /^key \| p \| read \| unknown \| wide/);
  assert.throws(() => matrixChanges(rules({}), rules({ grants: [wide] })), { code: "configuration" });
});

test("many refs of a policy with many situations are judged once", () => {
  const names = (word: string, many: number): readonly string[] =>
    Array.from({ length: many }, (_, at) => `${word}${at}`);
  const wide = (name: string, principals: readonly string[]): Rule =>
    rule(name, {
      principals,
      environments: names("e", 6),
      machines: names("m", 12),
      substrates: names("s", 4),
      apps: names("a", 6),
    });
  const principals = names("p", 20);
  const refs = names("key", 400).map((name) => ({ ...REF, name }));
  const all = rules({ grants: [wide("wide", principals)] }, refs);
  const begun = performance.now();
  assert.equal(matrixOf(all).length, 400 * 21);
  const fewer = rules({ grants: [wide("wide", principals.slice(1))] }, refs);
  assert.equal(matrixChanges(all, fewer).length, 400);
  assert.ok(performance.now() - begun < 20_000);
});
