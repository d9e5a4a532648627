// Fitting alone: a claim fits when it is the value, of the same type, and in no other case.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fit } from "../../../src/broker/workload/fitting.ts";
import { subjectAgrees } from "../../../src/broker/workload/github-subject.ts";
import type { ClaimRule, ClaimValue, IssuerSettings } from "../../../src/config/workloads.ts";

const ISSUER: IssuerSettings = {
  name: "it",
  preset: "generic",
  issuer: "https://issuer.example",
  algorithms: ["RS256"],
  jwksUri: undefined,
  privateNetwork: false,
  caFile: undefined,
  maxLife: 3600,
  immutable: [["sub"]],
};

function fits(claims: readonly ClaimRule[], payload: object): boolean {
  const rule = { name: "r", issuer: "it", principal: "ci", audience: undefined, claims };
  return fit(ISSUER, [rule], payload as Readonly<Record<string, unknown>>).rule !== undefined;
}

const value = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "*",
    "a,b",
    "a/b",
    "+",
    "?",
    ".*",
    "main",
    "maın",
    "MAIN",
    "true",
    "1",
    "",
    " ",
    "\u200b",
    "a\u0301",
    "á",
  ),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }),
);

test("a claim fits exactly when it is one of the values, with its type", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), value, (values, found) => {
      const same = values.some((one) => one === found && typeof one === typeof found);
      assert.equal(fits([{ path: ["sub"], values }], { sub: found }), same);
    }),
    { numRuns: 2000 },
  );
});

test("a list, an object, null and nothing fit no value, and no character stands for others (OpenBao GHSA-59w7-v8rr-pr4p)", () => {
  fc.assert(
    fc.property(value, fc.jsonValue(), (wanted, found) => {
      const plain = ["string", "number", "boolean"].includes(typeof found);
      if (!plain) assert.equal(fits([{ path: ["sub"], values: [wanted] }], { sub: found }), false);
    }),
  );
  for (const pattern of [
    "*",
    "refs/heads/*",
    "refs/heads/ma?n",
    ".*",
    "refs/heads/main|x",
    "^refs/heads/main$",
    "refs/heads/main,x",
  ])
    assert.equal(fits([{ path: ["ref"], values: [pattern] }], { ref: "refs/heads/main" }), false, pattern);
  for (const ref of [
    "refs/heads/*",
    "*",
    "refs/heads/main,other",
    "refs/heads/main/",
    "refs/heads/ma\u0131n",
    "refs/heads/main\u0000",
  ])
    assert.equal(fits([{ path: ["ref"], values: ["refs/heads/main"] }], { ref }), false, ref);
});

test("only what the token itself has is a claim", () => {
  const rows: readonly (readonly [readonly string[], object])[] = [
    [["constructor", "name"], {}],
    [["__proto__", "a"], JSON.parse('{"x":1}') as object],
    [["toString"], {}],
    [["sub", "length"], { sub: "abc" }],
    [["list", "0"], { list: ["Object"] }],
    [["a.b"], { a: { b: "Object" } }],
    [["a", "b"], { "a.b": "Object" }],
  ];
  const values: readonly ClaimValue[] = ["Object", "function", 3, "abc"];
  for (const [path, payload] of rows) assert.equal(fits([{ path, values }], payload), false, path.join());
  assert.equal(fits([{ path: ["a", "b"], values }], { a: { b: "Object" } }), true);
});

test("a sub with ids agrees with them, whatever the names are", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
  const id = fc.nat().map(String);
  fc.assert(
    fc.property(name, name, id, id, id, (owner, repository, ownerId, repositoryId, other) => {
      const sub = `repo:${owner}@${ownerId}/${repository}@${repositoryId}:ref:refs/heads/main`;
      const ids = { repository_owner_id: ownerId, repository_id: repositoryId };
      assert.equal(subjectAgrees({ sub, ...ids }), true);
      assert.equal(subjectAgrees({ sub, ...ids, repository_id: other }), other === repositoryId);
      assert.equal(subjectAgrees({ sub, ...ids, repository_owner_id: Number(ownerId) }), false);
      assert.equal(subjectAgrees({ sub: `repo:${owner}/${repository}:ref:x@1/y@2`, ...ids }), true);
    }),
  );
});
