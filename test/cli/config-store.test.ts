import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { runKeywright } from "../../src/cli/keywright.ts";
import { discoverMachine, discoverSubstrate } from "../../src/identity/discover.ts";
import { storePlace, type StorePlace } from "../config/store/store-place.ts";

const FILES = {
  default: "a: 1\nname: ${b.c}\nb: { c: yes }\nempty: {}\nlist: [x, { y: 1 }]\n",
  environment: "dev:\n  a: 2\n",
  machine: `bridge: { at: bridge }\n${discoverMachine()}: { at: here }\n`,
  substrate: `local-process: {}\n${discoverSubstrate() === "local-process" ? "other" : discoverSubstrate()}: {}\n`,
};
const SECTIONS = `
mxm_secrets:
  stores: { red: { backend: gopass, root: mxm/red } }
  refs: { db_main: { store: red, path: db/main, policy: db } }
  policies: { db: { allowed_principals: [research] } }
mxm_databases: { main: { driver: sqlite, password_ref: db_main } }
mxm_paths: { data_root: /d, artifact_root: /a, export_root: /e, log_root: ~/l }
`;

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(place: StorePlace, verb: string, ...words: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const identity = ["--app", "ledger", "--environment", "dev", "--role", "research"];
  const all = ["config", verb, ...identity, "--store-root", place.root, ...words];
  const context = {
    env: {},
    home: "/home/nobody",
    clock: { now: () => 0 },
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  return { status: await runKeywright(all, context), out, err };
}

const place = (t: TestContext, more: Readonly<Record<string, string>> = {}) =>
  storePlace(t, { ...FILES, ...more });

test("config show --app discovers machine and substrate, and tells of words that changed", async (t) => {
  const store = place(t);
  const { status, out, err } = await run(store, "show");
  assert.equal(status, 0);
  assert.equal(out, "a: 2\nname: yes\nb:\n  c: yes\nempty: {}\nlist:\n  - x\n  - y: 1\nat: here\n");
  assert.match(err, /^keywright: .*default\.yaml:3: 'yes' is text here, and was True before; .*\n$/);
  assert.match((await run(store, "show", "--machine", "bridge")).out, /^at: bridge$/m);
});

test("config show --app --origin names file and line; as JSON, layer and block, too", async (t) => {
  const store = place(t);
  const { out } = await run(store, "show", "--origin");
  assert.match(out, new RegExp(`^a: 2 # ${store.file("environment")}:2$`, "m"));
  assert.match(out, new RegExp(`^name: yes # ${store.file("default")}:2$`, "m"));
  const { values, origins } = JSON.parse((await run(store, "show", "--origin", "--json")).out) as {
    readonly values: unknown;
    readonly origins: Readonly<Record<string, unknown>>;
  };
  assert.deepEqual(origins["a"], {
    layer: "environment",
    selector: "dev",
    file: store.file("environment"),
    line: 2,
  });
  assert.deepEqual(origins["empty"], {
    layer: "default",
    selector: null,
    file: store.file("default"),
    line: 4,
  });
  assert.deepEqual(JSON.parse((await run(store, "show", "--json")).out), values);
});

test("config check --app says what is there and what is wrong, with exit code 3", async (t) => {
  const store = place(t, { role: `research:${SECTIONS.replaceAll("\n", "\n  ")}\n` });
  const { status, out } = await run(store, "check", "--json");
  assert.equal(status, 0);
  const { files, warnings, ...rest } = JSON.parse(out) as {
    readonly files: string[];
    readonly warnings: string[];
  };
  assert.deepEqual(rest, { ok: true, stores: 1, refs: 1, policies: 1 });
  assert.deepEqual(files, ["default", "environment", "machine", "substrate", "role"].map(store.file));
  assert.equal(warnings.length, 1);
  assert.match((await run(store, "check")).out, /^ok: .* \(refs: 1, stores: 1, policies: 1\)\n$/);
  const wrong = place(t, { role: "research:\n  mxm_paths: { data_root: 7 }\n" });
  const said = await run(wrong, "check");
  assert.deepEqual([said.status, said.out], [3, ""]);
  assert.ok(
    said.err.includes(`${wrong.file("role")}:2: mxm_paths.data_root is a number, not text`),
    said.err,
  );
});

test("config digest changes with what is in force, and not with where it stands", async (t) => {
  const digest = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const { out, status } = await run(storePlace(t, files), "digest");
    assert.equal(status, 0);
    return out;
  };
  const one = await digest({ default: "a: 1\nb: { c: 2 }\n" });
  assert.match(one, /^[0-9a-f]{64}\n$/);
  assert.equal(
    await digest({ default: "# other\nb: {}\n", role: "research: { b: { c: 2.0 }, a: 1 }\n" }),
    one,
  );
  assert.notEqual(await digest({ default: "a: 1\nb: { c: 3 }\n" }), one);
  const { out } = await run(storePlace(t, { default: "a: 1\nb: { c: 2 }\n" }), "digest", "--json");
  assert.deepEqual(JSON.parse(out), { sha256: one.trim() });
});

test("a store is not half asked for", async (t) => {
  const store = place(t);
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [["show", "--role", "research"], /which application is missing/],
    [["check", "--store-root", store.root], /which application is missing/],
    [["digest", "--app", "ledger", "--role", "research"], /--environment is missing/],
    [["show", "--app", "ledger", "--environment", "dev"], /--role is missing/],
    [
      ["check", "x.yaml", "--app", "ledger", "--environment", "dev", "--role", "r"],
      /a file and --broker are not/,
    ],
  ];
  for (const [words, form] of rows) {
    let said = "";
    const err = (text: string): void => void (said += text);
    const context = { env: {}, home: undefined, clock: { now: () => 0 }, out: () => assert.fail(), err };
    assert.equal(await runKeywright(["config", ...words], context), 2);
    assert.match(said, form);
  }
});
