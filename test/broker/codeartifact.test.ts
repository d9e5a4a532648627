// The broker with a store of the codeartifact backend: both faces, the audit, what a denial looks like and what the log says.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import type { OptionValue } from "../../src/resolver/store.ts";
import { refused } from "../aws/place.ts";
import { HOST, place, READ_URL, ROLE, type Wishes } from "../backends/codeartifact-place.ts";
import { header } from "../io/servers.ts";
import { accessToken, askRegistry, CONFIG, newClient, running, send, START } from "./broker.ts";

const ROLES = [
  { principals: ["ci"], actions: ["read"], role_arn: ROLE },
  { principals: ["release"], actions: ["publish"], role_arn: `${ROLE}-publish`, session_policy: "publish" },
];
type Options = Readonly<Record<string, OptionValue>>;

function configOf(options: Options): BrokerConfig {
  const store = { name: "own", backend: "codeartifact", root: "", options };
  const [packages, ...others] = CONFIG.refs;
  const match = "*.d.codeartifact.*.amazonaws.com";
  const refs = packages === undefined ? [] : [{ ...packages, match }, ...others];
  return { ...CONFIG, refs, stores: new Map([["own", store]]) };
}

async function brokerWith(t: TestContext, options: Options, wishes: Wishes = {}) {
  const aws = await place(t, wishes);
  const config = configOf(options);
  let next = config;
  const broker = await running(t, {
    config,
    loadConfig: async () => next,
    backends: { codeartifact: aws.backend },
    clock: aws.clock,
  });
  aws.clock.time = START;
  const token = (name: string, principal: string) =>
    accessToken(broker, name, newClient(broker.data, { name, principal }));
  const tokens = { ci: await token("app", "ci"), release: await token("releaser", "release") };
  const entries = (kind: string) =>
    [...readBrokerAudit(broker.data)]
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((entry) => entry["kind"] === kind);
  const reload = async (changed: Options) => {
    next = configOf(changed);
    await broker.reload({ by: "tester" });
  };
  return { aws, broker, tokens, entries, reload };
}

test("registry/token mints with the principal's role, and the audit says which", async (t) => {
  const { aws, broker, tokens, entries } = await brokerWith(t, { roles: ROLES });
  const { status, json } = await askRegistry(broker, tokens.ci, {
    url: READ_URL,
    action: "read",
    duration: 900,
  });
  assert.deepEqual([status, json], [200, { token: "token-1", username: "aws", expires_at: START + 900 }]);
  const [form, mint] = aws.asked() as [Record<string, string>, string];
  assert.deepEqual([form["RoleArn"], form["RoleSessionName"]], [ROLE, "keywright-ci"]);
  assert.match(mint, /&duration=900$/);
  const [issued] = entries("issued");
  assert.equal(
    issued?.["upstream"],
    "ASIAEXAMPLEEXAMPLE01 arn:aws:sts::111122223333:assumed-role/read/keywright-ci",
  );
});

test("the trace of a request goes to AWS", async (t) => {
  const { aws, broker, tokens } = await brokerWith(t, {});
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const headers = { Authorization: `Bearer ${tokens.ci}`, "Content-Type": "application/json", traceparent };
  const body = JSON.stringify({ url: READ_URL });
  assert.equal((await send(broker, "/api/v1/registry/token", { method: "POST", headers, body })).status, 200);
  const [request] = aws.seen;
  assert.ok(request !== undefined);
  assert.equal(header(request, "traceparent"), traceparent);
});

test("no role for the action is a 403 like every other, without a call, and the log says why", async (t) => {
  const { aws, broker, tokens } = await brokerWith(t, { roles: ROLES.slice(0, 1) });
  const publish = { url: `https://${HOST}/pypi/my.repo/`, action: "publish" };
  const byRole = await askRegistry(broker, tokens.release, publish);
  const byPolicy = await askRegistry(broker, tokens.ci, publish);
  assert.deepEqual([byRole.status, byRole.text], [403, byPolicy.text]);
  assert.deepEqual(aws.seen, []);
  const told = broker.logged.filter((line) => line.includes("no role for principal"));
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? "",
    /^denied [\w-]+: the store own has no role for principal release to publish with \(Ask /,
  );
});

test("a failure of AWS is a 502 without its words; the log has them, without a secret", async (t) => {
  const no = () => refused(404, "ResourceNotFoundException", "no domain\nmy-domain");
  const { broker, tokens } = await brokerWith(t, {}, { answers: [no] });
  const { status, text } = await askRegistry(broker, tokens.ci, { url: READ_URL });
  assert.equal(status, 502);
  assert.doesNotMatch(text, /domain/);
  const told = broker.logged.filter((line) => line.includes("AWS knows no such domain"));
  assert.match(told[0] ?? "", /AWS says: no domain my-domain \(Check domain, owner/);
  assert.ok(!broker.logged.join("\n").includes("secret"));
});

test("what AWS denies was granted here: 502, and not the 403 of a policy", async (t) => {
  const no = () => refused(403, "AccessDeniedException", "not authorized");
  const { broker, tokens } = await brokerWith(t, {}, { answers: [no] });
  assert.equal((await askRegistry(broker, tokens.ci, { url: READ_URL })).status, 502);
  assert.ok(broker.logged.some((line) => line.includes("GetAuthorizationToken")));
});

test("credentials that the broker lacks are its own fault: 502, and said in the log", async (t) => {
  const { broker, tokens } = await brokerWith(t, { profile: "gone" }, { env: {} });
  assert.equal((await askRegistry(broker, tokens.ci, { url: READ_URL })).status, 502);
  assert.ok(
    broker.logged.some((line) => line.includes('AWS profile "gone"')),
    broker.logged.join("\n"),
  );
});

test("the menda face has no address: the store names the domain, and a reload can say so", async (t) => {
  const { aws, broker, tokens, reload } = await brokerWith(t, { roles: ROLES });
  const ask = () =>
    send(broker, "/api/v1/auth/registry/token", {
      method: "POST",
      headers: { authorizationToken: `Bearer ${tokens.ci}` },
    });
  assert.equal((await ask()).status, 502);
  await reload({
    roles: ROLES,
    domain: "my-domain",
    domain_owner: "111122223333",
    region: "eu-west-1",
    duration: 900,
  });
  const { status, json } = await ask();
  assert.deepEqual([status, json], [200, { token: "token-1" }]);
  assert.match(String(aws.asked().at(-1)), /domain=my-domain&domain-owner=111122223333&duration=900$/);
});

test("a duration that AWS does not take is a bad request", async (t) => {
  const { aws, broker, tokens } = await brokerWith(t, {});
  for (const duration of [1, 899, 43_201, 900.5, "900", null, -0.5]) {
    const { status, json } = await askRegistry(broker, tokens.ci, { url: READ_URL, duration });
    assert.deepEqual([status, json["error"]], [400, "invalid_request"], String(duration));
  }
  assert.deepEqual(aws.seen, []);
  assert.equal((await askRegistry(broker, tokens.ci, { url: READ_URL, duration: 0 })).status, 200);
});

test("the broker's own tokens end with the wish, too", async (t) => {
  const broker = await running(t, {
    config: {
      ...CONFIG,
      stores: new Map([["own", { name: "own", backend: "issue", root: "", options: { ttl: 3000 } }]]),
    },
  });
  const ci = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const lives = async (wish: object) => {
    const { json } = await askRegistry(broker, ci, { url: "https://packages.example/simple/", ...wish });
    return (json["expires_at"] as number) - START;
  };
  assert.deepEqual(
    [
      await lives({}),
      await lives({ duration: 900 }),
      await lives({ duration: 9000 }),
      await lives({ duration: 0 }),
    ],
    [3000, 900, 3000, 3000],
  );
});
