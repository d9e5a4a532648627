import assert from "node:assert/strict";
import { test } from "node:test";
import type { Origin } from "../../src/config/tree.ts";
import { SecretsApi } from "../../src/secrets/secrets-api.ts";
import { as, DATA, faultOf, placeOf } from "./place.ts";

const { stores, refs, policies } = DATA;
const key = refs.databento_api_key;

function refusal(change: Readonly<Record<string, unknown>>): string {
  const { code, message, hint } = faultOf(() => placeOf({ ...DATA, ...change }));
  assert.equal(code, "configuration");
  assert.match(message, /^secrets configuration: /);
  return `${message.slice("secrets configuration: ".length)}${hint === undefined ? "" : ` | ${hint}`}`;
}

test("several stores, refs and policies load; empty sections too", () => {
  const { api } = placeOf();
  assert.equal(api.secretRefRegistry.get("databento_api_key").store, "red");
  assert.deepEqual(api.secretStoreRegistry.get("black"), {
    name: "black",
    backend: "memory",
    root: "mxm/black",
    options: {},
  });
  assert.equal(api.secretPolicyRegistry.get("deny_all").grants.length, 0);
  assert.deepEqual(placeOf({ stores: {}, refs: {}, policies: {} }).api.secretRefRegistry.names(), []);
});

test("each section must be there and be a mapping", () => {
  for (const section of ["stores", "refs", "policies"]) {
    const { [section]: _, ...rest } = DATA as Readonly<Record<string, unknown>>;
    const fault = faultOf(() => placeOf(rest));
    assert.match(fault.message, new RegExp(`it has no ${section}$`));
    for (const [value, is] of [
      [null, "is empty"],
      ["x", "is text"],
      [1, "is a number"],
      [true, "is a boolean"],
      [["x"], "is a list"],
    ] as const)
      assert.match(refusal({ [section]: value }), new RegExp(`^${section} ${is}`));
  }
  for (const data of [null, undefined, "x", [], () => DATA])
    assert.equal(faultOf(() => SecretsApi.fromConfigData(data as never)).code, "configuration");
});

test("each entry must be a mapping, and each field of its type", () => {
  const sections = { stores: "red", refs: "databento_api_key", policies: "marketdata_access" } as const;
  for (const [section, name] of Object.entries(sections)) {
    for (const value of [null, "x", 1, true, ["x"]])
      assert.match(
        refusal({ [section]: { ...entriesOf(section), [name]: value } }),
        new RegExp(`^${section}\\.${name} is`),
      );
  }
  const wrong = [1, true, null, ["x"], { x: 1 }, 1.5];
  for (const value of wrong) {
    for (const field of ["store", "path", "policy"])
      assert.match(
        refusal({ refs: { databento_api_key: { ...key, [field]: value } } }),
        new RegExp(`^refs\\.databento_api_key\\.${field} is`),
      );
    for (const field of ["backend", "root"])
      assert.match(
        refusal({ stores: { ...stores, red: { ...stores.red, [field]: value } } }),
        new RegExp(`^stores\\.red\\.${field} is`),
      );
  }
  for (const value of [1, true, null, "research", { x: 1 }])
    assert.match(
      refusal({ policies: { ...policies, deny_all: { allowed_principals: value } } }),
      /^policies\.deny_all\.allowed_principals is/,
    );
  for (const item of [1, null, true, ["x"], ""])
    assert.match(
      refusal({ policies: { ...policies, deny_all: { allowed_principals: ["a", item] } } }),
      /^policies\.deny_all\.allowed_principals has an entry/,
    );
});

function entriesOf(section: string): object {
  return (DATA as unknown as Readonly<Record<string, object>>)[section] ?? {};
}

test("what is missing is named with its entry", () => {
  for (const field of ["store", "policy"]) {
    const { [field as "store"]: _, ...rest } = key;
    assert.match(
      refusal({ refs: { databento_api_key: rest } }),
      new RegExp(`^refs\\.databento_api_key has no ${field}`),
    );
  }
  assert.match(
    refusal({ refs: { k: { store: "red", policy: "deny_all" } } }),
    /^refs\.k has neither path nor match/,
  );
  assert.match(refusal({ stores: { red: { root: "a" } } }), /^stores\.red has no backend/);
});

test("a store, a policy or a backend that does not exist is found while loading, with what was meant", () => {
  assert.equal(
    refusal({ refs: { k: { ...key, store: "rde" } } }),
    "refs.k.store names 'rde', which does not exist | Did you mean 'red'?",
  );
  assert.match(refusal({ refs: { k: { ...key, policy: "nothing" } } }), /^refs\.k\.policy names 'nothing'/);
  assert.match(
    refusal({ stores: { ...stores, red: { backend: "memoryy", root: "a" } } }),
    /^stores\.red\.backend names 'memoryy', which keywright does not have \| Did you mean 'memory'\?/,
  );
});

test("an unknown key is refused wherever it stands", () => {
  assert.match(refusal({ extra: {} }), /^unknown key 'extra' in it/);
  assert.match(
    refusal({ refs: { k: { ...key, paht: "x" } } }),
    /^unknown key 'paht' in refs\.k \| Did you mean 'path'\?/,
  );
  assert.match(
    refusal({ stores: { ...stores, red: { ...stores.red, url: "x" } } }),
    /^unknown key 'url' in stores\.red/,
  );
  assert.match(
    refusal({ policies: { ...policies, deny_all: { allowedPrincipals: [] } } }),
    /^unknown key 'allowedPrincipals' in policies\.deny_all \| Did you mean 'allowed_principals'\?/,
  );
  assert.match(
    refusal({ policies: { ...policies, deny_all: { grants: [{ name: "a", hosts: ["x"] }] } } }),
    /^unknown key 'hosts' in policies\.deny_all\.grants\[0\]/,
  );
});

test("a backend's own options are checked, those of the caller's backends are the caller's", () => {
  const menda = { backend: "menda", options: { profil: "x" } };
  assert.match(refusal({ stores: { ...stores, m: menda } }), /^stores\.m\.options cannot be used: .*profil/);
  const own = { ...stores, red: { ...stores.red, options: { anything: 1 } } };
  const { api } = placeOf({ ...DATA, stores: own });
  assert.deepEqual(api.secretStoreRegistry.get("red").options, { anything: 1 });
});

test("absolute and climbing paths are refused while loading", () => {
  for (const path of ["/etc/passwd", "../black/key", "a/../../b", "a//b", "-n"])
    assert.match(refusal({ refs: { k: { ...key, path } } }), /^refs\.k\.path /);
  for (const root of ["/mxm", "..", "mxm/.."])
    assert.match(refusal({ stores: { ...stores, red: { backend: "memory", root } } }), /^stores\.red\.root /);
});

test("names are identifiers, rules have names of their own, dates are dates", () => {
  for (const name of ["Api", "api-key", "1a", "", "a b"])
    assert.match(refusal({ refs: { [name]: key } }), /^refs has the name/);
  const deny = [{ name: "a" }, { name: "a" }];
  assert.match(refusal({ policies: { ...policies, p: { deny } } }), /^policies\.p has two rules named 'a'/);
  const late = [{ name: "a", not_before: "2026-02-30" }];
  assert.match(
    refusal({ policies: { ...policies, p: { grants: late } } }),
    /^policies\.p\.grants\[0\]\.not_before is no date/,
  );
});

test("what JSON could not say is refused; what is undefined is left out", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  for (const value of [() => "x", new Date(0), Symbol("x"), Number.NaN, 1n, new Map(), circle])
    assert.match(refusal({ refs: { k: { ...key, options: { x: value } } } }), /^refs\.k\.options/);
  const { api } = placeOf({ ...DATA, refs: { k: { ...key, username: undefined } } });
  assert.equal(api.secretRefRegistry.get("k").username, undefined);
  const own = JSON.parse('{"__proto__": {"store": "red", "path": "a", "policy": "deny_all"}}') as object;
  assert.match(refusal({ refs: own }), /^refs has the name '__proto__'/);
});

test("with the place of each value the error says file and line", () => {
  const lines: Readonly<Record<string, Origin>> = {
    "refs.k.store": { file: "apps/study/default.yaml", line: 12 },
    "refs.k": { file: "apps/study/default.yaml", line: 11 },
  };
  const load = (data: object) => () => placeOf(data, { originOf: (path) => lines[path] });
  assert.equal(
    faultOf(load({ ...DATA, refs: { k: { ...key, store: "nothing" } } })).message,
    "apps/study/default.yaml:12: refs.k.store names 'nothing', which does not exist",
  );
  assert.match(
    faultOf(load({ ...DATA, refs: { k: { ...key, path: "/a" } } })).message,
    /^apps\/study\/default\.yaml:11: refs\.k\.path/,
  );
});

test("an audit that names no sink is an error, not the usual file", () => {
  for (const audit of ["stdout", "", {}, { file: "" }, { path: "/tmp/x" }, null] as unknown[]) {
    const { code, message } = faultOf(() => placeOf(DATA, { audit: audit as "none" }));
    assert.deepEqual([code, message], ["configuration", "the option audit names no sink"]);
  }
});

test("a machine's name has no case, in a rule as in an identity: a deny is not missed by a capital", async () => {
  const rule = (name: string, machine: string) => ({ name, machines: [machine] });
  const policy = { grants: [{ name: "all" }], deny: [rule("upper", "Bridge"), rule("lower", "vault")] };
  const { api } = placeOf({ ...DATA, policies: { ...policies, marketdata_access: policy } });
  for (const machine of ["bridge", "Bridge", "VAULT"]) {
    const { outcome } = await api.explain({
      secretName: "databento_api_key",
      identity: as("research", { machine }),
    });
    assert.equal(outcome, "denied", machine);
  }
});
