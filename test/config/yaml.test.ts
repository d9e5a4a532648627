import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plain } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { KeywrightError } from "../../src/errors.ts";
import { configurationFault } from "./place.ts";

const FILE = "/etc/keywright/config.yaml";
const read = (text: string) => plain(parseYaml(text, FILE));

test("parseYaml() reads the YAML 1.2 core schema", () => {
  assert.deepEqual(
    read("a: yes\nb: 012\nc: 1e3\nd: 2026-01-01\ne: ~\nf: 'true'\ng: true\nh: 12:30\n1: x\nnull: y\n"),
    {
      a: "yes",
      b: 12,
      c: 1000,
      d: "2026-01-01",
      e: null,
      f: "true",
      g: true,
      h: "12:30",
      1: "x",
      null: "y",
    },
  );
  for (const empty of ["", "# nothing\n", "---\n", "null", "{}", "\ufeff"])
    assert.deepEqual(read(empty), {}, empty);
  assert.deepEqual(read("\ufeffa: 1\r\nb:\r\n  - 2\r\n"), { a: 1, b: [2] });
});

test("parseYaml() follows aliases, in the meaning that they have where they stand", () => {
  assert.deepEqual(read("a: &x [1]\nb: *x\nc: &x { d: *x }\ne: *x\n"), {
    a: [1],
    b: [1],
    c: { d: [1] },
    e: { d: [1] },
  });
});

test("parseYaml() gives an alias's value the line of the alias, and what is in it its own", () => {
  const tree = parseYaml("a: &x\n  y: 1\n\nb: *x\n", FILE);
  const b = tree.entries.get("b");
  assert.deepEqual(b?.origin, { file: FILE, line: 4 });
  assert.deepEqual(b?.kind === "map" && b.entries.get("y")?.origin, { file: FILE, line: 2 });
});

const REFUSED: readonly (readonly [text: string, line: number, message: RegExp])[] = [
  ["a: 1\nb: 2\na: 3", 3, /the key 'a' is already on line 1/],
  ["a: 1\n'\\x61': 1\n\"\\x61\": 2", 3, /already on line 1/],
  ["a: &x { b: 1 }\nc:\n  <<: *x", 3, /merge keys/],
  ["a: !important 1", 1, /tag/],
  ["a: !!set { b }", 1, /tag/],
  ["a: ! b", 1, /tag '!' is not read/],
  ["a: !!binary aGk=", 1, /tag/],
  ["a: !<tag:evil.example,2026:x> b", 1, /tag/],
  ["%YAML 1.1\n---\na: yes", 1, /only YAML 1.2/],
  ["%YAML 3.0\n---\na: yes", 1, /YAML/],
  ["a: *nowhere", 1, /alias '\*nowhere' has no anchor/],
  ["\na: &x [*x]", 2, /has no anchor/],
  ["? [a]\n: 1", 1, /keys must be strings/],
  ["a: &x b\n*x : 1", 2, /keys must be strings/],
  ["__proto__: { locked: true }", 1, /'__proto__' cannot be a key/],
  ["a:\n  __proto__: 1", 2, /cannot be a key/],
  ['a:\n  "": 1', 2, /cannot be a key/],
  ["a: .inf", 1, /finite/],
  ["a: .nan", 1, /finite/],
  ["- a\n- b", 1, /is a mapping/],
  ["just text", 1, /is a mapping/],
  ["a: 1\n---\nb: 2", 2, /multiple documents/],
  ["a: 'b", 1, /not valid YAML/],
  ["a:\n\tb: 1", 2, /not valid YAML/],
  ["\n\na: @b", 3, /not valid YAML/],
  [`a: ${"[".repeat(30)}${"]".repeat(30)}`, 1, /nested more than 24 deep/],
  [`a: ${"[".repeat(50_000)}`, 1, /not valid YAML|nested/],
];

test("parseYaml() refuses, with its line, what could mean something else than it seems", () => {
  for (const [text, line, message] of REFUSED) {
    const fault = configurationFault(() => parseYaml(text, FILE));
    assert.match(fault.message, message, text.slice(0, 60));
    assert.ok(fault.message.startsWith(`${FILE}:${line}: `), `${fault.message} (line ${line})`);
  }
});

test("parseYaml() refuses a few lines that stand for billions of values", () => {
  const levels = [..."bcdefghij"].map((name, index) => {
    const below = "abcdefghij"[index];
    return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${below}`).join(", ")}]`;
  });
  assert.match(
    configurationFault(() => parseYaml(`a: &a x\n${levels.join("\n")}\n`, FILE)).message,
    /more than 20000 values/,
  );
});

test("parseYaml() quotes no value in an error", () => {
  for (const text of [
    "a: 'hunter2",
    "a: [hunter2\nb: 1",
    "a: hunter2: b",
    "a: {hunter2: 1\n",
    "a: |hunter2\n b",
    "hunter2\nb: 1",
  ]) {
    const { message, hint } = configurationFault(() => parseYaml(text, FILE));
    assert.ok(!`${message}${hint}`.includes("hunter2"), message);
  }
});

test("parseYaml() makes nothing of keys that JavaScript knows", () => {
  const data = read("constructor: { prototype: { polluted: 1 } }\ntoString: 2\n");
  assert.deepEqual(Object.keys(data as object), ["constructor", "toString"]);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test("parseYaml() never throws anything but a KeywrightError", () => {
  const piece = fc.constantFrom(
    ..."a b: - ? [ ] { } , & * ! | > ' \" % @ ` # \n \t : --- ... << ~ null .inf !!map &a *a __proto__ \\x00 \r".split(
      " ",
    ),
    "\n",
    "\n  ",
    ": ",
    "\u0000",
    "\ud800",
    "%YAML 1.1\n---\n",
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.json(),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      try {
        plain(parseYaml(yaml, FILE));
      } catch (error) {
        assert.ok(error instanceof KeywrightError && error.code === "configuration", String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test("parseYaml() reads back what JSON says", () => {
  const key = fc.string().filter((text) => !["", "<<", "__proto__"].includes(text));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (data) => {
      assert.deepEqual(read(JSON.stringify(data)), JSON.parse(JSON.stringify(data)));
    }),
  );
});
