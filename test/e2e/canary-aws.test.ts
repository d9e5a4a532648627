// The canary for AWS: secret keys, session tokens, SSO and web identity tokens and minted tokens are planted, every way in
// which a question succeeds or fails is run at the highest log level, and everything that it left is searched for them.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { inspect } from "node:util";
import { installTools } from "../../scripts/tools.ts";
import { openKeywright } from "../../src/keywright.ts";
import { accessToken, askRegistry } from "../broker/broker.ts";
import { HOST, startStandIn, type StandIn } from "./aws/stand-in.ts";
import { brokerProcess } from "./broker-process.ts";
import { found, foundBelow, watchArguments } from "./canaries.ts";
import { BROKER_ROWS, ROWS } from "./canary-aws-cases.ts";
import { CANARIES, CANARY_KEYS, CANARY_WORLD, MINT, READER, SSO, type Row } from "./canary-aws-planted.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

before(() => installTools(["aws"], console.log));

const ADDRESS = `https://${HOST}/pypi/repo/simple/`;

interface Stage {
  readonly home: string;
  readonly planted: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function stage(standIn: StandIn, home: string, row: Row): Promise<Stage> {
  const place = { url: standIn.url, home };
  const files = row.files?.(place) ?? {};
  plant(home, files);
  await standIn.tell({ faults: row.faults ?? [], world: { sso: SSO, ...row.world } });
  const temporaryFiles = join(home, "tmp");
  mkdirSync(temporaryFiles);
  const usual = { HOME: home, TMPDIR: temporaryFiles, KEYWRIGHT_LOG: "debug", AWS_REGION: "eu-west-1" };
  const env = { ...usual, AWS_EC2_METADATA_DISABLED: "true", ...standIn.env };
  return { home, planted: Object.keys(files), env: { ...env, ...row.env?.(place) } };
}

/** By design a lease holds the registry token; what was planted holds what was planted. */
function left({ home, planted }: Stage): string[] {
  return foundBelow(home, CANARIES, (file) => {
    if (planted.includes(file) || file === ".cache/keywright/config-snapshot.json") return CANARIES;
    return /^\.cache\/keywright\/leases\/[0-9a-f]{64}\.json$/.test(file) ? [MINT] : [];
  });
}

for (const form of FORMS) {
  test(`${form.name}: no way to a token shows a secret`, async (t) => {
    const standIn = await startStandIn(t, CANARY_WORLD);
    for (const row of ROWS) {
      await t.test(row.name, async (one) => {
        const staged = await stage(standIn, temporary(one, "canary-aws"), row);
        const watch = watchArguments(CANARIES);
        const argv = ["get", ADDRESS, "aws"];
        const ran = await run(form.program("keyring"), argv, { env: staged.env, cwd: staged.home });
        const started = watch.end(ran.pid);
        assert.deepEqual(found(ran.stderr, CANARIES), [], ran.stderr);
        assert.deepEqual(started, []);
        assert.deepEqual(left(staged), []);
        assert.match(ran.stderr, row.says ?? /^/);
        assert.equal(ran.stdout, row.says === undefined ? `${MINT.value}\n` : "", ran.stderr);
        assert.equal(ran.code, row.says === undefined ? 0 : 1, ran.stderr);
      });
    }
  });
}

test("explain shows no secret and asks nobody, with the credentials of every place", async (t) => {
  const standIn = await startStandIn(t, CANARY_WORLD);
  for (const row of ROWS.filter(({ says }) => says === undefined)) {
    const staged = await stage(standIn, temporary(t, "canary-aws"), row);
    const { env, home: cwd } = staged;
    for (const [at, form] of FORMS.entries()) {
      const argv = ["explain", ADDRESS, ...(at === 0 ? ["--json"] : [])];
      const { code, stdout, stderr } = await run(form.program("keywright"), argv, { env, cwd });
      assert.equal(code, 0, `${row.name}: ${stderr}`);
      assert.deepEqual(found(stdout + stderr, CANARIES), [], row.name);
    }
    assert.deepEqual(left(staged), [], row.name);
  }
  assert.deepEqual(standIn.seen(), []);
});

test("thrown: no error of a library shows a secret", async (t) => {
  const standIn = await startStandIn(t, CANARY_WORLD);
  for (const row of ROWS.filter(({ says }) => says !== undefined)) {
    const staged = await stage(standIn, temporary(t, "canary-aws"), row);
    const { env, home } = staged;
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const thrown: unknown = await openKeywright({ env, home, warn: say, log: { info: say, debug: say } })
      .then((open) => open.resolve({ kind: "registry", url: ADDRESS, action: "read" }))
      .then(
        () => assert.fail(`${row.name} was answered`),
        (error: unknown) => error,
      );
    const printed = `${String(thrown)} ${inspect(thrown, { depth: 20, showHidden: true })}`;
    assert.deepEqual(found(printed + said.join(" "), CANARIES), [], `${row.name}: ${printed}`);
    assert.deepEqual(left(staged), [], row.name);
  }
});

const BROKER = `principals: [ci]
stores:
  aws: { backend: codeartifact, options: { roles: [ { role_arn: "${READER}", session_policy: read } ] } }
refs:
  packages: { store: aws, match: "${HOST}", username: aws, policy: readers }
policies:
  readers: { allowed_principals: [ci] }
`;

for (const form of FORMS) {
  test(`${form.name}: a broker that mints at AWS shows no secret`, async (t) => {
    const standIn = await startStandIn(t, CANARY_WORLD);
    const env = {
      ...standIn.env,
      ...CANARY_KEYS,
      AWS_REGION: "eu-west-1",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const broker = await brokerProcess(t, form, { config: BROKER, env });
    const reached = { ...broker, close: () => broker.stop() };
    const access = await accessToken(reached, "ci", await broker.client("ci", "--principal", "ci"));
    const watch = watchArguments(CANARIES);
    for (const row of BROKER_ROWS) {
      await standIn.tell({ faults: row.faults ?? [] });
      const answer = await askRegistry(reached, access, { url: ADDRESS, action: "read" });
      const fits = row.says === undefined ? [200] : [502];
      assert.ok(fits.includes(answer.status), `${row.name}: ${answer.status} ${answer.text}`);
      const allowed = row.says === undefined ? [MINT] : [];
      const sought = CANARIES.filter((one) => !allowed.includes(one));
      assert.deepEqual(found(JSON.stringify([answer.text, answer.headers]), sought), [], row.name);
    }
    const shown = await broker.keywright("audit", "show", "--json", "--data", broker.data);
    assert.deepEqual(found(shown, CANARIES), []);
    await broker.stop();
    assert.deepEqual(found(broker.said(), CANARIES), [], broker.said());
    assert.deepEqual(foundBelow(join(broker.data, ".."), CANARIES), []);
    assert.deepEqual(watch.end(0), []);
  });
}
