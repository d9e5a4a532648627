import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeywrightError } from "../../src/errors.ts";
import {
  KEYRING_USAGE,
  keyringAnswer,
  parseKeyringArguments,
  toAsk,
  type KeyringGet,
} from "../../src/fronts/keyring.ts";
import { Secret } from "../../src/secret.ts";
import { askOriginal, type Outcome } from "./keyring-original.ts";

const S = "https://known.example/simple/";

/** Calls that every Python from 3.9 on reads alike. */
const EVERYWHERE: readonly (readonly string[])[] = [
  ["get", S, "user"],
  ["get", S, ""],
  ["get", "", "user"],
  ["get", S],
  ["get"],
  ["get", "unknown", "user"],
  ["get", S, "--mode", "creds"],
  ["get", S, "user", "--mode", "creds"],
  ["--mode=creds", "--output=json", "get", S],
  ["--mode=creds", "--output=json", "get", S, "user"],
  ["--mode=creds", "--output=json", "get", "unknown"],
  ["--mode=creds", "get", S, ""],
  ["--mode=password", "get", S, "__token__"],
  ["--mode", "creds", "get"],
  ["--output", "json", "get", S, "user"],
  ["get", S, "user", "--out=json"],
  ["get", S, "--m", "creds", "--o", "json"],
  ["--mo=password", "--mo=creds", "get", S],
  ["--mode", "bad", "get", S],
  ["--mode=", "get", S],
  ["--mode=it's", "get", S],
  ['--mode=it\'s "x"', "get", S],
  ["--mode=a\tb\\c\u0001", "get", S],
  ["--output=xml"],
  ["--mode"],
  ["get", S, "--mode"],
  ["--mode", "--output=json", "get", S],
  ["--mode", "--", "creds"],
  ["set", S, "user"],
  ["set", S, ""],
  ["set", S],
  ["set"],
  ["del", S, "user"],
  ["del", S],
  ["del", "--mode", "creds"],
  ["set", S, "user", "--mode=creds"],
  [],
  ["--mode=creds"],
  [""],
  ["bad"],
  ["bad", "-h"],
  ["-h"],
  ["--help"],
  ["--he"],
  ["-h", "--mode", "bad"],
  ["-h", "bad"],
  ["--mode", "bad", "-h"],
  ["-h=x"],
  ["-h="],
  ["--help=x"],
  ["--list-backends=3"],
  ["--disable="],
  ["--dis=yes"],
  ["--k", "x", "get", S, "user"],
  ["--keyring=x", "get", S, "user"],
  ["--=x"],
  ["--version"],
  ["-V", "get", S, "user"],
  ["get", S, "user", "more"],
  ["get", S, "user", "more", "--unknown", "even more"],
  ["get", S, "user", "-1"],
  ["get", "-1", "-2"],
  ["get", "-.5", "-2.5"],
  ["get", "- x", "user"],
  ["get", "-x y", "user"],
  ["get", "-", "user"],
  ["get", "--", S, "user"],
  ["--", "get", S, "user"],
  ["--mode=creds", "--", "get", S],
  ["get", S, "--", "user"],
  ["get", S, "user", "--"],
  ["get", S, "--", "--mode"],
  ["get", S, "--", "user", "--mode"],
  ["--"],
  ["-p", "/nowhere", "get", S, "user"],
  ["-p/nowhere", "get", S, "user"],
  ["--keyring-path=/nowhere", "get", S, "user"],
  ["--keyring-p", "/nowhere", "get", S, "user"],
  ["-p"],
  ["-b"],
  ["-p", "-1", "get", S, "user"],
  ["--print-completion"],
  ["--print-completion", "fish"],
  ["--pr"],
];

/** Calls that Python reads so since 3.12.7 only; before, it is confused by options between the positionals and by `--`. */
const SINCE_3_12_7: readonly (readonly [argv: readonly string[], code: number, said: string])[] = [
  [["get", "--mode", "creds", S], 0, "user\nsecret\n"],
  [["get", "--mode=password", S, "--output", "json", "user"], 0, '{"password": "secret"}\n'],
  [["get", "--mode", "creds", S, "--output=json", "user"], 0, '{"username": "user", "password": "secret"}\n'],
  [["get", "--", "--", "user"], 1, ""],
  [["get", S, "--", "--"], 0, "secret\n"],
  [["get", "--unknown=x", S, "user"], 2, "keyring: error: unrecognized arguments: --unknown=x"],
  [["get", "-1x", "user"], 2, "keyring: error: unrecognized arguments: -1x"],
  [["-h", "--k"], 0, ""],
  [["-hX"], 0, ""],
  [["-hh=x"], 2, "keyring: error: argument -h/--help: ignored explicit argument 'x'"],
  [["-hhb"], 2, "keyring: error: argument -b/--keyring-backend: expected one argument"],
  [["-hb", "x"], 0, ""],
];

test("keyring: every call ends as with the original: exit code, answer, last line of the complaint", () => {
  const { answers } = askOriginal(EVERYWHERE);
  for (const [index, argv] of EVERYWHERE.entries()) {
    assert.deepEqual(compared(ours(argv)), compared(answers[index]), JSON.stringify(argv));
  }
});

test("keyring: options between the positionals are read as Python reads them since 3.12.7", () => {
  const calls = SINCE_3_12_7.map(([argv]) => argv);
  const { version, answers } = askOriginal(calls);
  const recent = version[0] * 1e6 + version[1] * 1e3 + version[2] >= 3_013_001;
  for (const [index, [argv, code, said]] of SINCE_3_12_7.entries()) {
    const outcome = compared(ours(argv));
    assert.deepEqual([outcome.code, outcome.stdout || outcome.complaint], [code, said], JSON.stringify(argv));
    if (recent) assert.deepEqual(outcome, compared(answers[index]), JSON.stringify(argv));
  }
});

test("keyring: the usage text is the original's", () => {
  const { answers } = askOriginal([["--mode"]]);
  assert.ok(answers[0]?.stderr.startsWith(KEYRING_USAGE), answers[0]?.stderr);
});

test("keyring: -b, --list-backends, --disable, diagnose and --print-completion are recognised before an operation", () => {
  assert.equal(operation("--list-backends", "get"), "list-backends");
  assert.equal(operation("--l", "--disable"), "list-backends");
  assert.equal(operation("--disable", "diagnose"), "disable");
  assert.equal(operation("diagnose", "x", "y"), "diagnose");
  assert.equal(operation("--print-completion", "zsh", "--bad"), "print-completion");
  for (const argv of [
    ["-b", "x.Y"],
    ["-bx.Y"],
    ["-b=x.Y"],
    ["--keyring-backend=x.Y"],
    ["--keyring-b", "x.Y"],
  ]) {
    const call = parseKeyringArguments([...argv, "get", S, "user"]);
    assert.equal(call.operation === "get" && call.backend, "x.Y");
  }
});

test("keyring: a complaint does not repeat a password", () => {
  const call = parseKeyringArguments(["get", "a", "b", "https://user:hunter2@known.example/"]);
  assert.deepEqual(call, {
    operation: "misuse",
    message: "unrecognized arguments: https://user:***@known.example/",
  });
});

test("keyring: the order of options and positionals does not matter", () => {
  const options = fc.shuffledSubarray([["--mode=creds"], ["--output", "json"], ["-b", "x"], ["-p", "y"]], {
    minLength: 4,
  });
  fc.assert(
    fc.property(options, fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), (chosen, places) => {
      const argv = ["get", S, "user"].flatMap((word, at) => {
        return [...chosen.filter((_, index) => places[index] === at).flat(), word];
      });
      argv.push(...chosen.filter((_, index) => places[index] === 3).flat());
      const call = {
        operation: "get",
        service: S,
        username: "user",
        mode: "creds",
        output: "json",
        backend: "x",
      };
      assert.deepEqual(parseKeyringArguments(argv), call);
    }),
  );
});

test("keyring: no words make the parser throw, and every service and user name can be given after --", () => {
  const word = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("get", "--mode", "--mode=creds", "--", "-h", "-b", "--o", "", "-1", "--k=", "set", "-hb"),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (argv) => void parseKeyringArguments(argv)),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (service, username) => {
      const call = parseKeyringArguments(["get", "--", service, username]);
      assert.deepEqual(call.operation === "get" && [call.service, call.username], [service, username]);
    }),
  );
});

test("toAsk: an empty user name is none, and the address stays as it was given", () => {
  const call = get({ username: "" });
  assert.deepEqual(toAsk(call), { kind: "registry", url: S, username: undefined, action: "read" });
  assert.equal(toAsk(get({ username: "aws" })).username, "aws");
});

test("keyringAnswer: one line, two lines or one JSON object, with Python's spelling", () => {
  const secret = new Secret('p"\\ü\u{1f511}\u007f', { username: "aws" });
  assert.equal(keyringAnswer(get({}), new Secret("pw")), "pw\n");
  assert.equal(keyringAnswer(get({ mode: "creds" }), new Secret("pw", { username: "aws" })), "aws\npw\n");
  assert.equal(
    keyringAnswer(get({ mode: "creds", output: "json" }), secret),
    '{"username": "aws", "password": "p\\"\\\\\\u00fc\\ud83d\\udd11\\u007f"}\n',
  );
  assert.equal(keyringAnswer(get({ output: "json" }), new Secret("a\nb")), '{"password": "a\\nb"}\n');
});

test("keyringAnswer: creds take the user name of the secret, then the asked one, and fail without either", () => {
  const creds = get({ mode: "creds", username: "bob" });
  assert.equal(keyringAnswer(creds, new Secret("pw", { username: "aws" })), "aws\npw\n");
  assert.equal(keyringAnswer(creds, new Secret("pw")), "bob\npw\n");
  for (const username of [undefined, ""]) {
    fails("configuration", () => keyringAnswer(get({ mode: "creds", username }), new Secret("pw")));
  }
});

test("keyringAnswer: a value that would end a line is refused, without showing it", () => {
  for (const sign of ["\n", "\r", "\0", "\u000b", "\u001c", "\u0085", "\u2028"]) {
    const error = fails("backend", () => keyringAnswer(get({}), new Secret(`hunter${sign}2`)));
    assert.ok(!error.message.includes("hunter"));
    fails("backend", () =>
      keyringAnswer(get({ mode: "creds" }), new Secret("pw", { username: `a${sign}b` })),
    );
  }
  fails("backend", () => keyringAnswer(get({ output: "json" }), new Secret("\ud800")));
});

test("keyringAnswer: what is written is always exactly the lines, or the object, that a client expects", () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(
    fc.property(text, text, (password, username) => {
      const secret = new Secret(password, { username });
      const json = attempt(() => keyringAnswer(get({ mode: "creds", output: "json" }), secret));
      if (json !== undefined) {
        assert.match(json, /^\{[\x20-\x7e]*\}\n$/);
        assert.deepEqual(JSON.parse(json), { username, password });
      }
      const plain = attempt(() => keyringAnswer(get({ mode: "creds" }), secret));
      if (plain !== undefined)
        assert.deepEqual(plain.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/), [username, password, ""]);
    }),
  );
});

function operation(...argv: readonly string[]): string {
  return parseKeyringArguments(argv).operation;
}

function get(part: Partial<KeyringGet>): KeyringGet {
  const plain = { mode: "password", output: "plain", username: undefined, backend: undefined } as const;
  return { operation: "get", service: S, ...plain, ...part };
}

/** What the executable does with a call when its backend is the one that the original is given. */
function ours(argv: readonly string[]): Outcome {
  const call = parseKeyringArguments(argv);
  if (call.operation === "misuse")
    return { code: 2, stdout: "", stderr: `keyring: error: ${call.message}\n` };
  if (call.operation !== "get") return { code: 0, stdout: "", stderr: "" };
  if (call.service !== S) return { code: 1, stdout: "", stderr: "" };
  return { code: 0, stdout: keyringAnswer(call, new Secret("secret", { username: "user" })), stderr: "" };
}

interface Compared {
  readonly code: number;
  readonly stdout: string;
  readonly complaint: string;
}

/** Help texts differ on purpose; Python before 3.12.8 puts the choices in quotes. */
function compared(outcome: Outcome | undefined): Compared {
  assert.ok(outcome !== undefined);
  const stdout = outcome.stdout.startsWith("usage:") ? "" : outcome.stdout;
  const complaint = outcome.stderr.trimEnd().split("\n").at(-1) ?? "";
  const plain = complaint.replace(/\(choose from .*\)$/, (choices) => choices.replaceAll("'", ""));
  return { code: outcome.code, stdout, complaint: plain };
}

function fails(code: string, action: () => unknown): KeywrightError {
  try {
    action();
  } catch (thrown) {
    assert.ok(thrown instanceof KeywrightError);
    assert.equal(thrown.code, code);
    return thrown;
  }
  assert.fail("nothing was thrown");
}

function attempt(action: () => string): string | undefined {
  try {
    return action();
  } catch (thrown) {
    assert.ok(thrown instanceof KeywrightError);
    return undefined;
  }
}
