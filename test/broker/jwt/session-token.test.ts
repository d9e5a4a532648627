// Access tokens of people: bound to their session and, where they asked with a proof, to a key. What they got from the
// registry endpoint ends with the session.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openData } from "../../../src/broker/data-folder.ts";
import { endSession } from "../../../src/broker/login/sessions.ts";
import type { Session } from "../../../src/broker/records.ts";
import { newTokenText, TOKEN_PREFIX, tokenHash } from "../../../src/broker/token-text.ts";
import { askRegistry, CONFIG, PACKAGES, running, send, START, type Answer, type Running } from "../broker.ts";

interface Login {
  readonly session: Session;
  readonly token: string;
}

/** As a login leaves it in the database. */
function login(broker: Running, name: string, scope = "registry"): Login {
  const open = openData(broker.data);
  const token = newTokenText(TOKEN_PREFIX, randomBytes);
  let id = 0;
  const times = { issuedAt: START, expiresAt: START + 600 };
  open.db.transaction((writer) => {
    const known = { issuer: undefined, subject: undefined, email: "" };
    const user = writer.addUser({ name, principal: "ci", ...known, createdAt: START });
    const none = { jkt: undefined, address: undefined, agent: undefined, upstream: undefined };
    id = writer.addSession({
      name: `s-${name}`,
      user,
      principal: "ci",
      client: "keywright",
      face: "standard",
      scope,
      ...none,
      checkedAt: START,
      createdAt: START,
      usedAt: START,
      expiresAt: START + 86_400,
    });
    const access = { hash: tokenHash(token), kind: "access", client: undefined, session: id } as const;
    writer.addToken({ ...access, principal: "ci", audience: broker.url, scope, ...times });
  });
  const session = open.db.session(id);
  open.db.close();
  if (session === undefined) throw new Error("there is no session");
  return { session, token };
}

function end(broker: Running, session: Session): void {
  const open = openData(broker.data);
  open.db.transaction((writer) => void endSession(writer, session, { now: START, why: "logout" }));
  open.db.close();
}

const check = (broker: Running, token: string): Promise<Answer> =>
  send(broker, "/api/v1/registry/check?ref=packages", { headers: { Authorization: `Bearer ${token}` } });

test("a registry token carries the session of whoever asked, and ends with it", async (t) => {
  const broker = await running(t);
  const [one, other] = [login(broker, "alice"), login(broker, "bob")];
  const tokens = await Promise.all(
    [one, other].map(async ({ token }) =>
      String((await askRegistry(broker, token, { url: PACKAGES })).json["token"]),
    ),
  );
  const statuses = (): Promise<readonly number[]> =>
    Promise.all(tokens.map(async (token) => (await check(broker, token)).status));
  assert.deepEqual(await statuses(), [204, 204]);
  end(broker, one.session);
  assert.deepEqual(await statuses(), [401, 204]);
  assert.equal((await askRegistry(broker, one.token, { url: PACKAGES })).status, 401);
  assert.equal((await askRegistry(broker, other.token, { url: PACKAGES })).status, 200);
});

test("a login over the menda face is good for the menda face only", async (t) => {
  const broker = await running(t);
  const { token } = login(broker, "alice", "menda");
  assert.equal((await askRegistry(broker, token, { url: PACKAGES })).status, 401);
  const headers = { authorizationToken: token, "Content-Type": "application/json" };
  const answer = await send(broker, "/api/v1/auth/registry/token", { method: "POST", headers });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await check(broker, String(answer.json["token"]))).status, 204);
});

test("people share one public client, and none the turns of another", async (t) => {
  const broker = await running(t, { config: { ...CONFIG, limits: { requestsPerClient: 1 } } });
  const [one, other] = [login(broker, "alice"), login(broker, "bob")];
  const statuses: number[] = [];
  for (let at = 0; at < 11; at += 1)
    statuses.push((await askRegistry(broker, one.token, { url: PACKAGES })).status);
  assert.deepEqual(statuses, [...Array<number>(10).fill(200), 429]);
  assert.equal((await askRegistry(broker, other.token, { url: PACKAGES })).status, 200);
});
