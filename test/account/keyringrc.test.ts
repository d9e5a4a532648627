import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { keyringrcPath } from "../../src/account/keyringrc-path.ts";
import { keyringrcFor, type Keyringrc } from "../../src/account/keyringrc.ts";
import { KeywrightError } from "../../src/errors.ts";
import type { CodeArtifactTarget } from "../../src/resolver/codeartifact.ts";

const TARGET: CodeArtifactTarget = {
  domain: "dom",
  owner: "123456789012",
  region: "eu-west-1",
  partition: "aws",
  form: "ipv4",
  format: "pypi",
  repository: "repo",
};

function homeWith(t: TestContext, text: string | undefined): string {
  const home = mkdtempSync(join(tmpdir(), "keywright-keyringrc-"));
  t.after(() => rmSync(home, { recursive: true }));
  if (text !== undefined) write(join(home, ".config/python_keyring/keyringrc.cfg"), text);
  return home;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function read(t: TestContext, text: string, target: Partial<CodeArtifactTarget> = {}): Keyringrc | undefined {
  return keyringrcFor({ home: homeWith(t, text), env: {} })({ ...TARGET, ...target });
}

function refused(t: TestContext, text: string, message: RegExp): void {
  assert.throws(
    () => read(t, text),
    (error) => {
      assert.ok(error instanceof KeywrightError && error.code === "configuration", String(error));
      assert.match(error.message, message);
      assert.ok(error.hint !== undefined);
      return true;
    },
  );
}

test("keyringrcFor() reads every option, with comments and quotes as configparser takes them", (t) => {
  const text = `[backend]
default-keyring = keyring.backends.fail.Keyring

[codeartifact]
profile_name = dev   # a comment
token_duration=900 ; another
verify = "/etc/ssl/corp#1.pem"
aws_access_key_id: AKIDEXAMPLE
aws_secret_access_key: a#b;c
`;
  const found = read(t, text);
  assert.equal(found?.profile, "dev");
  assert.equal(found?.duration, 900);
  assert.equal(found?.caFile, "/etc/ssl/corp#1.pem");
  assert.equal(found?.keys?.accessKeyId, "AKIDEXAMPLE");
  assert.equal(found?.keys?.secretAccessKey.reveal(), "a#b;c");
  assert.match(found?.section ?? "", /^\[codeartifact\] of .*keyringrc\.cfg$/);
  assert.ok(!JSON.stringify(found).includes("a#b"));
});

test("keyringrcFor() says nothing without a file, and without a section for CodeArtifact", (t) => {
  assert.equal(keyringrcFor({ home: homeWith(t, undefined), env: {} })(TARGET), undefined);
  assert.equal(keyringrcFor({ home: undefined, env: {} })(TARGET), undefined);
  assert.equal(read(t, "[backend]\nprofile_name = x\n"), undefined);
  assert.equal(read(t, "[DEFAULT]\nprofile_name = x\n[codeartifactory]\nprofile_name = y\n"), undefined);
});

test("the section that names most of the address is used, its values over those of [codeartifact]", (t) => {
  const text = `[codeartifact]
profile_name = default
token_duration = 1800
[codeartifact domain="dom"]
profile_name = domain
[codeartifact account=123456789012 region='eu-west-1' name=repo]
profile_name = three
[codeartifact Domain=dom region=us-east-1]
profile_name = region
[codeartifact domain=empty]
profile_name =
`;
  const profile = (target: Partial<CodeArtifactTarget>): string | undefined => read(t, text, target)?.profile;
  assert.equal(profile({}), "three");
  assert.equal(read(t, text)?.duration, 1800);
  assert.equal(profile({ repository: "other" }), "domain");
  assert.equal(profile({ repository: undefined }), "domain");
  assert.equal(profile({ region: "us-east-1" }), "region");
  assert.equal(profile({ domain: "else", owner: "999999999999" }), "default");
  assert.equal(profile({ domain: "empty", owner: "999999999999" }), undefined);
});

test("a section that contradicts the address is never used, be it the only one", (t) => {
  const admin = "[codeartifact account=000000000000]\nprofile_name = prod_admin\n";
  assert.equal(read(t, admin), undefined);
  assert.equal(read(t, `${admin}[codeartifact]\nprofile_name = dev\n`)?.profile, "dev");
  const two = "[codeartifact domain=dom name=repo account=000000000000]\nprofile_name = prod_admin\n";
  assert.equal(read(t, `${two}[codeartifact domain=dom]\nprofile_name = dev\n`)?.profile, "dev");
});

test("of sections that name equally much, the first is used", (t) => {
  const text =
    "[codeartifact region=eu-west-1]\nprofile_name = a\n[codeartifact domain=dom]\nprofile_name = b\n";
  assert.equal(read(t, text)?.profile, "a");
});

test("verify=false is refused with an explanation, and a certificate's path must be absolute", (t) => {
  for (const word of ["false", "0", "no", "OFF", '"false"'])
    refused(t, `[codeartifact]\nverify = ${word}\n`, /would send AWS credentials to whoever answers/);
  for (const word of ["corp.pem", "./corp.pem", "~/corp.pem"])
    refused(t, `[codeartifact]\nverify = ${word}\n`, /is no absolute path/);
  for (const word of ["true", "1", "Yes", "on", ""])
    assert.equal(read(t, `[codeartifact]\nprofile_name=p\nverify = ${word}\n`)?.caFile, undefined, word);
});

test("a duration is 0, or what AWS takes", (t) => {
  const duration = (value: string): number | undefined =>
    read(t, `[codeartifact]\ntoken_duration = ${value}\n`)?.duration;
  assert.deepEqual(["0", "900", "43200"].map(duration), [0, 900, 43_200]);
  for (const value of ["899", "43201", "-1", "1h", "900.0", "9e2"])
    refused(t, `[codeartifact]\ntoken_duration = ${value}\n`, /token_duration is/);
});

test("half a key pair is an error that does not show the half", (t) => {
  refused(t, "[codeartifact]\naws_access_key_id = AKID\n", /aws_secret_access_key is missing/);
  refused(
    t,
    "[codeartifact]\naws_secret_access_key = hunter2\n",
    /^(?!.*hunter2).*aws_access_key_id is missing/,
  );
});

test("a section that cannot be understood, or is there twice, is an error", (t) => {
  for (const name of ["domian=dom", "dom", "domain = dom", "domain=dom domain=dum", "domain=dom,name=x y"])
    refused(t, `[codeartifact ${name}]\nprofile_name = x\n`, /cannot be understood/);
  const twins = "[codeartifact domain=dom name=repo]\n[codeartifact name='repo'  domain=dom]\n";
  refused(t, twins, /are meant for the same addresses/);
  refused(t, "profile_name = x\n", /no \[section\] before/);
});

test("a file that others can write, or that cannot be read, is refused", (t) => {
  const home = homeWith(t, "[codeartifact]\nprofile_name = x\n");
  const file = join(home, ".config/python_keyring/keyringrc.cfg");
  const answer = (): unknown => keyringrcFor({ home, env: {} })(TARGET);
  chmodSync(file, 0o666);
  assert.throws(answer, { code: "configuration", message: /can be written by other users/ });
  rmSync(file);
  mkdirSync(file);
  assert.throws(answer, { code: "configuration", message: /cannot be read \(EISDIR\)/ });
});

test("the file is looked for where keyring looks, but never below the working directory", (t) => {
  const home = homeWith(t, "[codeartifact]\nprofile_name = home\n");
  const xdg = join(home, "xdg");
  write(join(xdg, "python_keyring/keyringrc.cfg"), "[codeartifact]\nprofile_name = xdg\n");
  const other = join(home, "other.cfg");
  write(other, "[codeartifact]\nprofile_name = other\n");
  const profile = (place: Parameters<typeof keyringrcFor>[0]): string | undefined =>
    keyringrcFor(place)(TARGET)?.profile;
  assert.equal(profile({ home, env: {} }), "home");
  assert.equal(profile({ home, env: { XDG_CONFIG_HOME: "" } }), "home");
  assert.equal(profile({ home, env: { XDG_CONFIG_HOME: xdg } }), "xdg");
  assert.equal(profile({ home, env: { XDG_CONFIG_HOME: "xdg" } }), "home");
  assert.equal(profile({ home, env: { XDG_CONFIG_HOME: xdg }, file: other }), "other");
  assert.equal(keyringrcPath({ home: ".", env: {} }), undefined);
  assert.equal(keyringrcPath({ home: undefined, env: { XDG_CONFIG_HOME: "." } }), undefined);
});
