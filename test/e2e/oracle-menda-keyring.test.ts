// Proof 3: menda-keyring 0.0.2 and ours, side by side, over the same cases against the same recording server. Every
// deliberate difference is a rule (oracle/*rules.ts); all else must be equal: answer, class, message, status, requests.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { addressRules } from "./oracle/address-rules.ts";
import type { OracleCase, Outcome } from "./oracle/case.ts";
import { accountCases } from "./oracle/cases.ts";
import { fileRules } from "./oracle/file-rules.ts";
import { replyCases } from "./oracle/reply-cases.ts";
import { replyRules } from "./oracle/reply-rules.ts";
import { assertExcused, type Rule } from "./oracle/rule.ts";
import { oracleServer, type OracleServer } from "./oracle/server.ts";
import { library, processes, theirs, type Place, type Ran } from "./oracle/sides.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PYTHON =
  process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ?? join(ROOT, "node_modules/.cache/keywright/menda/bin/python");

const cases: readonly OracleCase[] = [...accountCases, ...replyCases];
const rules: readonly Rule[] = [...fileRules, ...addressRules, ...replyRules];
const folder = mkdtempSync(join(tmpdir(), "keywright-oracle-"));
let server: OracleServer | undefined;
let sides: Promise<Sides> | undefined;
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Sides {
  readonly place: Place;
  readonly theirs: readonly Outcome[];
  readonly ours: readonly Outcome[];
}

/** Both sides, over all cases, once. */
function compared(): Promise<Sides> {
  sides ??= run();
  return sides;
}

async function run(): Promise<Sides> {
  assert.ok(existsSync(PYTHON), `${PYTHON} is missing; make it: sh scripts/run.sh node scripts/tools.ts`);
  mkdirSync(join(folder, "empty"));
  server = await oracleServer(cases, folder);
  const place: Place = { cases, server, folder };
  const [original, ours] = await Promise.all([theirs(PYTHON, place), library(place)]);
  return { place, theirs: original, ours };
}

test("no two cases have the same name, and no case is covered by two rules", () => {
  const names = cases.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
  for (const one of cases) {
    const covering = rules.filter((rule) => rule.covers(one)).map(({ id }) => id);
    assert.ok(covering.length < 2, `${one.name}: ${covering.join(" and ")}`);
  }
});

test("keywright answers, asks and fails as menda-keyring 0.0.2 does, but for the rules", async (t) => {
  const found = await compared();
  for (const [index, one] of cases.entries()) {
    await t.test(one.name, () => {
      const [original, own] = [found.theirs[index], found.ours[index]];
      assert.ok(original !== undefined && own !== undefined);
      const rule = rules.find(({ covers }) => covers(one));
      if (rule === undefined) assert.deepEqual(own, original);
      else assertExcused(rule, original, own);
    });
  }
});

test("every rule excuses something", () => {
  const idle = rules.filter(({ covers }) => !cases.some(covers)).map(({ id }) => id);
  assert.deepEqual(idle, []);
});

test("bin/keyring says what the library says", async (t) => {
  const { place, ours } = await compared();
  const chosen = oneOfEachKind(ours);
  const ran = await processes(place, chosen);
  for (const [at, index] of chosen.entries()) {
    await t.test(cases[index]?.name ?? "", () => assertSays(ours[index], ran[at]));
  }
});

/** A process for each case would take a minute: one for each rule, each error and each number of requests. */
function oneOfEachKind(outcomes: readonly Outcome[]): readonly number[] {
  const kinds = new Map<string, number>();
  for (const [index, { result, requests }] of outcomes.entries()) {
    const one = cases[index];
    if (one === undefined) continue;
    const rule = rules.find(({ covers }) => covers(one))?.id ?? "";
    const kind = "error" in result ? result.error : Object.keys(result).join();
    const key = JSON.stringify([rule, kind, requests.length]);
    if (!kinds.has(key)) kinds.set(key, index);
  }
  return [...kinds.values()];
}

function assertSays(outcome: Outcome | undefined, ran: (Ran & Pick<Outcome, "requests">) | undefined): void {
  assert.ok(outcome !== undefined && ran !== undefined);
  const { result, requests } = outcome;
  if ("answer" in result) {
    assert.deepEqual([ran.code, ran.out, ran.err], [0, `${result.answer}\n`, ""]);
  } else {
    assert.deepEqual([ran.code, ran.out], [1, ""]);
    const said = "error" in result ? `keyring: ${result.message}\n` : "";
    assert.equal(ran.err.slice(0, said.length), said);
    if (said === "") assert.equal(ran.err, "");
  }
  assert.deepEqual(ran.requests, requests);
}
