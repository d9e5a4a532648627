import assert from "node:assert/strict";
import { test } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { actionOf } from "../../src/resolver/action.ts";
import type { Backend } from "../../src/resolver/backend.ts";
import { HOST_MATCHES } from "../../src/resolver/codeartifact.ts";
import { explain, type ExplainedHouse, type Explanation } from "../../src/resolver/explain.ts";
import type { RuntimeIdentity } from "../../src/resolver/identity.ts";
import { UNCONDITIONAL } from "../../src/resolver/policy.ts";
import { createRefs } from "../../src/resolver/refs.ts";
import { resolve } from "../../src/resolver/resolve.ts";
import { collectingAudit } from "../../src/testing.ts";
import { HOST, HOSTILE, OURS } from "./corpus.ts";

const identity: RuntimeIdentity = { role: { value: "ci", attestation: "asserted" } };

function houseWith(
  described: NonNullable<Backend["describe"]>,
): ExplainedHouse & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  const backend: Backend = {
    async retrieve() {
      asked.push("retrieve");
      return undefined;
    },
    async check() {
      asked.push("check");
    },
    describe: described,
  };
  const ref = {
    name: "ca",
    store: "aws",
    path: undefined,
    policy: "p",
    match: HOST_MATCHES.ipv4,
    username: "aws",
    options: {},
    locked: false,
    revision: "1",
  };
  const grant = { ...UNCONDITIONAL, name: "p.ci", principals: ["ci"], actions: ["read"] as const };
  return {
    asked,
    refs: createRefs([ref]),
    stores: new Map([["aws", { name: "aws", backend: "b", root: "", options: {} }]]),
    policies: new Map([["p", { name: "p", grants: [grant], deny: [] }]]),
    backends: { b: backend },
    now: () => 0,
  };
}

function about(house: ExplainedHouse, url: string): Promise<Explanation> {
  return explain(house, { kind: "registry", url, action: actionOf(url) }, identity);
}

test("explain() names all that would lead to an answer, and asks the backend for nothing but words", async () => {
  const house = houseWith(async ({ address, action }) => [
    { name: "at", value: `${address?.host} ${action}` },
  ]);
  assert.deepEqual(await about(house, `https://${HOST}/pypi/repo/simple/`), {
    outcome: "granted",
    reason: "p.ci grants it",
    action: "read",
    ref: "ca",
    principal: "ci",
    policy: "p",
    rule: "p.ci",
    store: "aws",
    backend: "b",
    facts: [{ name: "at", value: `${HOST} read` }],
    fault: undefined,
  });
  assert.deepEqual(house.asked, []);
});

test("explain() does not ask the backend for words about what is denied, refused or unknown", async () => {
  const house = houseWith(() => assert.fail("described"));
  const denied = await about(house, `https://${HOST}/pypi/repo/`);
  assert.deepEqual(
    [denied.outcome, denied.rule, denied.store, denied.facts],
    ["denied", undefined, "aws", []],
  );
  for (const [url, outcome] of [
    [`https://${HOST}.evil.example/`, "refused"],
    ["https://packages.example/", "unknown"],
  ] as const) {
    const { ref, principal, backend, ...said } = await about(house, url);
    assert.deepEqual([said.outcome, ref, principal, backend], [outcome, undefined, undefined, undefined]);
  }
});

test("explain() tells what would fail, and lets a defect through", async () => {
  const fault = new KeywrightError("configuration", "verify=false");
  const wrong = houseWith(() => Promise.reject(fault));
  const url = `https://${HOST}/pypi/repo/simple/`;
  const { outcome, fault: told, facts } = await about(wrong, url);
  assert.deepEqual([outcome, told, facts], ["granted", fault, []]);
  await assert.rejects(
    about(
      houseWith(() => Promise.reject(new TypeError("x"))),
      url,
    ),
    TypeError,
  );
});

test("explain() and resolve() agree on every address of the corpus", async () => {
  const explained = houseWith(async () => []);
  const house = { ...explained, audit: collectingAudit(), auditUnknown: false };
  for (const url of [...HOSTILE, ...OURS, "https://packages.example/", "12345"]) {
    const action = actionOf(url);
    const { outcome } = await about(explained, url);
    const resolved = await resolve(house, { kind: "registry", url, action }, identity).then(
      () => "granted",
      (error: unknown) => (error instanceof KeywrightError ? error.code : assert.fail(String(error))),
    );
    assert.equal(resolved, outcome, url.slice(0, 120));
  }
});
