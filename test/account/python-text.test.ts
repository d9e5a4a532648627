import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { pythonFloat } from "../../src/account/python-float.ts";
import { pythonRepr } from "../../src/account/python-repr.ts";

function python(script: string, input: readonly string[]): readonly string[] {
  const run = spawnSync("python3", ["-c", `import json,sys\nx=json.load(sys.stdin)\n${script}`], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

test("pythonRepr() quotes as Python does", () => {
  const texts = [
    ..."\\ ' \" \n \r \t \0 \u007f \u0080 \u00a0 \u00ad é \u200b \u2028 \u3000 \ufeff 😀 \ue000".split(" "),
    "",
    "plain",
    "it's",
    'say "x"',
    `both ' and "`,
    "a\\'b",
    "\u001b[31m",
    "\u{e0001}",
    "é'\n",
    ...fc.sample(fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "a", "é", "\u0001") }), {
      numRuns: 200,
      seed: 1,
    }),
  ];
  assert.deepEqual(texts.map(pythonRepr), python("print(json.dumps([repr(t) for t in x]))", texts));
});

test("pythonFloat() takes for a number what Python does", () => {
  const texts = [
    ..."1 -1 +1 1.5 .5 5. 1e5 1E-5 1_000 1__0 _1 1_ 1_.5 1._5 0x10 1e 1e+ . + inf -inf Infinity infinit nan -NaN 1d 1,5 1e400 007".split(
      " ",
    ),
    "",
    " 1 ",
    "1 2",
    "\t1\n",
    "\u00a01\u2003",
    "\ufeff1",
    "\u001c1",
    ...fc.sample(fc.string({ unit: fc.constantFrom("1", "0", ".", "_", "e", "+", "-", " "), maxLength: 6 }), {
      numRuns: 1000,
      seed: 2,
    }),
  ];
  const script =
    "def f(t):\n  try: return repr(float(t))\n  except ValueError: return 'no'\nprint(json.dumps([f(t) for t in x]))";
  const theirs = python(script, texts).map((text) =>
    text === "no" ? undefined : Number(text.replace("inf", "Infinity")),
  );
  assert.deepEqual(texts.map(pythonFloat), theirs);
});
