// `keywright why`: what was decided and what went wrong, also where the client threw the words away. The log of failures is
// private, bounded and without secrets, and nothing is written when all goes well.
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runKeyringCommand } from "../../src/cli/keyring-command.ts";
import { failuresIn, LARGEST_LOG, noteFailure, whyLogPath } from "../../src/cli/why-log.ts";
import { KeywrightError } from "../../src/errors.ts";
import { deskFor, HOST, INDEX, TOKEN, type Desk } from "../clients/desk.ts";

const NOW = 1_800_000_000;

/** `keyring get` as pip runs it; what it says on standard error is thrown away. */
async function asked(desk: Desk, url: string, now = NOW): Promise<number> {
  return runKeyringCommand(["--mode=creds", "--output=json", "get", url], desk.context({ now }), () =>
    join(desk.bin, "keyring"),
  );
}

interface Told {
  readonly address: string | null;
  readonly whose: string | null;
  readonly entries: readonly {
    readonly kind: string;
    readonly outcome: string;
    readonly address: string;
    readonly message: string;
    readonly hint: string | null;
  }[];
}

async function why(desk: Desk, ...argv: readonly string[]): Promise<Told> {
  return JSON.parse((await desk.run(["why", "--json", ...argv])).out) as Told;
}

test("a failure that pip threw away is told, with the decision before it and what to do", async (t) => {
  const desk = deskFor(t);
  desk.plant({ "home/.menda/mendacfg": "[default]\nhost = https://menda.example\n" });
  assert.equal(await asked(desk, INDEX), 1);
  const { entries, whose, address } = await why(desk, INDEX);
  assert.deepEqual(
    entries.map(({ kind, outcome }) => [kind, outcome]),
    [
      ["decision", "granted"],
      ["failure", "authentication"],
    ],
  );
  assert.match(entries[1]?.message ?? "", /No valid cached token/);
  assert.match(entries[1]?.hint ?? "", /keywright auth login/);
  assert.deepEqual([whose, address], ["ours", INDEX]);
  const { out } = await desk.run(["why", HOST]);
  assert.match(
    out,
    /^2027-01-15T08:00:00\.000Z {2}granted .*\[ref codeartifact, rule registries\.allowed_principals\]$/m,
  );
  assert.match(out, /^2027-01-15T08:00:00\.000Z {2}failed \(authentication\)/m);
});

test("a denial, a look-alike, a broken configuration: each one is there", async (t) => {
  const desk = deskFor(t);
  desk.plant({
    "home/.config/keywright/config.yaml": `stores: { menda: { backend: menda } }
refs: { main: { store: menda, match: "${HOST}", policy: none } }
policies: { none: { allowed_principals: [nobody] } }
`,
  });
  await asked(desk, INDEX);
  await asked(desk, INDEX.replace("https", "http"));
  assert.deepEqual((await why(desk)).entries.map(({ kind, outcome }) => `${kind} ${outcome}`).sort(), [
    "decision denied",
    "decision refused",
    "failure denied",
    "failure refused",
  ]);
  desk.plant({ "home/.config/keywright/config.yaml": "nonsense: 1\n" });
  await asked(desk, INDEX);
  const { entries, whose } = await why(desk, INDEX, "--last", "1");
  assert.deepEqual([entries.length, entries[0]?.outcome, whose], [1, "configuration", "unreadable"]);
});

test("an address selects its host and path, and a foreign one says why nothing is there", async (t) => {
  const desk = deskFor(t);
  for (const [at, path] of ["main", "other"].entries())
    noteFailure(desk.home, {
      front: "python",
      service: `https://${HOST}/pypi/${path}/simple/`,
      now: NOW + at,
      thrown: new KeywrightError("network", "x"),
    });
  const count = async (url: string): Promise<number> => (await why(desk, url)).entries.length;
  assert.deepEqual(
    [
      await count(HOST),
      await count(`https://${HOST}/pypi/main`),
      await count(`https://${HOST}/pypi/mai`),
      await count("https://other.example/"),
    ],
    [2, 1, 0, 0],
  );
  assert.equal(
    (await why(desk, "--since", new Date((NOW + 1) * 1000).toISOString().slice(0, 19))).entries.length,
    1,
  );
  const foreign = await desk.run(["why", "https://other.example/simple/"]);
  assert.match(foreign.err, /is not ours/);
  await asked(desk, "https://other.example/simple/");
  assert.equal(failuresIn(desk.home).length, 2, "a foreign question is nobody's business");
});

test("nothing is written about an address that is nobody's, nor without a home", (t) => {
  const desk = deskFor(t);
  const thrown = new KeywrightError("unknown", "x");
  noteFailure(desk.home, { front: "python", service: "https://other.example/", now: NOW, thrown });
  noteFailure(undefined, { front: "python", service: INDEX, now: NOW, thrown: new Error("x") });
  assert.deepEqual(desk.tree(), {});
});

test("the log is private, bounded, and holds no secret", async (t) => {
  const desk = deskFor(t);
  const path = whyLogPath(desk.home);
  const note = (message: string): void =>
    noteFailure(desk.home, {
      front: "keyring",
      service: `https://aws:${TOKEN}@${HOST}/x?token=${TOKEN}`,
      now: NOW,
      thrown: new KeywrightError("network", message, { hint: message }),
    });
  note("x");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(!readFileSync(path, "utf8").includes(TOKEN));
  assert.equal(failuresIn(desk.home)[0]?.address, `https://***@${HOST}/x`);
  for (let turn = 0; turn < 400; turn += 1) note("y".repeat(5000));
  for (const file of [path, `${path}.1`]) assert.ok(statSync(file).size <= LARGEST_LOG + 4096, file);
  assert.ok(!existsSync(`${path}.2`));
  assert.ok(failuresIn(desk.home).length > 50);
  appendFileSync(path, "torn {");
  assert.ok(failuresIn(desk.home).length > 50);
});

test("a log that cannot be written stops nothing, and one that others can write is not believed", async (t) => {
  const desk = deskFor(t);
  writeFileSync(join(desk.home, ".local"), "in the way");
  assert.equal(await asked(desk, INDEX), 1);
  const second = deskFor(t);
  await asked(second, INDEX);
  chmodSync(whyLogPath(second.home), 0o666);
  const held = readFileSync(whyLogPath(second.home), "utf8");
  assert.equal((await second.run(["why"])).status, 3);
  assert.equal(await asked(second, INDEX), 1);
  assert.equal(readFileSync(whyLogPath(second.home), "utf8"), held);
});
