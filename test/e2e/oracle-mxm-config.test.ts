// Proof 1: mxm-config 0.6.2 and mxm-runtime 0.1.2, and ours, over the same cases. Every deliberate difference is a rule; all
// else must be equal: the value, or the kind of error. The originals' answers are kept with the hashes of their sources, so
// that the comparison also runs where no Python is new enough; where one is, they are asked again.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { toolPath } from "../../scripts/tools.ts";
import { sha256 } from "../../src/digest.ts";
import type { Answer, OracleCase, Outcome } from "./oracle-mxm-config/case.ts";
import { handCases } from "./oracle-mxm-config/cases.ts";
import { generatedCases } from "./oracle-mxm-config/generated.ts";
import { assertExcused, rules, type Rule } from "./oracle-mxm-config/rules.ts";
import { originals, ours, outcomeOf } from "./oracle-mxm-config/sides.ts";

const KEPT = join(import.meta.dirname, "oracle-mxm-config", "answers.jsonl");
const PYTHON = process.env["KEYWRIGHT_TEST_MXM_PYTHON"] ?? toolPath("mxm", "python");
const WRITE = process.env["KEYWRIGHT_TEST_WRITE_ANSWERS"] === "1";
const cases: readonly OracleCase[] = [...handCases, ...generatedCases];

interface Kept {
  readonly packages: Readonly<Record<string, string>>;
  /** By the hash of the question. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** The hashes in the first line, then one answer a line. */
function readKept(): Kept {
  if (!existsSync(KEPT)) return { packages: {}, answers: {} };
  const [packages, ...lines] = readFileSync(KEPT, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  return { packages: packages as Kept["packages"], answers: Object.fromEntries(lines as [string, Answer][]) };
}

const kept = readKept();
const keyOf = ({ question }: OracleCase): string => sha256(JSON.stringify(question)).slice(0, 16);
const live = existsSync(PYTHON) ? originals(PYTHON, cases) : undefined;

function answersNow(): ReadonlyMap<string, Answer> {
  if (live === undefined) return new Map(Object.entries(kept.answers));
  return new Map(cases.map((one, at) => [keyOf(one), live.answers[at] as Answer]));
}

const answers = answersNow();
if (WRITE && live !== undefined) {
  const sorted = [...answers].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(KEPT, [live.packages, ...sorted].map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const ruleFor = ({ question }: OracleCase): Rule | undefined => rules.find(({ covers }) => covers(question));

test("no two cases have the same name, and no case is covered by two rules", () => {
  const names = cases.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, question } of cases) {
    const covering = rules.filter(({ covers }) => covers(question)).map(({ id }) => id);
    assert.ok(covering.length < 2, `${name}: ${covering.join(" and ")}`);
  }
});

test("every case has an answer of the originals", () => {
  const without = cases.filter((one) => !answers.has(keyOf(one))).map(({ name }) => name);
  assert.deepEqual(without, [], `${PYTHON} is missing; make it: sh scripts/run.sh node scripts/tools.ts`);
});

test("the answers that are kept are those of the originals", () => {
  if (live === undefined) return assert.ok(Object.keys(kept.packages).length > 0);
  const now = { packages: live.packages, answers: Object.fromEntries(answers) };
  const remedy = "keep them anew: KEYWRIGHT_TEST_WRITE_ANSWERS=1";
  if (!WRITE) assert.deepEqual(kept, now, remedy);
});

test("keywright answers and fails as the originals do, but for the rules", () => {
  const wrong: string[] = [];
  for (const one of cases) {
    const answer = answers.get(keyOf(one));
    if (answer === undefined) continue;
    const [original, own] = [outcomeOf(answer), ours(one)];
    try {
      compare(one, original, own);
    } catch (error) {
      wrong.push(`${one.name}: ${(error as Error).message}`);
    }
  }
  assert.deepEqual(wrong, []);
});

function compare(one: OracleCase, original: Outcome, own: Outcome): void {
  const rule = ruleFor(one);
  if (rule === undefined) assert.deepEqual(own, original);
  else assertExcused(rule, original, own, one.question);
}

test("every rule excuses something, and together at most 5 % of the generated cases", () => {
  const idle = rules.filter(({ covers }) => !cases.some(({ question }) => covers(question)));
  assert.deepEqual(
    idle.map(({ id }) => id),
    [],
  );
  const generated = cases.filter((one) => one.generated);
  const excused = generated.filter((one) => ruleFor(one) !== undefined);
  assert.ok(generated.length >= 900, `${generated.length} generated cases`);
  assert.ok(excused.length <= generated.length * 0.05, `${excused.length} of ${generated.length}`);
});

test("every rule is a line of docs/differences-from-mxm.md, and the numbers of cases are right", () => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "differences-from-mxm.md"), "utf8");
  assert.deepEqual(
    rules.map(({ id }) => id).filter((id) => !text.includes(`\n| ${id} |`)),
    [],
  );
  const generated = cases.filter((one) => one.generated).length;
  const said = [cases.length, generated].map((count) => count.toLocaleString("en"));
  assert.ok(text.includes(`${said[0]} cases, ${said[1]} of them generated`), said.join(", "));
});
