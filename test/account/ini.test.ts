import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IniError } from "../../src/account/ini-error.ts";
import { parseIni } from "../../src/account/ini.ts";
import { pythonReads, weRead } from "./ini-python.ts";
import { anyIni, HOSTILE, readableIni, RUNS } from "./ini-corpus.ts";

/** Python 3.11 and later disagree on nothing here; the generated part is the same in every run. */
const corpus = [
  ...HOSTILE,
  ...fc.sample(anyIni, { numRuns: RUNS, seed: 3 }),
  ...fc.sample(readableIni, { numRuns: 300, seed: 3 }),
];

test("parseIni() reads what Python's configparser reads, and refuses what it refuses for the same reason", () => {
  const seen = new Map<string, number>();
  const texts = corpus.filter((text) => !text.startsWith("\ufeff"));
  for (const [index, theirs] of pythonReads(texts).entries()) {
    const text = texts[index] ?? "";
    assert.deepEqual(weRead(text), theirs, JSON.stringify(text));
    const kind = "error" in theirs ? theirs.error : "read";
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  for (const kind of [
    "read",
    "MissingSectionHeaderError",
    "DuplicateSectionError",
    "DuplicateOptionError",
    "ParsingError",
  ]) {
    assert.ok((seen.get(kind) ?? 0) > 1, `the corpus should hold some of ${kind}`);
  }
});

test("parseIni() accepts a byte order mark, which Python refuses", () => {
  const texts = [...HOSTILE.filter((text) => !text.startsWith("\ufeff")), "[a]\nk=1\n"];
  const theirs = pythonReads(texts.map((text) => `\ufeff${text}`));
  for (const [index, text] of texts.entries()) {
    assert.deepEqual(weRead(`\ufeff${text}`), weRead(text));
    assert.deepEqual(theirs[index], { error: "MissingSectionHeaderError" });
  }
});

test("parseIni() names file and line, and never a value, when it refuses", () => {
  const secret = "s3cr3t";
  const rows: readonly (readonly [string, number])[] = [
    [`${secret}\n[a]\n`, 1],
    [`[a]\nx=1\n${secret}\n`, 3],
    [`[a]\n${secret}=1\n${secret}=2\n`, 3],
    [`[a]\n[b]\n\n[a]\nk=${secret}\n`, 4],
    [`[a]\n\nk=${secret}%\n`, 3],
    [`[a]\nk=%(${secret})s\n`, 2],
    [`[a]\nk=%(k)s${secret}\n`, 2],
    [`[DEFAULT]\nk=%${secret}\n[a]\n`, 2],
  ];
  for (const [text, line] of rows) {
    assert.throws(
      () => parseIni(text, "/home/u/.menda/mendacfg").all("a"),
      (error) => {
        assert.ok(error instanceof IniError);
        assert.equal(error.code, "configuration");
        assert.equal(error.name, "MendaKeyRingError");
        assert.ok(error.message.startsWith(`/home/u/.menda/mendacfg:${line}: `), error.message);
        assert.ok(!`${error.message}${error.hint}${error.stack}`.includes(secret), error.message);
        return true;
      },
    );
  }
});

test("parseIni() knows DEFAULT without a file saying so, and no other section", () => {
  const document = parseIni("", "a.ini");
  assert.equal(document.has("DEFAULT"), true);
  assert.deepEqual([...(document.all("DEFAULT") ?? [])], []);
  assert.equal(document.has("default"), false);
  assert.equal(document.all("default"), undefined);
  assert.equal(document.get("default", "host"), undefined);
});
