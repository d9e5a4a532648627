// Proof: for addresses that both support, ours asks AWS for what keyrings.codeartifact 2.1.2 asks for, as the same profile or key; every
// difference is on the list (oracle-codeartifact/differences.ts), and the list has none that does not exist.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { keyringrcPath } from "../../src/account/keyringrc-path.ts";
import { CASES } from "./oracle-codeartifact/cases.ts";
import { DIFFERENCES } from "./oracle-codeartifact/differences.ts";
import { originalPlace, originalSays, weSay } from "./oracle-codeartifact/sides.ts";

test("the same domain, owner, region, repository, profile, keys, certificates and duration, or a difference on the list", () => {
  const said = originalSays(CASES);
  const seen = new Map<string, number>();
  let equal = 0;
  for (const [index, one] of CASES.entries()) {
    const theirs = said[index] ?? assert.fail();
    const ours = weSay(one);
    if (theirs.answer.asked === undefined && ours.asked === undefined) continue;
    if (isDeepStrictEqual(theirs.answer.asked, ours.asked)) {
      equal += 1;
      continue;
    }
    const difference = DIFFERENCES.find(({ holds }) => holds({ one, theirs, ours }));
    assert.ok(difference !== undefined, JSON.stringify({ one, theirs, ours }, undefined, 2));
    seen.set(difference.name, (seen.get(difference.name) ?? 0) + 1);
  }
  assert.deepEqual(
    DIFFERENCES.map(({ name }) => name).filter((name) => !seen.has(name)),
    [],
    "differences that no case shows",
  );
  assert.ok(equal > 300, `only ${equal} cases are alike`);
});

test("(c) the original asks AWS at every question, and (f) warns of a file that nobody needs", () => {
  const url = "https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/simple/";
  const [one] = originalSays([{ url, config: null }]);
  assert.deepEqual(one?.warnings, ["/missing.cfg does not exist!"]);
  assert.equal(one?.mints, 2);
});

test("the file lies where the original looks for it", () => {
  for (const env of [
    { HOME: "/home/me" },
    { HOME: "/home/me", XDG_CONFIG_HOME: "/xdg" },
    { HOME: "/h", XDG_CONFIG_HOME: "" },
  ])
    assert.equal(keyringrcPath({ home: env.HOME, env }), originalPlace(env));
  const relative = { HOME: "/home/me", XDG_CONFIG_HOME: "xdg" };
  assert.equal(
    originalPlace(relative),
    join("xdg", "python_keyring", "keyringrc.cfg"),
    "below the working directory",
  );
  assert.equal(
    keyringrcPath({ home: "/home/me", env: relative }),
    "/home/me/.config/python_keyring/keyringrc.cfg",
  );
});
