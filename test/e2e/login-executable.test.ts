// Logins at the executable's server, where test/broker/ has them under Node: what may happen once happens once, also when
// a hundred ask at the same time, and kill -9 in the middle of polls and refreshes loses nothing that somebody received.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { send, temporaryFolder, type Answer, type Running } from "../broker/broker.ts";
import { entriesOf } from "../broker/entries.ts";
import {
  begin,
  codeFor,
  DEVICE,
  DEVICE_GRANT,
  houseOf,
  loggedIn,
  pkce,
  poll,
  prover,
  redeem,
  refreshWith,
  refused,
  say,
  TOKEN,
  tokensIn,
  whoami,
  WHOAMI,
  type House,
} from "../broker/login-house.ts";
import {
  EXECUTABLE,
  makePlace,
  startServer,
  type Place,
  type ServerProcess,
} from "../broker/server-process.ts";

interface Reached extends House {
  readonly server: ServerProcess;
}

async function reached(t: TestContext, place: Place): Promise<Reached> {
  const server = await startServer(place, EXECUTABLE);
  t.after(() => void server.child.kill("SIGKILL"));
  const url = `http://localhost:${server.port}`;
  const clock = {
    get time() {
      return Date.now() / 1000;
    },
    now: () => Date.now() / 1000,
  };
  const broker = { host: "127.0.0.1", port: server.port, url, data: place.data, clock } as unknown as Running;
  return { ...houseOf(t, broker), server };
}

/** Of a hundred at the same time exactly one gets tokens; the others hear `error`. */
async function once(ask: () => Promise<Answer>, error: string): Promise<Answer> {
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  const [won, ...more] = answers.filter(({ status }) => status === 200);
  assert.ok(won !== undefined && more.length === 0, `${more.length + 1} got tokens`);
  for (const answer of answers) if (answer !== won) refused(answer, error);
  return won;
}

test("RFC 8628 §3.5, RFC 9700 §4.14.2, RFC 6749 §4.1.2, RFC 9449 §11.1 on the executable: once, of a hundred at the same time", async (t) => {
  const house = await reached(t, makePlace(temporaryFolder(t)));
  const { broker } = house;
  const own = prover(broker);
  const begun = await begin(broker, {}, own.headers(DEVICE));
  assert.ok(await say(house, begun.user_code, true));
  const first = tokensIn(
    await once(() => poll(broker, begun.device_code, {}, own.headers(TOKEN)), "invalid_grant"),
  );
  assert.equal((await whoami(broker, first.access, own.headers(WHOAMI, first.access))).status, 200);
  await once(() => refreshWith(broker, first.refresh, own.headers(TOKEN)), "invalid_grant");
  refused(await whoami(broker, first.access, own.headers(WHOAMI, first.access)), "invalid_token", 401);
  const { verifier, sent } = pkce();
  const code = (await codeFor(house, sent)).get("code") ?? "";
  await once(() => redeem(broker, code, verifier), "invalid_grant");
  const { refresh } = await loggedIn(house, own);
  const proof = own.headers(TOKEN);
  tokensIn(await once(() => refreshWith(broker, refresh, proof), "invalid_dpop_proof"));
});

test("the menda face on the executable: an approved code is redeemed once, of a hundred at the same time", async (t) => {
  const house = await reached(t, makePlace(temporaryFolder(t)));
  const { broker } = house;
  const { verifier, sent } = pkce();
  const query = new URLSearchParams({ client_id: "keywright", scope: "openid", ...sent }).toString();
  const start = await send(broker, `/api/v1/auth/device/authorize?${query}`, { method: "POST" });
  const about = { client_id: "keywright", grant_type: DEVICE_GRANT, code_verifier: verifier };
  const body = JSON.stringify({ ...about, device_code: start.json["device_code"] });
  const ask = (): Promise<Answer> =>
    send(broker, "/api/v1/auth/device/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
  assert.equal((await ask()).json["detail"], "pending");
  assert.ok(await say(house, String(start.json["user_code"]), true));
  const { json } = await once(ask, "invalid_grant");
  assert.deepEqual(Object.keys(json), ["access_token", "expires_in", "token_type"]);
});

test("kill -9 in the middle of polls and refreshes, on the executable, 8 times: what was received holds, and nothing twice", async (t) => {
  const place = makePlace(temporaryFolder(t));
  for (let round = 0; round < 8; round += 1) {
    const house = await reached(t, place);
    const { broker, server } = house;
    const waits = await begin(broker);
    assert.ok(await say(house, waits.user_code, true));
    const received: string[] = [];
    const turning = Array.from({ length: 4 }, async () => {
      let { refresh } = await loggedIn(house);
      for (;;) {
        const answer = await refreshWith(broker, refresh).catch(() => undefined);
        if (answer === undefined) return refresh;
        ({ refresh } = tokensIn(answer));
        received.push(refresh);
      }
    });
    while (received.length < 8 + round * 3) await new Promise((done) => setImmediate(done));
    const last = poll(broker, waits.device_code).catch(() => undefined);
    if (round % 2 === 0) await new Promise((done) => setImmediate(done));
    await server.end("SIGKILL");
    const [answer, ...kept] = await Promise.all([last, ...turning]);
    house.release();
    const again = await reached(t, place);
    // Its answer, or its tokens, may have been lost on the way; never are there two.
    const later = await poll(again.broker, waits.device_code);
    if (answer?.status === 200) refused(later, "invalid_grant");
    else if (later.status !== 200) refused(later, "invalid_grant");
    const started = entriesOf(place.data).filter(
      ({ kind, login }) => kind === "session_started" && login !== undefined,
    );
    assert.equal(
      new Set(started.map(({ login }) => login)).size,
      started.length,
      "a login began two sessions",
    );
    for (const refresh of kept) {
      const one = await refreshWith(again.broker, refresh);
      if (one.status !== 200) refused(one, "invalid_grant"); // It was turned, and the answer was lost.
    }
    const old = received.find((one) => !kept.includes(one)) ?? "";
    refused(await refreshWith(again.broker, old), "invalid_grant");
    again.release();
    await again.server.end("SIGTERM");
  }
});
