import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { defaultChoice, type DefaultChoice } from "../../src/config/default-choice.ts";

interface Place {
  readonly home: string;
  write(path: string, text?: string): string;
  choose(env?: Record<string, string | undefined>): DefaultChoice;
}

function placeFor(t: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), "keywright-choice-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return {
    home,
    write(path, text = "") {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    choose: (env = {}) => defaultChoice({ env, home, vendor: join(home, "vendor") }),
  };
}

test("with nothing at all it is menda, and the reason says so", (t) => {
  const { choose } = placeFor(t);
  const none = "there is neither a menda profile nor any sign of AWS credentials";
  assert.deepEqual(choose(), { name: "menda", reason: none });
  assert.equal(defaultChoice({ env: {}, home: undefined, vendor: "/nowhere/vendor" }).name, "menda");
});

test("each of these is a sign of AWS credentials, and the reason names it", (t) => {
  for (const name of [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ])
    assert.deepEqual(placeFor(t).choose({ [name]: "x" }), { name: "aws", reason: `${name} is set` });
  for (const file of [".aws/config", ".aws/credentials"]) {
    const { write, choose } = placeFor(t);
    write(file);
    assert.deepEqual(choose(), { name: "aws", reason: `~/${file} exists` });
  }
});

test("files that AWS_* names count by their whole path or from the home, and instead of the usual ones", (t) => {
  const { write, choose, home } = placeFor(t);
  const file = write("elsewhere/config");
  assert.equal(choose({ AWS_CONFIG_FILE: file }).reason, `${file} exists`);
  assert.equal(choose({ AWS_SHARED_CREDENTIALS_FILE: "~/elsewhere/config" }).name, "aws");
  assert.equal(choose({ AWS_CONFIG_FILE: join(home, "missing") }).name, "menda");
  write(".aws/config");
  assert.equal(choose({ AWS_CONFIG_FILE: join(home, "missing") }).name, "menda");
});

test("keyringrc.cfg counts when it speaks of CodeArtifact", (t) => {
  const { write, choose, home } = placeFor(t);
  const path = ".config/python_keyring/keyringrc.cfg";
  write(path, "[backend]\ndefault-keyring = keyring.backends.fail.Keyring\n");
  assert.equal(choose().name, "menda");
  write(path, "[backend]\n[codeartifact domain=dom]\nprofile_name = p\n");
  const { name, reason } = choose();
  assert.equal(name, "aws");
  assert.equal(reason, `${join(home, path)} has a section for codeartifact`);
  for (const text of ["\ufeff[codeartifact]\r\n", "  [codeartifact domain=dom]\n"]) {
    write(path, text);
    assert.equal(choose().name, "aws", `what configparser reads: ${JSON.stringify(text)}`);
  }
  for (const text of ["# [codeartifact]\n", "[codeartifactory]\n", "[codeartifact-old]\n"]) {
    write(path, text);
    assert.equal(choose().name, "menda", JSON.stringify(text));
  }
});

test("a machine that says it is EC2 counts, unless its metadata is turned off", (t) => {
  const { write, choose } = placeFor(t);
  write("vendor", "Amazon EC2\n");
  assert.deepEqual(choose(), { name: "aws", reason: "this machine is an EC2 instance" });
  assert.equal(choose({ AWS_EC2_METADATA_DISABLED: "True" }).name, "menda");
  write("vendor", "Amazon EC2 look-alike\n");
  assert.equal(choose().name, "menda");
});

test("any sign of menda keeps menda, broken or empty as it may be", (t) => {
  const { home, write, choose } = placeFor(t);
  write(".aws/credentials");
  for (const name of ["MENDA_HOST", "MENDA_PROFILE_ID", "MENDA_CLIENT_ID", "MENDA_ANYTHING"])
    assert.deepEqual(choose({ [name]: "", AWS_PROFILE: "p" }), { name: "menda", reason: `${name} is set` });
  assert.equal(choose({ MENDA_HOST: undefined }).name, "aws");
  write(".menda/mendacfg", "not [ini");
  assert.deepEqual(choose({ AWS_PROFILE: "p" }), { name: "menda", reason: "~/.menda/mendacfg exists" });
  rmSync(join(home, ".menda/mendacfg"));
  symlinkSync("/nowhere", join(home, ".menda/mendacfg"));
  assert.equal(choose().name, "menda", "a broken link");
  rmSync(join(home, ".menda/mendacfg"));
  mkdirSync(join(home, ".menda/mendacfg"));
  assert.equal(choose().name, "menda", "a folder");
  rmSync(join(home, ".menda"), { recursive: true });
  assert.equal(choose().name, "aws");
});

test("nothing that the working directory could hold counts", (t) => {
  const { home, write } = placeFor(t);
  write(".aws/config");
  write(".menda/mendacfg");
  write(".config/python_keyring/keyringrc.cfg", "[codeartifact]\n");
  write("xdg/python_keyring/keyringrc.cfg", "[codeartifact]\n");
  const before = process.cwd();
  process.chdir(home);
  t.after(() => process.chdir(before));
  const none = "there is neither a menda profile nor any sign of AWS credentials";
  for (const relative of [".", "", "./", undefined]) {
    const env = {
      AWS_CONFIG_FILE: ".aws/config",
      AWS_SHARED_CREDENTIALS_FILE: "./.aws/config",
      XDG_CONFIG_HOME: "xdg",
    };
    const { reason } = defaultChoice({ env, home: relative, vendor: join(home, "vendor") });
    assert.equal(reason, none, String(relative));
    assert.equal(defaultChoice({ env: {}, home: relative, vendor: "/nowhere/vendor" }).reason, none);
  }
});
