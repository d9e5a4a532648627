// The names of the tests say which behaviour of mxm-config 0.6.2 they hold; the comparison itself is oracle-mxm-config.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { provenanceOf } from "../../../src/config/store/load.ts";
import { storePlace, WHO } from "./store-place.ts";

const LAYERS = ["default", "environment", "machine", "substrate", "role"] as const;

function layered(t: Parameters<typeof storePlace>[0]): ReturnType<typeof storePlace> {
  const block = (name: (typeof LAYERS)[number]): string =>
    `last: ${name}\n${name}: true\ndeep: { ${name}: 1, last: ${name} }\n`;
  const files = LAYERS.map((name) => [
    name,
    name === "default"
      ? block(name)
      : `${WHO[name]}:\n${block(name).replaceAll(/^/gm, "  ")}\nother: { last: no }\n`,
  ]);
  return storePlace(t, Object.fromEntries(files) as Record<string, string>);
}

test("default.yaml alone", (t) => {
  const config = storePlace(t, { default: "a: { b: 1 }\nlist: [1, 2]\n" }).load();
  assert.deepEqual(config, { a: { b: 1 }, list: [1, 2] });
  assert.equal(config["a"].b, 1);
});

test("each layer goes over those before it, mappings are merged deep, overrides go over all", (t) => {
  const place = layered(t);
  const config = place.load();
  assert.equal(config["last"], "role");
  for (const name of LAYERS) assert.deepEqual([config[name], config["deep"][name]], [true, 1]);
  const over = place.load({ overrides: { deep: { last: "mine" }, "deep.default": 9 } });
  assert.deepEqual([over["deep"].last, over["deep"].role, over["deep.default"]], ["mine", 1, 9]);
});

test("every value knows its layer, block, file and line", (t) => {
  const place = layered(t);
  const places = provenanceOf(place.load({ overrides: { mine: 1 } }));
  const role = { layer: "role", selector: "research", file: place.file("role") };
  assert.deepEqual(places.get("last"), { ...role, line: 2 });
  assert.deepEqual(places.get("deep.last"), { ...role, line: 4 });
  const lowest = { layer: "default", selector: undefined, file: place.file("default") };
  assert.deepEqual(places.get("deep.default"), { ...lowest, line: 3 });
  assert.deepEqual(places.get("mine"), {
    layer: "overrides",
    selector: undefined,
    file: undefined,
    line: undefined,
  });
});

test("what an interpolation gives comes from where it is written", (t) => {
  const place = storePlace(t, { default: "a: 1\nb:\n  c: ${a}\n" });
  assert.equal(provenanceOf(place.load()).get("b.c")?.line, 3);
});

test("a dimension without a file is skipped; a file without the block is an error that names the nearest", (t) => {
  const place = storePlace(t, { default: "a: 1\n", environment: "deb: {}\nprod: {}\n" });
  const { message, hint } = place.fault("missing_selector");
  assert.match(message, /environment\.yaml: there is no block 'dev' for this environment/);
  assert.equal(hint, "Did you mean 'deb'?");
  assert.deepEqual(place.load({ identity: { ...WHO, environment: "prod" } }), { a: 1 });
});

test("a missing application, default.yaml, or store is told with the path", (t) => {
  const place = storePlace(t, { environment: "dev: {}\n" });
  assert.match(place.fault("missing_file").message, /there is no file .*default\.yaml/);
  assert.match(place.fault("missing_file", { identity: { ...WHO, app: "none" } }).message, /apps\/none/);
  assert.match(place.fault("missing_file", { storeRoot: "~/store" }).message, /\/home\/nobody\/store\/apps/);
  assert.match(
    place.fault("missing_file", { storeRoot: undefined }).message,
    /\/home\/nobody\/mxm-config-store\//,
  );
  assert.match(place.fault("value", { storeRoot: "~other/store" }).message, /another user/);
});

test("no application leads out of apps/", (t) => {
  const place = storePlace(t, { default: "a: 1\n" });
  const outside = join(place.root, "evil", "default.yaml");
  mkdirSync(dirname(outside));
  writeFileSync(outside, "a: evil\n");
  for (const app of [
    "../evil",
    "..",
    ".",
    "",
    "ledger/../../evil",
    "/etc",
    "a\\b",
    "a\0b",
    "x".repeat(300),
  ]) {
    place.fault("app_name", { identity: { ...WHO, app } });
  }
});

test("blocks and files that are no mappings, and files that cannot be read", (t) => {
  const place = storePlace(t, { default: "- a\n", role: "research: 7\n" });
  assert.match(place.fault("not_a_mapping").message, /default\.yaml:1/);
  writeFileSync(place.file("default"), "");
  assert.match(place.fault("not_a_mapping").message, /role\.yaml:1: the block 'research'/);
  writeFileSync(place.file("role"), Buffer.from([0x61, 0x3a, 0xff]));
  assert.match(place.fault("unreadable").message, /role\.yaml cannot be read: not UTF-8 text/);
  writeFileSync(place.file("role"), "research: { a: 1, a: 2 }\n");
  assert.match(place.fault("yaml").message, /role\.yaml:1: the key 'a' is already on line 1/);
});

test("a store that other users can write is refused, with the command that mends it", (t) => {
  const place = storePlace(t, { default: "a: 1\n", role: "research: {}\n" });
  const paths = [place.root, join(place.root, "apps"), dirname(place.file("role")), place.file("role")];
  for (const path of paths) {
    const { mode } = statSync(path);
    chmodSync(path, mode | 0o002);
    const { message, hint } = place.fault("open");
    assert.equal(message, `${path} can be written by other users`);
    assert.equal(hint, `Run: chmod go-w '${path}'`);
    chmodSync(path, mode);
  }
  assert.deepEqual(place.load(), { a: 1 });
});

test("a list and a mapping at one place are an error that names both", (t) => {
  const place = storePlace(t, { default: "a: [1]\n", role: "research:\n  a: { b: 1 }\n" });
  const { message } = place.fault("merge");
  assert.ok(message.startsWith(`${place.file("role")}:2: 'a' is a mapping here`), message);
  assert.ok(message.includes(`${place.file("default")}:1`), message);
});

test("words that YAML 1.1 read otherwise are told with file and line, where they are in force", (t) => {
  const place = storePlace(t, {
    default: 'a: yes\nb: "no"\nc: 012\nd: [12:30, text]\non: 1\ne: true\n',
    role: "research: {}\nother: { a: off }\n",
  });
  assert.deepEqual(place.load(), { a: "yes", b: "no", c: 12, d: ["12:30", "text"], on: 1, e: true });
  const [file, more] = [place.file("default"), "put it into quotes, or write what you mean"];
  assert.deepEqual(place.warnings, [
    `${file}:1: 'yes' is text here, and was True before; ${more}`,
    `${file}:3: '012' is 12 here, and was 10 before; ${more}`,
    `${file}:4: '12:30' is text here, and was 750 before; ${more}`,
    `${file}:5: the key 'on' is text here, and was True before`,
  ]);
});

test("without anybody who listens, such a word is a warning of the process", async (t) => {
  const place = storePlace(t, { default: "a: yes\n" });
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  place.load({ warn: undefined });
  const { name, message } = await warned;
  assert.equal(name, "KeywrightWarning");
  assert.match(message, /default\.yaml:1: 'yes' is text here/);
});

test("a number that would lose digits is refused", (t) => {
  const place = storePlace(t, { default: "a: 9007199254740993\n" });
  assert.match(place.fault("yaml").message, /default\.yaml:1: a whole number beyond 2\^53/);
  writeFileSync(place.file("default"), 'a: "9007199254740993"\nb: 9007199254740991\n');
  assert.deepEqual(place.load(), { a: "9007199254740993", b: 9007199254740991 });
});

test("overrides are plain data and nothing else", (t) => {
  const place = storePlace(t, { default: "a: 1\n" });
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const wrong = [
    { a: new Date(0) },
    { a: () => 1 },
    { a: NaN },
    { a: 1n },
    circle,
    JSON.parse('{"__proto__":{}}'),
  ];
  for (const overrides of wrong) place.fault("value", { overrides });
  place.fault("not_a_mapping", { overrides: [1] as never });
  assert.deepEqual(place.load({ overrides: { a: undefined, b: null } }), { a: 1, b: null });
});

test("an identity may be words, or what was attested about them", (t) => {
  const place = storePlace(t, { default: "a: 1\n", role: "research: { a: 2 }\n" });
  const known = Object.entries(WHO).map(([field, value]) => [field, { value, attestation: "discovered" }]);
  assert.deepEqual(place.load({ identity: Object.fromEntries(known) }), { a: 2 });
});
