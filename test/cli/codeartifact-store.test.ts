// A broker's configuration with a codeartifact store, at the commands that read it: what is wrong with the options is said
// before anything is served.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

const keywright = join(import.meta.dirname, "..", "..", "bin", "keywright");

function broker(t: TestContext, options: string): (...words: readonly string[]) => ReturnType<typeof run> {
  const home = mkdtempSync(join(tmpdir(), "keywright-store-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, "broker.yaml");
  const text = `principals: [ci]
stores:
  aws:
    backend: codeartifact
    options: ${options}
refs: { packages: { store: aws, match: "*.d.codeartifact.*.amazonaws.com", policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
`;
  writeFileSync(file, text, { mode: 0o600 });
  return (...words) => run(home, ...words.map((word) => (word === "FILE" ? file : word)));
}

function run(home: string, ...words: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: home };
  return spawnSync(keywright, words, { env, encoding: "utf8", timeout: 60_000 });
}

const ROLES =
  "{ duration: 900, roles: [{ role_arn: 'arn:aws:iam::111122223333:role/r', session_policy: read }] }";

test("config check --broker takes the store, and says file and line of an option that is wrong", (t) => {
  const good = broker(t, ROLES)("config", "check", "--broker", "FILE", "--json");
  assert.equal(good.status, 0, good.stderr);
  assert.equal((JSON.parse(good.stdout) as { stores: number }).stores, 1);
  const wrong = broker(t, ROLES.replace("900", "60"))("config", "check", "--broker", "FILE");
  assert.equal(wrong.status, 3);
  assert.match(
    wrong.stderr,
    /broker\.yaml:5: stores\.aws\.options cannot be used: store aws: duration must be 0 or/,
  );
});

test("a server does not start with options that are wrong", (t) => {
  const at = broker(t, ROLES.replace("role/r", "user/r"));
  const { status, stdout, stderr } = at("server", "--config", "FILE", "--listen", "127.0.0.1:0");
  assert.deepEqual([status, stdout], [3, ""]);
  assert.match(stderr, /broker\.yaml:5: .*roles\[0\]: role_arn must be the ARN of a role/);
});
