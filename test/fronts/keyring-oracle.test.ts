// jaraco/keyring's command line as an oracle for ours: the same generated command lines through both, with a backend that
// knows one service. The exit code, standard output and the kind of standard error must be the same.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { installTools } from "../../scripts/tools.ts";
import { runKeyring } from "../../src/cli/keyring.ts";
import { KeywrightError } from "../../src/errors.ts";
import { KEYRING_USAGE } from "../../src/fronts/keyring.ts";
import { Secret } from "../../src/secret.ts";
import { askOriginal, type Outcome } from "./keyring-original.ts";

const KNOWN = "https://known.example/simple/";
const LINES = 1500;

before(() => installTools(["menda"], console.log));

test(`keyring: ${LINES} generated command lines end as with the original`, async () => {
  const { version } = askOriginal([]);
  const calls = fc.sample(version[0] === 3 && isRecent(version) ? anyOrder : inOnePiece, {
    numRuns: LINES,
    seed: 7,
  });
  const { answers } = askOriginal(calls);
  const kinds = new Map<string, number>();
  for (const [index, argv] of calls.entries()) {
    const outcome = kindOf(await ours(argv));
    assert.deepEqual(outcome, kindOf(answers[index]), JSON.stringify(argv));
    const kind = `${outcome.code} ${outcome.stdout === "" ? "silent" : "answer"} ${outcome.said.replace(/:[^]*/, "")}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  // What is compared must be worth it: every way to end comes up, and often.
  for (const kind of [
    "0 answer nothing",
    "0 silent nothing",
    "1 silent nothing",
    "1 silent trouble",
    "2 silent misuse",
  ]) {
    assert.ok((kinds.get(kind) ?? 0) >= 20, `${kind}: ${JSON.stringify([...kinds])}`);
  }
});

/** Options between the positionals are read as we do since 3.13.1; before, Python is confused by them. */
function isRecent([, minor, patch]: readonly [number, number, number]): boolean {
  return minor > 13 || (minor === 13 && patch >= 1);
}

const service = fc.constantFrom(KNOWN, KNOWN, "https://other.example/", "some-name", "", "-1", "a b");
const username = fc.constantFrom("user", "user", "", "-2", "ü");
const positionals = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom("get", "get", "get", "set", "del"), service, username) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("get"), service) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("get", "set", "del", "bad", "diagnosed")) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("get"), service, username, fc.constantFrom("more", "-3", "--", "")),
  },
  { weight: 1, arbitrary: fc.constant([] as string[]) },
);
const mode = fc.constantFrom("password", "creds", "creds", "cred", "");
const output = fc.constantFrom("plain", "json", "json", "JSON");
const spelled = (names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc
    .tuple(fc.constantFrom(...names), value, fc.boolean())
    .map(([name, text, joined]) => (joined ? [`${name}=${text}`] : [name, text]));
const option: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 5, arbitrary: spelled(["--mode", "--mode", "--mo", "--m"], mode) },
  { weight: 5, arbitrary: spelled(["--output", "--output", "--out", "--o"], output) },
  {
    weight: 1,
    arbitrary: spelled(["--keyring-path", "--keyring-p", "-p"], fc.constantFrom("/nowhere", "-1")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ["-p/nowhere"],
      ["--k", "x"],
      ["--version"],
      ["-V"],
      ["-x=1"],
      ["--mode"],
      ["--output"],
      ["--help=x"],
      ["--=x"],
      ["-5x"],
    ),
  },
);
const options = fc.array(option, { maxLength: 3 });

/** Every Python reads these alike. Before 3.12 an ambiguous option was complained about before anything else. */
const inOnePiece: fc.Arbitrary<readonly string[]> = fc
  .tuple(options, positionals, options)
  .map(([first, words, last]) => [...first.flat(), ...words, ...last.flat()])
  .filter((argv) => !argv.some((word) => ["--", "--k", "--=x"].includes(word)));

const anyOrder: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.array(fc.tuple(option, fc.nat(4)), { maxLength: 4 }),
    positionals,
    fc.option(fc.nat(4), { freq: 6 }),
  )
  .map(([placed, words, separator]) => {
    const at = (place: number): readonly string[] => [
      ...placed.filter(([, where]) => where === place).flatMap(([words]) => words),
      ...(separator === place ? ["--"] : []),
    ];
    return [...words.flatMap((word, place) => [...at(place), word]), ...at(words.length)];
  });

/** The whole executable but for its configuration: no other keyring is on the PATH. */
async function ours(argv: readonly string[]): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const context = {
    env: { PATH: "" },
    home: undefined,
    clock: { now: () => 0 },
    out: (text: string) => void (stdout += text),
    err: (text: string) => void (stderr += text),
  };
  const code = await runKeyring(argv, context, {
    self: "/nonexistent/keyring",
    classify: async (url) => (url === KNOWN ? "ours" : "foreign"),
    async resolve({ url }) {
      if (url !== KNOWN) throw new KeywrightError("unknown", "nobody knows it");
      return new Secret("secret", { username: "user" });
    },
  });
  return { code, stdout, stderr };
}

interface Kind {
  readonly code: number;
  readonly stdout: string;
  readonly said: string;
}

/**
 * The kind of standard error: a misuse with the usage and the original's words; trouble (a traceback there, a sentence
 * here); or nothing. A remark beside a success is ours alone. Python before 3.12.8 puts the choices in quotes.
 */
function kindOf(outcome: Outcome | undefined): Kind {
  assert.ok(outcome !== undefined);
  const { code, stdout, stderr } = outcome;
  if (code === 2) {
    assert.ok(stderr.startsWith(KEYRING_USAGE), stderr);
    const words = stderr
      .slice(KEYRING_USAGE.length)
      .replace(/\(choose from .*\)$/m, (list) => list.replaceAll("'", ""));
    return { code, stdout, said: `misuse: ${words}` };
  }
  return { code, stdout, said: code === 0 || stderr === "" ? "nothing" : "trouble" };
}
