// The options of a codeartifact store, as the configuration is loaded: what is taken, and what is said with file and line.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { optionChecks, UPSTREAM_BACKENDS } from "../../src/all-backends.ts";
import { codeArtifactSettings } from "../../src/backends/codeartifact-options.ts";
import { loadConfig } from "../../src/config/load.ts";
import { KeywrightError } from "../../src/errors.ts";
import { matchFault } from "../../src/resolver/match.ts";

async function load(t: TestContext, options: string, ref = "", kind: "client" | "broker" = "broker") {
  const home = mkdtempSync(join(tmpdir(), "keywright-options-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, "config.yaml");
  const text = `stores:\n  aws:\n    backend: codeartifact\n    options: ${options}\nrefs:\n  r: { store: aws, match: packages.example, policy: p${ref} }\npolicies: { p: { allowed_principals: [ci] } }\n`;
  writeFileSync(file, text, { mode: 0o600 });
  const checks = await optionChecks();
  return loadConfig({ home, env: {}, kind, file, backends: UPSTREAM_BACKENDS, matchFault, ...checks });
}

test("all options, in the configuration of a broker and of a client", async (t) => {
  const written = `
      profile: dev
      duration: 900
      region: cn-north-1
      domain: my-domain
      domain_owner: "111122223333"
      partitions: [aws, aws-cn]
      timeout: 30
      request_timeout: 5
      keyringrc: /etc/keyringrc.cfg
      roles:
        - principals: [ci]
          actions: [read]
          role_arn: arn:aws-cn:iam::111122223333:role/team/read
          session_name: "kw-{principal}-{app}-{decision}"
          session_policy: { Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "*", Resource: "*" }] }
          tags: { team: "{principal}" }
          external_id: ex-1
          duration: 900
        - role_arn: arn:aws:iam::111122223333:role/publish
          session_policy: publish`;
  for (const kind of ["client", "broker"] as const) {
    const { stores } = await load(t, written, "", kind);
    const store = stores.get("aws");
    assert.ok(store !== undefined);
    const { roles = [], ...rest } = codeArtifactSettings(store);
    assert.deepEqual(rest, {
      profile: "dev",
      duration: 900,
      region: "cn-north-1",
      domain: "my-domain",
      domainOwner: "111122223333",
      partitions: ["aws", "aws-cn"],
      timeout: 30,
      requestTimeout: 5,
      keyringrc: "/etc/keyringrc.cfg",
    });
    const [first, second] = roles;
    assert.deepEqual(first?.sessionPolicy, {
      written: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    });
    assert.deepEqual(
      [second?.principals, second?.sessionName, second?.sessionPolicy],
      [undefined, "keywright-{principal}", "publish"],
    );
  }
});

test("without options: an hour at most, the partition aws, no file of another program", async (t) => {
  const store = (await load(t, "{}")).stores.get("aws");
  assert.ok(store !== undefined);
  const { duration, partitions, timeout, requestTimeout, keyringrc, roles } = codeArtifactSettings(store);
  assert.deepEqual([duration, partitions, timeout, requestTimeout], [undefined, ["aws"], 20, 10]);
  assert.deepEqual([keyringrc, roles], [undefined, undefined]);
});

const role = (text: string): string =>
  `{ roles: [{ role_arn: "arn:aws:iam::111122223333:role/r", ${text} }] }`;

const WRONG: readonly (readonly [options: string, message: RegExp, hint?: RegExp])[] = [
  ["{ regoin: x }", /unknown option regoin/, /profile, duration, region/],
  ["{ profile: 7 }", /profile must be the name/],
  ['{ profile: "" }', /profile must be/],
  ["{ duration: 899 }", /duration must be 0 or a whole number of seconds from 900 to 43200/],
  ["{ duration: 43201 }", /duration must be/],
  ["{ duration: 900.5 }", /duration must be/],
  ['{ duration: "900" }', /duration must be/],
  ["{ region: nowhere-1 }", /region must be a region of AWS/],
  ["{ region: cn-north-1 }", /aws-cn, which is not enabled/, /Add aws-cn to partitions/],
  ["{ domain: -x }", /domain must be/],
  ["{ domain_owner: 111122223333 }", /domain_owner must be an account id/, /quotes/],
  ["{ domain_owner: '11112222333' }", /domain_owner must be/],
  ["{ partitions: aws }", /partitions must be a list/, /aws-us-gov/],
  ["{ partitions: [] }", /partitions must be a list/],
  ["{ partitions: [aws, azure] }", /partitions must be a list/],
  ["{ timeout: 0 }", /timeout must be a number of seconds/],
  ["{ request_timeout: 3601 }", /request_timeout must be/],
  ["{ keyringrc: keyringrc.cfg }", /keyringrc must be true, or the absolute path/],
  ["{ roles: {} }", /roles must be a list/],
  ["{ roles: [] }", /roles must be a list/, /Leave roles out/],
  ["{ roles: [r] }", /roles\[0\] must be a mapping/],
  ["{ roles: [{ actions: [read] }] }", /roles\[0\]: role_arn must be the ARN of a role/],
  ["{ roles: [{ role_arn: 'arn:aws:iam::111122223333:user/u' }] }", /role_arn must be/],
  ["{ roles: [{ role_arn: 'arn:aws:sts::111122223333:assumed-role/r/s' }] }", /role_arn must be/],
  [role("policy: read"), /roles\[0\] has the unknown key policy/, /session_policy/],
  [role("principals: []"), /principals must be a list of names/, /Leave principals out/],
  [role("principals: ci"), /principals must be a list/],
  [role("principals: [Not-A-Name]"), /principals must be a list/],
  [role("actions: [write]"), /actions must be a list of read and publish/],
  [role('session_name: "{user}"'), /session_name has \{user\}/],
  [role('session_name: ""'), /session_name is empty/],
  [role("session_policy: admin"), /session_policy must be read, publish, or an IAM policy/],
  [role("session_policy: { Statement: [] }"), /session_policy must be/, /2012-10-17/],
  [
    role(`session_policy: { Version: "2012-10-17", Statement: ["${"x".repeat(2100)}"] }`),
    /session_policy has 21\d\d characters, and STS takes 2048/,
  ],
  [role("tags: [a]"), /tags must be a mapping/],
  [role('tags: { "aws:x": a }'), /tags has the key "aws:x"/],
  [role("tags: { a: 1 }"), /tags\.a is not a text/],
  [role('tags: { a: "{x}" }'), /tags\.a has \{x\}/],
  [role("external_id: 'a b'"), /external_id must be/],
  [role("duration: 0"), /duration must be a whole number of seconds from 900 to 43200/],
  [role("duration: 43201"), /roles\[0\]: duration must be/],
];

test("every option that cannot be used is said with file and line while the configuration loads", async (t) => {
  for (const [options, message, hint] of WRONG) {
    const error = await load(t, options).then(
      () => assert.fail(`${options} was taken`),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof KeywrightError);
    assert.equal(error.code, "configuration", options);
    assert.match(error.message, /config\.yaml:4/, options);
    assert.match(error.message, message, options);
    if (hint !== undefined) assert.match(error.hint ?? "", hint, options);
  }
});

test("a ref of such a store has no options", async (t) => {
  await assert.rejects(load(t, "{}", ", options: { duration: 900 }"), {
    code: "configuration",
    message: /unknown option duration/,
  });
});
