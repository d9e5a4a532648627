import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { follow } from "../../src/audit/chain.ts";
import { KeywrightError } from "../../src/errors.ts";
import type { AuditEntry } from "../../src/secrets/audit.ts";
import { SecretsApi } from "../../src/secrets/secrets-api.ts";
import { fixedClock, memoryBackend } from "../../src/testing.ts";
import { as, DATA, placeOf, told, VALUES } from "./place.ts";

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-secrets-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("an allowed secret comes wrapped, from below the store's root", async () => {
  const { api, backend } = placeOf();
  const secret = await api.getSecret({ secretName: "databento_api_key", identity: as("research") });
  assert.equal(secret.reveal(), "databento-value");
  assert.equal(`${secret} ${JSON.stringify(secret)} ${inspect(secret)}`, '[secret] "[secret]" [secret]');
  assert.deepEqual(
    backend.retrieved.map(({ location }) => [location.store.name, location.backend, location.path]),
    [["red", "memory", "mxm/red/marketdata/databento/api_key"]],
  );
});

test("an empty value is a value, and a root may end in a slash", async () => {
  const { api } = placeOf();
  const question = { secretName: "broker_password", identity: as("execution"), default: "other" };
  assert.equal(await told(api.getSecret(question)), "value ");
});

test("default is for what is not found, and for nothing else", async () => {
  const { api, backend } = placeOf();
  const gone = { secretName: "gone", identity: as("research") };
  assert.equal(await told(api.getSecret({ ...gone, default: "instead" })), "value instead");
  assert.equal(await told(api.getSecret({ ...gone, default: "" })), "value ");
  assert.equal(await told(api.getSecret({ ...gone, default: null })), "null");
  assert.equal(await told(api.getSecret({ ...gone, default: undefined })), "not_found");
  assert.equal(await told(api.getSecret(gone)), "not_found");
  assert.equal(backend.retrieved.length, 5);
  const shut = (code: "backend" | "locked" | "timed_out"): SecretsApi =>
    placeOf(DATA, {
      backends: {
        memory: {
          ...memoryBackend({}),
          async retrieve() {
            throw new KeywrightError(code, "no");
          },
        },
      },
    }).api;
  const asked = { secretName: "gone", identity: as("research"), default: "instead" };
  for (const code of ["backend", "locked", "timed_out"] as const)
    assert.equal(await told(shut(code).getSecret(asked)), code);
  assert.equal(await told(api.getSecret({ ...asked, secretName: "nothing" })), "unknown");
  assert.equal(await told(api.getSecret({ ...asked, identity: as("execution") })), "denied");
});

test("the message of not_found names store and secret, and never the path", async () => {
  const { api } = placeOf({ ...DATA, refs: { gone: { ...DATA.refs.gone, path: "very/private/place" } } });
  await assert.rejects(api.getSecret({ secretName: "gone", identity: as("research") }), (error) => {
    assert.ok(error instanceof KeywrightError);
    assert.match(error.message, /red:gone/);
    assert.doesNotMatch(inspect(error), /private|mxm/);
    return true;
  });
});

test("the order: an unknown name, then the role, then the policy, then the backend", async () => {
  const { api, backend } = placeOf();
  const bad = as("market-data");
  assert.equal(await told(api.getSecret({ secretName: "nothing", identity: bad })), "unknown");
  assert.equal(await told(api.getSecret({ secretName: "nobodys", identity: bad })), "configuration");
  assert.equal(await told(api.getSecret({ secretName: "nobodys", identity: as("research") })), "denied");
  assert.equal(await told(api.getSecret({ secretName: "gone", identity: as("execution") })), "denied");
  assert.equal(backend.retrieved.length, 0);
});

test("a name that none could have is unknown, and so is one of JavaScript's own", async () => {
  const { api, backend, audit } = placeOf();
  const names = [
    "",
    "Gone",
    "../gone",
    "gone\n",
    "__proto__",
    "constructor",
    "red:gone",
    "a".repeat(9999),
    7,
  ];
  for (const name of names)
    assert.equal(
      await told(api.getSecret({ secretName: name as string, identity: as("research") })),
      "unknown",
    );
  assert.equal(backend.retrieved.length, 0);
  assert.deepEqual(new Set(audit.decisions.map(({ outcome }) => outcome)), new Set(["unknown"]));
  for (const { ask } of audit.decisions) assert.ok(ask.kind === "secret" && ask.name.length < 100);
});

test("what is no identity is an error, and is written down", async () => {
  const { api, audit, backend } = placeOf();
  const wrong = [undefined, null, "research", { role: 7 }, { ...as("research"), profile: "x" }];
  const attested = { role: { value: "research", attestation: "certain" } };
  for (const identity of [...wrong, attested, {}])
    assert.equal(
      await told(api.getSecret({ secretName: "gone", identity: identity as never })),
      "configuration",
    );
  assert.equal(backend.retrieved.length, 0);
  assert.deepEqual(
    audit.decisions.map(({ outcome }) => outcome),
    Array.from({ length: 7 }, () => "refused"),
  );
});

test("every question leaves an entry, and an answer a second one", async () => {
  const { api, audit } = placeOf();
  const ask = (secretName: string, role: string): Promise<string> =>
    told(api.getSecret({ secretName, identity: as(role), reason: "incident 7" }));
  await ask("databento_api_key", "research");
  await ask("databento_api_key", "execution");
  await ask("nothing", "research");
  await ask("gone", "market-data");
  await ask("gone", "research");
  assert.deepEqual(
    audit.decisions.map(({ outcome, ref, rule, principal }) => [outcome, ref, rule, principal]),
    [
      ["granted", "databento_api_key", "marketdata_access.allowed_principals", "research"],
      ["denied", "databento_api_key", undefined, "execution"],
      ["unknown", undefined, undefined, "research"],
      ["refused", undefined, undefined, undefined],
      ["granted", "gone", "marketdata_access.allowed_principals", "research"],
    ],
  );
  assert.deepEqual(
    audit.issues.map(({ decision, ref }) => [decision, ref]),
    [["decision-1", "databento_api_key"]],
  );
  assert.ok(audit.decisions.every((entry) => entry.ask.reason === "incident 7"));
});

test("the audit is a chain in a file, with neither value nor path", async (t) => {
  const file = join(folderFor(t), "state", "audit.jsonl");
  const { api } = placeOf(DATA, { audit: { file } });
  await api.getSecret({ secretName: "databento_api_key", identity: as("research") });
  await told(api.getSecret({ secretName: "nothing", identity: as("research") }));
  const text = readFileSync(file, "utf8");
  const steps = text
    .trimEnd()
    .split("\n")
    .map((line) => follow(undefined, line));
  assert.deepEqual(
    steps.map((step) => step.ok && step.entry["kind"]),
    ["decision", "issued", "decision"],
  );
  assert.doesNotMatch(text, /databento-value|mxm\/red|marketdata\/databento/);
});

test("without a choice the usual file below home is written; when it cannot be, there is a warning and an answer", async (t) => {
  const home = folderFor(t);
  const question = { secretName: "databento_api_key", identity: as("research") };
  const warned: string[] = [];
  const usual = { audit: undefined, home, warn: (text: string) => void warned.push(text) };
  assert.equal(await told(placeOf(DATA, usual).api.getSecret(question)), "value databento-value");
  const file = join(home, ".local/state/keywright/audit.jsonl");
  assert.equal(readFileSync(file, "utf8").trimEnd().split("\n").length, 2);
  assert.deepEqual(warned, []);
  rmSync(file);
  mkdirSync(file);
  assert.equal(await told(placeOf(DATA, usual).api.getSecret(question)), "value databento-value");
  assert.equal(warned.length, 1);
  assert.equal(await told(placeOf(DATA, { ...usual, audit: "file" }).api.getSecret(question)), "audit");
});

test("a sink of the caller gets each entry, and what it throws is a refusal before anything is fetched", async () => {
  const entries: AuditEntry[] = [];
  const question = { secretName: "databento_api_key", identity: as("research") };
  const kept = placeOf(DATA, { audit: (entry) => void entries.push(entry) });
  await kept.api.getSecret(question);
  assert.deepEqual(
    entries.map(({ kind, time, outcome }) => [kind, time, outcome]),
    [
      ["decision", "2027-01-15T08:00:00.000Z", "granted"],
      ["issued", "2027-01-15T08:00:00.000Z", undefined],
    ],
  );
  for (const audit of [
    () => Promise.reject(new Error("disk full")),
    () => {
      throw new Error("disk full");
    },
    { decision: () => Promise.reject(new Error("disk full")), issued: async () => undefined },
  ]) {
    const broken = placeOf(DATA, { audit });
    assert.equal(await told(broken.api.getSecret({ ...question, default: "x" })), "audit");
    assert.equal(broken.backend.retrieved.length, 0);
  }
  const half = placeOf(DATA, {
    audit: ({ kind }) => (kind === "issued" ? Promise.reject(new Error("disk full")) : undefined),
  });
  assert.equal(await told(half.api.getSecret(question)), "audit");
});

test("a backend of the caller may throw what it likes: the answer is `backend`, and its words stay in the cause", async () => {
  const careless = {
    ...memoryBackend({}),
    retrieve: () => Promise.reject(new Error("mxm/red/gone: permission denied")),
    check: () => Promise.reject(new Error("down")),
  };
  const { api } = placeOf(DATA, { backends: { memory: careless } });
  await assert.rejects(api.getSecret({ secretName: "gone", identity: as("research") }), (error) => {
    assert.ok(error instanceof KeywrightError && error.code === "backend");
    assert.equal(error.message, "the backend memory of store red failed");
    return true;
  });
  assert.equal(await api.checkReady(), false);
});

test("checkReady asks every store, and check says which cannot be used", async () => {
  const down = {
    ...memoryBackend({}),
    async check(store: { readonly name: string }) {
      if (store.name === "black") throw new KeywrightError("locked", "a person has to unlock it");
    },
  };
  const { api } = placeOf(DATA, { backends: { memory: down } });
  assert.equal(await api.checkReady(), false);
  assert.deepEqual(
    (await api.check()).map(({ store, backend, problem }) => [store, backend, problem?.code]),
    [
      ["red", "memory", undefined],
      ["black", "memory", "locked"],
    ],
  );
  assert.equal(await placeOf().api.checkReady(), true);
  assert.equal(await placeOf({ stores: {}, refs: {}, policies: {} }).api.checkReady(), true);
});

test("named grants and denies, each condition on its own, with what is known and how well", async () => {
  const policies = {
    p: {
      allowed_principals: ["research"],
      grants: [
        {
          name: "execution_on_bridge",
          principals: ["execution"],
          machines: ["bridge"],
          environments: ["prod"],
          attestation: "asserted",
          not_before: "2026-01-01",
          not_after: "2027-06-01",
          reason_required: true,
        },
        {
          name: "attested",
          principals: [],
          machines: ["bridge"],
          apps: ["batch"],
          attestation: "discovered",
        },
      ],
      deny: [{ name: "no_containers", substrates: ["docker-container"] }],
    },
  };
  const refs = { key: { store: "red", path: "marketdata/databento/api_key", policy: "p" } };
  const clock = fixedClock();
  const { api } = placeOf({ stores: DATA.stores, refs, policies }, { clock });
  const rule = async (identity: Parameters<typeof api.explain>[0]["identity"], reason?: string) => {
    const said = await api.explain({ secretName: "key", identity, reason });
    return `${said.outcome} ${said.rule}`;
  };
  assert.equal(await rule(as("research")), "granted p.allowed_principals");
  assert.equal(await rule(as("research", { substrate: "docker-container" })), "denied no_containers");
  assert.equal(await rule(as("research", { substrate: " " })), "denied no_containers");
  const prod = as("execution", { environment: "prod" });
  assert.equal(await rule(prod), "denied undefined");
  assert.equal(await rule(prod, "  "), "denied undefined");
  assert.equal(await rule(prod, "release 12"), "granted execution_on_bridge");
  assert.equal(await rule({ ...prod, machine: "monolith" }, "release 12"), "denied undefined");
  assert.equal(await rule({ ...prod, environment: "dev" }, "release 12"), "denied undefined");
  clock.advance(365 * 86_400);
  assert.equal(await rule(prod, "release 12"), "denied undefined");
  const known = (value: string, attestation: "asserted" | "discovered") => ({ value, attestation });
  const batch = { role: known("any", "asserted"), substrate: known("local-process", "discovered") };
  const seen = { ...batch, machine: known("bridge", "discovered"), app: known("batch", "discovered") };
  assert.equal(await rule(seen), "granted attested");
  assert.equal(await rule({ ...seen, machine: known("bridge", "asserted") }), "denied undefined");
  assert.equal(await rule(as("any", { app: "batch" })), "denied undefined");
});

test("explain asks no backend, writes nothing down and shows no path", async () => {
  const { api, audit, backend } = placeOf();
  const said = await api.explain({ secretName: "databento_api_key", identity: as("research") });
  assert.deepEqual(
    [said.outcome, said.ref, said.principal, said.policy, said.rule, said.store, said.backend],
    [
      "granted",
      "databento_api_key",
      "research",
      "marketdata_access",
      "marketdata_access.allowed_principals",
      "red",
      "memory",
    ],
  );
  assert.doesNotMatch(JSON.stringify(said), /mxm\/red|api_key"?\/|marketdata\/databento/);
  assert.equal((await api.explain({ secretName: "nothing", identity: as("research") })).outcome, "unknown");
  assert.equal(backend.retrieved.length + audit.decisions.length, 0);
});

test("an API is frozen, and holds copies of what it was made from", async () => {
  const data = structuredClone(DATA) as unknown as {
    policies: { marketdata_access: { allowed_principals: string[] } };
  };
  const { api } = placeOf(data);
  data.policies.marketdata_access.allowed_principals.push("execution");
  assert.equal(await told(api.getSecret({ secretName: "gone", identity: as("execution") })), "denied");
  assert.ok(Object.isFrozen(api));
  assert.deepEqual(api.secretRefRegistry.names(), [
    "broker_password",
    "databento_api_key",
    "gone",
    "nobodys",
  ]);
  assert.deepEqual(api.secretStoreRegistry.names(), ["black", "red"]);
  assert.ok(api.secretPolicyRegistry.contains("deny_all") && !api.secretPolicyRegistry.contains("red"));
});

test("the environment and the home folder of the process are what counts when nothing is said", async (t) => {
  const home = folderFor(t);
  const api = SecretsApi.fromConfigData(DATA, {
    env: { HOME: home },
    backends: { memory: memoryBackend(VALUES) },
  });
  await api.getSecret({ secretName: "databento_api_key", identity: as("research") });
  assert.ok(readFileSync(join(home, ".local/state/keywright/audit.jsonl"), "utf8").length > 0);
});
