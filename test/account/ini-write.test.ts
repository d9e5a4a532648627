import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIni } from "../../src/account/ini.ts";
import { dropIniSection, isIniValue, setIniSection } from "../../src/account/ini-write.ts";
import { pythonReads, type Understood } from "./ini-python.ts";
import { entries, readableIni, RUNS } from "./ini-corpus.ts";

test("setIniSection() writes what Python reads back, and changes nothing else", () => {
  const cases = fc
    .sample(
      fc.tuple(readableIni, fc.constantFrom("default", "prod", "new", "x", "a]b", "with space"), entries),
      { numRuns: RUNS / 2, seed: 5 },
    )
    .filter(([text, , wanted]) => readable(text) && Object.values(wanted).every(isIniValue));
  assert.ok(cases.length > RUNS / 6, `only ${cases.length} cases are left`);
  const befores = pythonReads(cases.map(([text]) => text.replace("\ufeff", "")));
  const written = cases.map(([text, section, wanted]) => setIniSection(text, "a.ini", section, wanted));
  const afters = pythonReads(written);
  for (const [index, [text, section, wanted]] of cases.entries()) {
    const before = readValue(befores[index], text);
    const after = readValue(afters[index], written[index] ?? "");
    const about = JSON.stringify([text, section, wanted, written[index]]);
    const expected = before.sections.includes(section) ? before.sections : [...before.sections, section];
    assert.deepEqual(after.sections, expected, about);
    assert.deepEqual(after.all[section], { value: { ...defaultsOf(before), ...wanted } }, about);
    for (const name of [...before.sections, "DEFAULT"]) {
      if (name !== section) assert.deepEqual(after.each[name], before.each[name], about);
    }
    assert.deepEqual(comments(written[index] ?? ""), comments(text.replace("\ufeff", "")), about);
  }
});

test("dropIniSection() takes one section out for Python, too, and changes nothing else", () => {
  const cases = fc
    .sample(fc.tuple(readableIni, fc.constantFrom("default", "prod", "new", "x", "a]b")), {
      numRuns: RUNS / 2,
      seed: 7,
    })
    .filter(([text, section]) => readable(text) && parseIni(text, "a.ini").sections.includes(section));
  assert.ok(cases.length > RUNS / 20, `only ${cases.length} cases are left`);
  const befores = pythonReads(cases.map(([text]) => text.replace("\ufeff", "")));
  const written = cases.map(([text, section]) => dropIniSection(text, "a.ini", section));
  const afters = pythonReads(written);
  for (const [index, [text, section]] of cases.entries()) {
    const before = readValue(befores[index], text);
    const after = readValue(afters[index], written[index] ?? "");
    const about = JSON.stringify([text, section, written[index]]);
    const expected = before.sections.filter((name) => name !== section);
    assert.deepEqual(after.sections, expected, about);
    for (const name of [...expected, "DEFAULT"]) assert.deepEqual(after.each[name], before.each[name], about);
  }
});

test("dropIniSection() leaves a text without the section, and [DEFAULT], alone", () => {
  for (const name of ["b", "DEFAULT"]) {
    const text = "[DEFAULT]\nk = v\n[a]\nx = 1\n";
    assert.equal(dropIniSection(text, "a.ini", name), text);
  }
});

function comments(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => /^\s*[#;]/.test(line));
}

function readable(text: string): boolean {
  try {
    return parseIni(text, "a.ini").all("DEFAULT") !== undefined;
  } catch {
    return false;
  }
}

function readValue(told: Understood | undefined, text: string) {
  assert.ok(
    told !== undefined && "value" in told,
    `Python refuses ${JSON.stringify(text)}: ${JSON.stringify(told)}`,
  );
  return told.value;
}

function defaultsOf(read: ReturnType<typeof readValue>): Readonly<Record<string, string>> {
  const told = read.all["DEFAULT"];
  return told !== undefined && "value" in told ? told.value : {};
}

test("setIniSection() keeps comments, spelling and order of the other sections", () => {
  const before =
    "# mine\n[one]\nHost: a\n\n; about two\n[two]\nhost = old\n# keep\nextra = 1\n  more\n\n[three]\nk=v\n";
  assert.equal(
    setIniSection(before, "a.ini", "two", { host: "new", auth_type: "u2m" }),
    "# mine\n[one]\nHost: a\n\n; about two\n[two]\nhost = new\n# keep\nauth_type = u2m\n\n[three]\nk=v\n",
  );
  assert.equal(setIniSection("", "a.ini", "p", { host: "h" }), "[p]\nhost = h\n");
  assert.equal(
    setIniSection("[a]\r\nk=1\r\n", "a.ini", "p", { host: "h" }),
    "[a]\r\nk=1\r\n\r\n[p]\r\nhost = h\r\n",
  );
});

test("setIniSection() refuses what would be read back otherwise", () => {
  const rows: readonly (readonly [string, Record<string, string>])[] = [
    ["p", { host: "a\nclient_id = b" }],
    ["p", { host: " a" }],
    ["p", { host: "a\u0085" }],
    ["p", { "host = x\nk": "a" }],
    ["p]\n[q", { host: "a" }],
    ["DEFAULT", { host: "a" }],
    ["", { host: "a" }],
  ];
  for (const [section, wanted] of rows) {
    assert.throws(
      () => setIniSection("", "a.ini", section, wanted),
      { code: "configuration" },
      JSON.stringify(wanted),
    );
  }
});
