// mxm-secrets 0.3.2 and ours, side by side over the same cases: the same answer or the same kind of error, but for the
// rules. The originals run live where a Python can run them, and must then answer what is stored; elsewhere that counts.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installTools, pythonFor, toolPath } from "../../scripts/tools.ts";
import { alike, keyOf, kindOf, type OracleCase, type Outcome } from "./oracle/case.ts";
import { handWritten } from "./oracle/cases.ts";
import { generatedCases } from "./oracle/generated.ts";
import { gopassFolders } from "./oracle/gopass.ts";
import { rules } from "./oracle/rules.ts";
import { ours, theirs } from "./oracle/sides.ts";
import { asStored, readStored } from "./oracle/stored.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-oracle-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const folders = gopassFolders(folder);
const generated = generatedCases();
const cases: readonly OracleCase[] = [...handWritten, ...generated];
const stored = readStored();

test("there are enough cases, each once, and the stored answers cover them all", () => {
  assert.ok(generated.length >= 1200, `${generated.length} generated cases`);
  const keys = cases.map(keyOf);
  const missing = keys.filter((key) => stored.answers[key] === undefined);
  assert.deepEqual(
    missing,
    [],
    "ask the originals again: sh scripts/run.sh node test/secrets/oracle/stored.ts",
  );
  assert.deepEqual(Object.keys(stored.answers).sort(), [...new Set(keys)].sort());
});

test("the originals, asked again, answer what is stored, and are the packages that answered then", (t) => {
  if (pythonFor("mxm") === undefined)
    return t.diagnostic("no Python here can run them (3.12 or newer, with venv): the stored answers count");
  installTools(["mxm"], console.log);
  const live = asStored(cases, theirs(toolPath("mxm", "python"), cases, folders));
  assert.deepEqual(live.packages, stored.packages);
  assert.deepEqual(live.answers, stored.answers);
});

test("keywright answers as mxm-secrets 0.3.2 does, or fails in the same way, but for the rules", async () => {
  const own = await ours(cases, folders);
  for (const [at, one] of cases.entries()) {
    const [original, mine] = [stored.answers[keyOf(one)], own[at]];
    assert.ok(original !== undefined && mine !== undefined);
    const about = `${JSON.stringify(one)}\ntheirs ${JSON.stringify(original)}, ours ${JSON.stringify(mine)}`;
    const covering = rules.filter(({ covers }) => covers(one));
    const [rule] = covering;
    if (rule === undefined || alike(original, mine)) assert.ok(alike(original, mine), about);
    else {
      assert.match(shown(original), rule.theirs, `${rule.id}: ${about}`);
      assert.match(shown(mine), rule.ours, `${rule.id}: ${about}`);
    }
  }
});

test("every rule excuses something, and together they excuse at most one in twenty of the generated cases", () => {
  const idle = rules.filter(({ covers }) => !cases.some(covers)).map(({ id }) => id);
  assert.deepEqual(idle, []);
  const excused = generated.filter((one) => rules.some(({ covers }) => covers(one)));
  const share = excused.length / generated.length;
  assert.ok(share <= 0.05, `${excused.length} of ${generated.length}`);
});

test("every rule is a line of docs/differences-from-mxm.md, and the numbers there are these", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "differences-from-mxm.md"), "utf8");
  const [, section = ""] = page.split("\n## mxm-secrets\n");
  const [table = ""] = section.split("\n###");
  const told = [...table.matchAll(/^\| ([a-z, ]+) \|/gm)].flatMap(([, ids = ""]) => ids.split(", "));
  assert.deepEqual(told.filter((id) => id !== "rule").sort(), rules.map(({ id }) => id).sort());
  const [, all, made] = /([\d,]+) cases, ([\d,]+) of them generated/.exec(table) ?? [];
  assert.deepEqual(
    [all, made],
    [cases.length, generated.length].map((count) => count.toLocaleString("en")),
  );
});

function shown(outcome: Outcome): string {
  return "ok" in outcome ? `ok ${JSON.stringify(outcome.ok)}` : kindOf(outcome);
}
