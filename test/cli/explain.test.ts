import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { runKeywright } from "../../src/cli/keywright.ts";

const HOST = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
const READ = `https://${HOST}/pypi/packages/simple/`;
const MACHINE = {
  MENDA_HOST: "https://menda.example",
  MENDA_CLIENT_ID: "ci",
  MENDA_CLIENT_SECRET: "hunter2",
};

interface Place {
  readonly home: string;
  explain(
    words: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ readonly status: number; readonly out: string; readonly err: string }>;
}

function placeFor(t: TestContext, config?: string): Place {
  const home = mkdtempSync(join(tmpdir(), "keywright-explain-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, ".config/keywright/config.yaml");
  if (config !== undefined) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, config, { mode: 0o600 });
  }
  return {
    home,
    async explain(words, env = {}) {
      let [out, err] = ["", ""];
      const status = await runKeywright(["explain", ...words], {
        env: { AWS_EC2_METADATA_DISABLED: "true", ...env },
        home,
        clock: { now: () => 1_800_000_000 },
        out: (text) => void (out += text),
        err: (text) => void (err += text),
      });
      return { status, out, err };
    },
  };
}

test("explain says in aligned lines what would be done and why, and shows no secret", async (t) => {
  const { status, out, err } = await placeFor(t).explain([READ], MACHINE);
  assert.equal(err, "");
  assert.equal(status, 0);
  assert.equal(
    out,
    `granted    ${READ}
why        registries.allowed_principals grants it
action     read
ref        codeartifact
principal  local_user
policy     registries
rule       registries.allowed_principals
store      menda
backend    menda
host       https://menda.example
protocol   auto: the host's metadata decides
account    machine ci
profile    none, the environment names the machine
`,
  );
});

test("explain neither audits nor keeps anything", async (t) => {
  const { explain, home } = placeFor(t);
  await explain([READ], MACHINE);
  await explain([`https://${HOST}.evil.example/`], MACHINE);
  assert.ok(!existsSync(join(home, ".local")), "an audit entry");
  assert.ok(!existsSync(join(home, ".cache")), "a lease");
});

test("the action is what the address shows, or what --action says", async (t) => {
  const { explain } = placeFor(
    t,
    `stores: { m: { backend: menda } }
refs: { ca: { store: m, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: p } }
policies: { p: { grants: [ { name: only_reading, principals: [local_user], actions: [read] } ] } }
`,
  );
  const granted = await explain([READ], MACHINE);
  assert.match(granted.out, /^rule +only_reading$/m);
  const denied = await explain([`https://${HOST}/pypi/packages/`], MACHINE);
  assert.equal(denied.status, 6);
  assert.match(
    denied.out,
    /^denied .*\nwhy +no rule of policy p grants publish to principal local_user\naction +publish$/m,
  );
  assert.doesNotMatch(denied.out, /^host|^account|^rule/m);
  assert.match(
    denied.err,
    /^keywright: local_user may not publish https:.*\n {2}Ask whoever keeps the policy/,
  );
  assert.equal((await explain(["--action", "publish", READ], MACHINE)).status, 6);
  assert.equal((await explain(["--action", "read", `https://${HOST}/pypi/packages/`], MACHINE)).status, 0);
  assert.equal((await explain(["--action", "steal", READ], MACHINE)).status, 2);
});

test("what is refused and what is unknown is told, without the user information that stood in it", async (t) => {
  const { explain } = placeFor(t);
  const refused = await explain([`https://aws:hunter2@${HOST}/pypi/r/`], MACHINE);
  assert.equal(refused.status, 6);
  assert.match(refused.out, /^refused +https:\/\/\*\*\*@dom/);
  const unknown = await explain(
    ["--json", "https://me:hunter2@packages.example/simple/?token=hunter2"],
    MACHINE,
  );
  assert.equal(unknown.status, 7);
  const { outcome, ref, asked } = JSON.parse(unknown.out) as Record<string, unknown>;
  assert.deepEqual([outcome, ref, asked], ["unknown", null, "https://***@packages.example/simple/"]);
  assert.equal((JSON.parse(unknown.err) as { error: { code: string } }).error.code, "unknown");
  for (const text of [refused.out, refused.err, unknown.out, unknown.err])
    assert.ok(!text.includes("hunter2"), text);
});

test("an account that is missing is a fact", async (t) => {
  const { status, out } = await placeFor(t).explain([READ]);
  assert.equal(status, 0);
  assert.match(out, /^account +none: Menda config file not found at .*mendacfg/m);
});

test("with AWS credentials and nothing else, host form, role and lifetime are told, and what keyringrc.cfg does wrong", async (t) => {
  const { home, explain } = placeFor(t);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, path), text, { mode: 0o600 });
  };
  write(".aws/credentials", "[dev]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = hunter2\n");
  const keyringrc = ".config/python_keyring/keyringrc.cfg";
  write(keyringrc, '[codeartifact name="packages"]\nprofile_name = dev\ntoken_duration = 900\n');
  const url = "https://dom-123456789012.codeartifact.eu-west-1.on.aws/pypi/packages/simple/";
  const { status, out, err } = await explain([url]);
  assert.deepEqual([status, err], [0, ""]);
  const said = new Map(out.split("\n").map((line) => [line.slice(0, 13).trim(), line.slice(13)] as const));
  assert.equal(said.get("ref"), "codeartifact_dualstack");
  assert.match(said.get("host form") ?? "", /dual-stack/);
  assert.match(said.get("keyringrc") ?? "", /^\[codeartifact name="packages"\] of .*keyringrc\.cfg$/);
  assert.match(said.get("credentials") ?? "", /profile dev .*AKIDEXAMPLE/);
  assert.match(said.get("role") ?? "", /^none/);
  assert.match(said.get("lifetime") ?? "", /^at most 900 s/);
  assert.ok(!out.includes("hunter2"));
  assert.ok(!existsSync(join(home, ".local")) && !existsSync(join(home, ".cache")));
  write(keyringrc, "[codeartifact]\nverify = false\n");
  const wrong = await explain(["--json", url]);
  assert.equal(wrong.status, 3);
  const { outcome, fault } = JSON.parse(wrong.out) as {
    outcome: string;
    fault: { code: string; message: string };
  };
  assert.deepEqual([outcome, fault.code], ["granted", "configuration"]);
  assert.match(fault.message, /verify=false would send AWS credentials to whoever answers/);
});
