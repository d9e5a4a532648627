// Token exchange by RFC 8693: what may be asked, what is answered, and what the audit has of it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { basic, CONFIG, newClient, post, running, START } from "../broker.ts";
import type { Entry } from "../entries.ts";
import { EXCHANGE, exchange, JWT_TYPE, startIssuer, times } from "./issuer.ts";
import { place } from "./place.ts";
import { GITHUB } from "./shapes.ts";

const TYPE = "urn:ietf:params:oauth:token-type:";

test("RFC 8693 §2.1: what a request has to have, and what it may have", async (t) => {
  const { broker, token } = await place(t);
  const rows: readonly (readonly [Readonly<Record<string, string>>, number, string?])[] = [
    [{}, 200],
    [{ subject_token_type: `${TYPE}id_token` }, 200],
    [{ requested_token_type: `${TYPE}access_token` }, 200],
    [{ scope: "registry" }, 200],
    [{ resource: broker.url, audience: broker.url }, 200],
    [{ client_id: "keywright" }, 200],
    [{ unknown: "1" }, 200],
    [{ subject_token: "" }, 400, "invalid_request"],
    [{ subject_token_type: "" }, 400, "invalid_request"],
    [{ subject_token_type: `${TYPE}access_token` }, 400, "invalid_request"],
    [{ subject_token_type: `${TYPE}saml2` }, 400, "invalid_request"],
    [{ subject_token_type: "jwt" }, 400, "invalid_request"],
    [{ requested_token_type: `${TYPE}refresh_token` }, 400, "invalid_request"],
    [{ requested_token_type: `${TYPE}jwt` }, 400, "invalid_request"],
    [{ actor_token: "x" }, 400, "invalid_request"],
    [{ actor_token_type: JWT_TYPE }, 400, "invalid_request"],
    [{ actor_token: "x", actor_token_type: JWT_TYPE }, 400, "invalid_request"],
    [{ client_id: "keywright", client_secret: "x" }, 400, "invalid_request"],
    [{ client_assertion: "x" }, 400, "invalid_request"],
    [{ scope: "registry admin" }, 400, "invalid_scope"],
    [{ resource: "https://other.example" }, 400, "invalid_target"],
    [{ resource: `${broker.url}#a` }, 400, "invalid_target"],
    [{ resource: `${broker.url}/` }, 400, "invalid_target"],
    [{ audience: "other" }, 400, "invalid_target"],
    [{ resource: broker.url, audience: "other" }, 400, "invalid_target"],
  ];
  for (const [form, status, error] of rows) {
    const answer = await exchange(broker, await token(), form);
    assert.equal(answer.status, status, JSON.stringify(form));
    assert.equal(answer.json["error"], error, JSON.stringify(form));
  }
  const basic = { Authorization: `Basic ${Buffer.from("a:b").toString("base64")}` };
  assert.equal((await exchange(broker, await token(), {}, basic)).json["error"], "invalid_request");
  for (const name of ["subject_token", "actor_token", "client_secret", "client_assertion"]) {
    const { status, json } = await post(broker, `/oauth2/token?${name}=x`, {
      grant_type: EXCHANGE,
      subject_token: await token(),
      subject_token_type: JWT_TYPE,
    });
    assert.deepEqual([status, json["error"]], [400, "invalid_request"], name);
  }
});

test("RFC 8693 §2.2.1: what is answered, and how long it lives", async (t) => {
  const { broker, send } = await place(t);
  const { status, json, headers } = await send();
  assert.equal(status, 200);
  const { access_token, ...rest } = json;
  assert.match(access_token as string, /^kw_/);
  assert.deepEqual(rest, {
    issued_token_type: `${TYPE}access_token`,
    token_type: "Bearer",
    expires_in: 300, // The workload's own token ends before the 600 s of the configuration.
    scope: "registry",
  });
  assert.equal(headers["cache-control"], "no-store");
  const now = broker.clock.time;
  const lives = async (exp: number): Promise<unknown> => (await send({ exp })).json["expires_in"];
  assert.equal(await lives(now + 3600), 600);
  assert.equal(await lives(now + 1), 1);
  assert.equal(await lives(now), undefined);
  assert.equal(await lives(now + 7.9), 7);
});

test("one answer for an unknown issuer, a wrong signature and claims that fit nothing; the audit tells them apart", async (t) => {
  const { broker, token, send, audit, issuer } = await place(t);
  const stranger = await startIssuer(t, "ES256");
  const good = await token();
  const answers = [
    await send({ iss: "https://elsewhere.example" }),
    await send({ iss: `${stranger.origin}/_services/token` }),
    await exchange(broker, `${good.slice(0, good.lastIndexOf("."))}.${"A".repeat(342)}`),
    await send({ repository_id: "1" }),
    await send({ aud: "https://other.example" }),
    await send({ exp: START - 100, iat: START - 200 }),
    await exchange(broker, "no token at all"),
    await exchange(broker, "a.b.c.d.e"),
    await exchange(broker, "x".repeat(15_000)),
  ];
  for (const { status, text } of answers) {
    assert.equal(status, 400);
    assert.equal(text, answers[0]?.text);
  }
  assert.deepEqual(
    audit().map(({ reason }) => reason),
    [
      "the token is by no issuer that is configured",
      "the token is by no issuer that is configured",
      "the token has a wrong signature",
      "no rule fits",
      "the token is for another audience",
      "the token has expired",
      "the token is no JWT",
      "the token is encrypted",
      "the token is no JWT",
    ],
  );
  assert.deepEqual(stranger.asked, []);
  assert.deepEqual(issuer.asked, ["/_services/token/.well-known/openid-configuration", "/keys"]);
});

/** Without what every entry of the chain has. */
function told(entry: Entry | undefined): Entry {
  const chained = new Set(["seq", "time", "id", "prev", "hash", "mac"]);
  return Object.fromEntries(Object.entries(entry ?? {}).filter(([name]) => !chained.has(name)));
}

test("the audit names rule, issuer, sub and the compared claims, and has no token", async (t) => {
  const { broker, token, audit, iss } = await place(t);
  const good = await token();
  const { json } = await exchange(broker, good);
  await exchange(broker, await token({ repository_id: "never-written", ref: "never-written" }));
  const [granted, denied] = audit();
  const { sha256, ...entry } = told(granted);
  assert.match(String(sha256), /^[0-9a-f]{64}$/);
  const about = { kind: "token_exchange", address: "127.0.0.1", issuer: "it", iss, sub: GITHUB.sub };
  assert.deepEqual(entry, {
    ...about,
    rule: "deploy",
    principal: "ci",
    claims: ["repository_id", "repository_owner_id"],
    outcome: "granted",
    expires_at: new Date((START + 300) * 1000).toISOString(),
  });
  const misses = [{ rule: "deploy", clause: "repository_id is another" }];
  assert.deepEqual(told(denied), { ...about, outcome: "denied", reason: "no rule fits", rules: misses });
  const kept = readdirSync(broker.data, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))
    .concat(broker.logged)
    .join("\n");
  for (const part of [good, ...good.split("."), json["access_token"] as string, "never-written"])
    assert.ok(!kept.includes(part), part);
});

test("what strangers can make the audit grow by is bounded", async (t) => {
  const { broker, audit } = await place(t);
  for (let count = 0; count < 70; count += 1) await exchange(broker, "nonsense");
  assert.equal(audit().length, 60);
});

test("a rule has its turns: too many exchanges are 429, and use up no token", async (t) => {
  const limits = { requestsPerClient: 1 };
  const { broker, token, send } = await place(t, { options: { config: { ...CONFIG, limits } } });
  for (let count = 0; count < 10; count += 1) assert.equal((await send()).status, 200);
  const waiting = await token();
  const { status, headers } = await exchange(broker, waiting);
  assert.equal(status, 429);
  assert.equal(headers["retry-after"], "1");
  broker.clock.time += 1;
  assert.equal((await exchange(broker, waiting)).status, 200);
});

test("a client of the name of a rule has turns of its own", async (t) => {
  const limits = { requestsPerClient: 1 };
  const { broker, send } = await place(t, { options: { config: { ...CONFIG, limits } } });
  const client = basic("deploy", newClient(broker.data, { name: "deploy", principal: "ci" }));
  for (let count = 0; count < 10; count += 1) assert.equal((await send()).status, 200);
  assert.equal((await send()).status, 429);
  const grant = { grant_type: "client_credentials" };
  assert.equal((await post(broker, "/oauth2/token", grant, client)).status, 200);
});

test("a principal that is configured no more gets nothing", async (t) => {
  const { send, reason } = await place(t, {
    options: { config: { ...CONFIG, principals: ["release"], menda: new Map() } },
  });
  assert.equal((await send()).status, 400);
  assert.equal(reason(), "principals has no such principal");
});

test("an audience of its own belongs to one rule", async (t) => {
  const more = `  other: { issuer: it, principal: ci, audience: "urn:other", claims: { repository_id: "456789", repository_owner_id: "123456" } }\n`;
  const { send, audit, broker } = await place(t, { more });
  const ruleFor = async (aud: unknown): Promise<unknown> => {
    const { status } = await send({ aud });
    return status === 200 ? audit().at(-1)?.["rule"] : undefined;
  };
  assert.equal(await ruleFor("urn:other"), "other");
  assert.equal(await ruleFor(broker.url), "deploy");
  assert.equal(await ruleFor(["urn:other"]), "other");
  assert.equal(await ruleFor(["urn:other", broker.url]), undefined);
});

test("without rules there is no such grant", async (t) => {
  const { broker, issuer } = await place(t, { options: {} });
  const bare = await running(t);
  const text = await issuer.sign({ iss: "https://a.example", aud: bare.url, ...times(broker, "1") });
  assert.equal((await exchange(bare, text)).json["error"], "unsupported_grant_type");
});
