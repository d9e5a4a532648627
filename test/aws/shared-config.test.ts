// The AWS files: the same profiles as botocore reads from them, the same words of a command; and what is not read.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { readSharedConfig, type Sections } from "../../src/aws/shared-config.ts";
import { shellWords } from "../../src/aws/shell-words.ts";
import { KeywrightError } from "../../src/errors.ts";
import { HOSTILE } from "../account/ini-corpus.ts";
import { plant, temporary } from "../e2e/programs.ts";

type Pair = readonly [string, string];

function botocoreReads(asked: { readonly files: readonly Pair[]; readonly words: readonly Pair[] }): {
  readonly files: readonly unknown[];
  readonly words: readonly unknown[];
} {
  installTools(["aws"], () => undefined);
  const script = join(import.meta.dirname, "read_shared_config.py");
  const options = {
    input: JSON.stringify(asked),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 60_000,
  } as const;
  const { status, stdout, stderr } = spawnSync(toolPath("aws", "python"), [script], {
    ...options,
    env: { HOME: "/nonexistent" },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as ReturnType<typeof botocoreReads>;
}

const plain = (sections: Sections): unknown =>
  Object.fromEntries(
    [...sections].map(([name, section]) => [
      name,
      Object.fromEntries(
        [...section].map(([key, value]) => [
          key,
          typeof value === "string" ? value : Object.fromEntries(value),
        ]),
      ),
    ]),
  );

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "nothing thrown";
  } catch (error) {
    assert.ok(error instanceof KeywrightError);
    return error.code;
  }
};

const HEADERS = [
  "profile a",
  "profile b",
  "default",
  "a",
  "b",
  'profile "a b"',
  "profile",
  "profile a b",
  "profiles a",
  "sso-session a",
  "services x",
  "sso-sessiona",
  "DEFAULT",
  'profile "a',
  "profile\ta",
  "profile 'c'",
  "preview",
];
const LINES = [
  "k = 1",
  "k=2",
  "K: 3",
  "j =",
  "  x = 1",
  "  y=2=3",
  "  nothing",
  "",
  "# c",
  "  # c",
  "region=x",
  "region = y # no",
  "\tz = %(k)s",
  "s3 =",
  "junk",
  "  z\u000b= 1",
  "l = é",
];
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HEADERS).map((header) => `[${header}]`),
      fc.constantFrom(...LINES),
    ),
    { maxLength: 14 },
  )
  .map((lines) => lines.join("\n"));
const SPECIAL = ["a", "b c", '"', "'", "\\", " ", "\t", "\\\\", '\\"', "é", "\n", "$X"];
const command = fc.array(fc.constantFrom(...SPECIAL), { maxLength: 12 }).map((parts) => parts.join(""));

test("files and commands mean what they mean to botocore", (t) => {
  const home = temporary(t, "aws-files");
  const files: Pair[] = [
    ...HOSTILE.filter((one) => !one.includes("\ufeff")).map((one): Pair => [one, ""]),
    ...HOSTILE.filter((one) => !one.includes("\ufeff")).map((one): Pair => ["[profile a]\nk=0\n", one]),
    ...fc.sample(fc.tuple(text, text), { numRuns: 700, seed: 7 }),
  ];
  const words = fc.sample(command, { numRuns: 700, seed: 7 }).flatMap((one): Pair[] => [
    [one, "linux"],
    [one, "win32"],
  ]);
  const theirs = botocoreReads({ files, words });
  let understood = 0;
  for (const [at, [config, credentials]] of files.entries()) {
    plant(home, { ".aws/config": config, ".aws/credentials": credentials });
    const read = (): unknown => {
      const { profiles, ssoSessions, services } = readSharedConfig({ env: {}, home });
      return { profiles: plain(profiles), sso_sessions: plain(ssoSessions), services: plain(services) };
    };
    if (theirs.files[at] === "ConfigParseError")
      assert.equal(codeOf(read), "configuration", JSON.stringify([config, credentials]));
    else {
      assert.deepEqual(read(), theirs.files[at], JSON.stringify([config, credentials]));
      understood += 1;
    }
  }
  assert.ok(understood > 150 && understood < files.length - 150, `${understood} of ${files.length}`);
  for (const [at, [one, platform]] of words.entries())
    assert.deepEqual(
      shellWords(one, platform as NodeJS.Platform) ?? "ValueError",
      theirs.words[at],
      JSON.stringify([one, platform]),
    );
});

test("a file that others can write is refused, one that others can read is not", (t) => {
  const home = temporary(t, "aws-files");
  plant(home, { ".aws/config": "[default]\nregion=x\n", ".aws/credentials": "" });
  const file = join(home, ".aws/config");
  chmodSync(file, 0o644);
  assert.equal(readSharedConfig({ env: {}, home }).profiles.get("default")?.get("region"), "x");
  for (const name of ["config", "credentials"]) {
    chmodSync(join(home, ".aws", name), 0o666);
    assert.throws(() => readSharedConfig({ env: {}, home }), {
      code: "configuration",
      message: /can be written by other users/,
    });
    chmodSync(join(home, ".aws", name), 0o600);
  }
  chownSync(file, 12345, 12345);
  assert.throws(() => readSharedConfig({ env: {}, home }), {
    code: "configuration",
    message: /belongs to another user/,
  });
});

test("what is no file is none, what is too large or not UTF-8 is an error", (t) => {
  const home = temporary(t, "aws-files");
  plant(home, { ".aws/there": "[default]\nregion=x\n" });
  const read = (path: string): number =>
    readSharedConfig({ env: { AWS_CONFIG_FILE: path }, home }).profiles.size;
  mkdirSync(join(home, "folder"));
  symlinkSync(join(home, ".aws/there"), join(home, "link"));
  symlinkSync(join(home, "nowhere"), join(home, "dangling"));
  spawnSync("mkfifo", [join(home, "pipe")]);
  const none = [
    "",
    "/dev/null",
    join(home, "folder"),
    join(home, "dangling"),
    join(home, "pipe"),
    "~/nowhere",
    "$NOT_SET/x",
  ];
  for (const path of none) assert.equal(read(path), 0, path);
  assert.equal(read("~/link"), 1);
  assert.equal(readSharedConfig({ env: {}, home: undefined }).profiles.size, 0);
  assert.equal(
    codeOf(() => read("~root/x")),
    "configuration",
  );
  writeFileSync(join(home, "large"), "#".repeat(1024 * 1024 + 1), { mode: 0o600 });
  assert.equal(
    codeOf(() => read("~/large")),
    "configuration",
  );
  writeFileSync(join(home, "latin"), Buffer.from([0x5b, 0xe9, 0x5d]), { mode: 0o600 });
  assert.equal(
    codeOf(() => read("~/latin")),
    "configuration",
  );
});

test("an error names file and line, and no value", (t) => {
  const home = temporary(t, "aws-files");
  for (const bad of [
    "[default]\naws_secret_access_key\n  canary",
    "[default]\ns3 =\n  canary\n",
    "aws_secret_access_key = canary\n",
  ]) {
    plant(home, { ".aws/credentials": bad });
    assert.throws(
      () => readSharedConfig({ env: {}, home }),
      (error: KeywrightError) => {
        assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /canary/);
        assert.match(error.message, /\.aws\/credentials:\d/);
        return true;
      },
    );
  }
});
