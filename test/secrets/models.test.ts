import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Principal,
  ResolvedSecretLocation,
  SecretPolicy,
  SecretRef,
  SecretStore,
} from "../../src/secrets/models.ts";
import {
  SecretPolicyRegistry,
  SecretRefRegistry,
  SecretStoreRegistry,
} from "../../src/secrets/registries.ts";
import { as, faultOf, placeOf } from "./place.ts";

const IDENTIFIERS = ["a", "red", "marketdata", "prefect_worker", "a1", "a_", "a__b", "mxm_secrets_2"];
const NO_IDENTIFIERS = [
  "",
  " ",
  "  ",
  " red",
  "red ",
  "Red",
  "market-data",
  "a b",
  "a!",
  "-a",
  "1a",
  "_a",
  "a.b",
];
const UNCLEAN = ["", " ", "\t", " a", "a ", "\u00a0a", "a\n"];

const store = { name: "red", backend: "gopass", root: "mxm/red" };
const ref = { name: "api_key", store: "red", path: "marketdata/key", policy: "access" };
const policy = { name: "access", allowedPrincipals: ["research", "marketdata"] };

function refused(make: () => unknown, word: RegExp): void {
  const fault = faultOf(make);
  assert.equal(fault.code, "configuration");
  assert.match(fault.message, word);
}

test("every name is an identifier", () => {
  for (const name of IDENTIFIERS) {
    assert.equal(Principal.of({ name }).name, name);
    assert.equal(SecretStore.of({ ...store, name, backend: name }).backend, name);
    const made = SecretRef.of({ ...ref, name, store: name, policy: name });
    assert.deepEqual([made.name, made.store, made.policy], [name, name, name]);
    assert.deepEqual(SecretPolicy.allowedPrincipals(SecretPolicy.of({ name, allowedPrincipals: [name] })), [
      name,
    ]);
  }
});

test("what is no identifier is refused, and the message says which key", () => {
  for (const name of NO_IDENTIFIERS) {
    refused(() => Principal.of({ name }), /^Principal: name/);
    refused(() => SecretStore.of({ ...store, name }), /^SecretStore: .*name/);
    refused(() => SecretStore.of({ ...store, backend: name }), /^SecretStore: stores\.red\.backend/);
    refused(() => SecretRef.of({ ...ref, name }), /^SecretRef: .*name/);
    refused(() => SecretRef.of({ ...ref, store: name }), /name|store/);
    refused(() => SecretRef.of({ ...ref, policy: name }), /name|policy/);
    refused(() => SecretPolicy.of({ ...policy, name }), /^SecretPolicy: .*name/);
    refused(() => SecretPolicy.of({ ...policy, allowedPrincipals: [name] }), /access\.allowed_principals/);
  }
  refused(() => Principal.of({ name: "a".repeat(129) }), /name/);
  for (const name of [7, null, undefined]) {
    refused(() => Principal.of({ name: name as never }), /name/);
    refused(() => SecretStore.of({ ...store, name: name as never }), /name is not text/);
  }
});

test("a text that is empty, padded or blank is refused", () => {
  for (const text of UNCLEAN) {
    refused(() => SecretStore.of({ ...store, root: text }), /stores\.red\.root/);
    refused(() => SecretRef.of({ ...ref, path: text }), /refs\.api_key\.path/);
    refused(
      () => SecretStore.resolvePath(SecretStore.of(store), text.replace(/\w/, "")),
      /path below store red/,
    );
  }
});

test("a store joins its root and a relative path, and changes neither", () => {
  const path = "marketdata/key";
  const made = SecretStore.of(store);
  assert.equal(SecretStore.resolvePath(made, path), "mxm/red/marketdata/key");
  assert.equal(
    SecretStore.resolvePath(SecretStore.of({ ...store, root: "mxm/red/" }), path),
    "mxm/red/marketdata/key",
  );
  assert.equal(SecretStore.resolvePath(SecretStore.of({ name: "red", backend: "env" }), path), path);
  assert.equal(path, "marketdata/key");
  assert.deepEqual(made, SecretStore.of(store));
});

test("a path that is absolute or could climb is refused, at the model and at the join", () => {
  for (const path of [
    "/a",
    "../a",
    "a/../b",
    "a/..",
    ".",
    "a//b",
    "a/",
    "-c",
    "a/-c",
    "a\\b",
    "a\u0000b",
    "a\nb",
  ]) {
    refused(() => SecretRef.of({ ...ref, path }), /refs\.api_key\.path/);
    refused(() => SecretStore.resolvePath(SecretStore.of(store), path), /path below store red/);
  }
  for (const root of ["/", "/mxm", "..", "mxm/../red", "-c"])
    refused(() => SecretStore.of({ ...store, root }), /stores\.red\.root/);
});

test("models are frozen data, equal when they say the same", () => {
  assert.deepEqual(SecretRef.of(ref), SecretRef.of({ ...ref }));
  assert.notDeepEqual(SecretRef.of(ref), SecretRef.of({ ...ref, path: "other" }));
  for (const model of [
    SecretStore.of(store),
    SecretRef.of(ref),
    SecretPolicy.of(policy),
    Principal.of({ name: "a" }),
  ])
    assert.ok(Object.isFrozen(model));
});

test("the qualified name leaves the path out", () => {
  assert.equal(SecretRef.qualifiedName(SecretRef.of(ref)), "red:api_key");
});

test("a policy without principals is one that allows nobody; a principal cannot be there twice", () => {
  const nobody = SecretPolicy.of({ name: "nobody", allowedPrincipals: [] });
  assert.deepEqual([nobody.grants, SecretPolicy.allowedPrincipals(nobody)], [[], []]);
  assert.deepEqual(SecretPolicy.allowedPrincipals(SecretPolicy.of(policy)), ["research", "marketdata"]);
  refused(
    () => SecretPolicy.of({ ...policy, allowedPrincipals: ["research", "research"] }),
    /access\.allowed_principals has 'research' twice/,
  );
});

test("a location says store and secret, and takes both from the store and the ref", async () => {
  const { api, backend } = placeOf();
  await api.getSecret({ secretName: "databento_api_key", identity: as("research") });
  const location = backend.retrieved[0]?.location;
  assert.ok(location !== undefined);
  assert.equal(ResolvedSecretLocation.secretName(location), "databento_api_key");
  assert.equal(ResolvedSecretLocation.storeName(location), "red");
  assert.equal(ResolvedSecretLocation.diagnosticName(location), "red:databento_api_key");
  assert.equal(location.backend, location.store.backend);
});

test("registries: get, contains, sorted names, duplicates, unknown names, and the list may change afterwards", () => {
  const stores = ["red", "black"].map((name) => SecretStore.of({ ...store, name }));
  const refs = ["key_b", "key_a"].map((name) => SecretRef.of({ ...ref, name }));
  const policies = ["two", "one"].map((name) => SecretPolicy.of({ ...policy, name }));
  const cases = [
    [SecretStoreRegistry.of(stores), stores, ["black", "red"], "secret store"],
    [SecretRefRegistry.of(refs), refs, ["key_a", "key_b"], "secret name"],
    [SecretPolicyRegistry.of(policies), policies, ["one", "two"], "secret policy"],
  ] as const;
  for (const [registry, models, names, what] of cases) {
    const [first] = [...models];
    assert.ok(first !== undefined);
    assert.equal(registry.get(first.name), first);
    assert.ok(registry.contains(first.name));
    assert.ok(!registry.contains("nothing") && !registry.contains("constructor"));
    assert.deepEqual(registry.names(), names);
    const fault = faultOf(() => registry.get("nothing"));
    assert.equal(fault.code, "unknown");
    assert.ok(fault.message.includes(`${what} "nothing"`), fault.message);
    (models as unknown as unknown[]).length = 0;
    assert.deepEqual(registry.names(), names);
  }
  const twice = [SecretStore.of(store), SecretStore.of(store)];
  refused(() => SecretStoreRegistry.of(twice), /two have the secret store 'red'/);
  refused(() => SecretRefRegistry.of([SecretRef.of(ref), SecretRef.of(ref)]), /secret name 'api_key'/);
  refused(
    () => SecretPolicyRegistry.of([SecretPolicy.of(policy), SecretPolicy.of(policy)]),
    /policy 'access'/,
  );
});
