// Rate limits: how much comes through, what those hear who come too often, and whom nobody can use up.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { createProxies, limitKey, NO_PROXIES } from "../../src/broker/proxies.ts";
import { createRates } from "../../src/broker/rates.ts";
import {
  accessToken,
  askRegistry,
  basic,
  CONFIG,
  newClient,
  PACKAGES,
  post,
  running,
  send,
} from "./broker.ts";

const at = (time: number) => ({ time, now: () => 0 });
const GRANT = { grant_type: "client_credentials" };

function clockAt(time: number): { time: number; now(): number } {
  const clock = at(time);
  clock.now = () => clock.time;
  return clock;
}

test("a bucket holds ten seconds of its rate, and fills at the rate", () => {
  const clock = clockAt(1000);
  const rates = createRates(clock, () => 2);
  for (let n = 0; n < 20; n += 1) assert.equal(rates.take("a"), undefined);
  assert.equal(rates.take("a"), 1);
  assert.equal(rates.wait("a"), 1);
  assert.equal(rates.take("b"), undefined);
  clock.time += 0.5;
  assert.equal(rates.take("a"), undefined);
  assert.equal(rates.take("a"), 1);
});

test("whoever stays at the rate is never limited, whatever the clock does meanwhile", () => {
  const steps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: -100_000, max: 100_000 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (jumps) => {
      const clock = clockAt(1_800_000_000);
      const rates = createRates(clock, () => 50);
      for (const jump of jumps) {
        const before = clock.time;
        clock.time += jump;
        const fair = Math.min(50, Math.max(0, Math.floor((clock.time - before) * 50)));
        for (let n = 0; n < fair; n += 1) assert.equal(rates.take("a"), undefined);
      }
    }),
  );
});

test("no more than the burst and the rate comes through", () => {
  const asks = fc.array(
    fc.tuple(fc.double({ min: 0, max: 5, noNaN: true }), fc.integer({ min: 0, max: 200 })),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(asks, (rounds) => {
      const clock = clockAt(1000);
      const rates = createRates(clock, () => 10);
      let through = 0;
      for (const [pause, count] of rounds) {
        clock.time += pause;
        for (let n = 0; n < count; n += 1) if (rates.take("a") === undefined) through += 1;
      }
      assert.ok(through <= 100 + (clock.time - 1000) * 10 + 1);
    }),
  );
});

test("a million addresses take no more memory than the bound", () => {
  const rates = createRates(clockAt(1), () => 1, 1000);
  for (let n = 0; n < 50_000; n += 1) rates.take(`address ${n}`);
  assert.equal(rates.size(), 1000);
});

test("a client that comes too often hears 429 and Retry-After; others do not", async (t) => {
  const broker = await running(t, { config: { ...CONFIG, limits: { requestsPerClient: 1 } } });
  const eager = basic("eager", newClient(broker.data, { name: "eager", principal: "ci" }));
  const calm = basic("calm", newClient(broker.data, { name: "calm", principal: "ci" }));
  for (let n = 0; n < 10; n += 1)
    assert.equal((await post(broker, "/oauth2/token", GRANT, eager)).status, 200);
  const refused = await post(broker, "/oauth2/token", GRANT, eager);
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "1"]);
  assert.equal(refused.json["error"], "too_many_requests");
  assert.equal((await post(broker, "/oauth2/token", GRANT, calm)).status, 200);
  broker.clock.time += 1;
  assert.equal((await post(broker, "/oauth2/token", GRANT, eager)).status, 200);
});

test("the requests of an access token are its client's", async (t) => {
  const broker = await running(t, { config: { ...CONFIG, limits: { requestsPerClient: 1 } } });
  const token = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const ask = { url: PACKAGES, action: "read" };
  for (let n = 0; n < 9; n += 1) assert.equal((await askRegistry(broker, token, ask)).status, 200);
  assert.equal((await askRegistry(broker, token, ask)).status, 429);
});

test("nobody uses up the turns of a client without its secret", async (t) => {
  const broker = await running(t, { config: { ...CONFIG, limits: { requestsPerClient: 1 } } });
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  for (let n = 0; n < 30; n += 1)
    assert.equal((await post(broker, "/oauth2/token", GRANT, basic("app", "wrong"))).status, 401);
  assert.equal((await post(broker, "/oauth2/token", GRANT, basic("app", secret))).status, 200);
});

test("an address that is refused too often is not heard for a while", async (t) => {
  const broker = await running(t, { config: { ...CONFIG, limits: { failuresPerAddress: 1 } } });
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  for (let n = 0; n < 10; n += 1)
    assert.equal((await post(broker, "/oauth2/token", GRANT, basic("app", "wrong"))).status, 401);
  assert.equal((await post(broker, "/oauth2/token", GRANT, basic("app", secret))).status, 429);
  broker.clock.time += 1;
  assert.equal((await post(broker, "/oauth2/token", GRANT, basic("app", secret))).status, 200);
});

test("32 clients at once, 30 requests each, meet no default limit", async (t) => {
  const broker = await running(t);
  const clients = Array.from({ length: 32 }, (_, n) =>
    basic(`app${n}`, newClient(broker.data, { name: `app${n}`, principal: "ci" })),
  );
  const statuses = await Promise.all(
    clients.map(async (client) => {
      const seen = new Set<number>();
      for (let n = 0; n < 30; n += 1) seen.add((await post(broker, "/oauth2/token", GRANT, client)).status);
      return [...seen];
    }),
  );
  assert.deepEqual(
    statuses.flat().filter((status) => status !== 200),
    [],
  );
});

test("forwarded headers count from the named proxies only, from the right", () => {
  const proxies = createProxies(["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ["127.0.0.1", {}, "127.0.0.1"],
    ["127.0.0.1", { "x-forwarded-for": "198.51.100.7" }, "198.51.100.7"],
    ["::ffff:127.0.0.1", { "x-forwarded-for": "198.51.100.7" }, "198.51.100.7"],
    ["203.0.113.9", { "x-forwarded-for": "198.51.100.7" }, "203.0.113.9"],
    ["203.0.113.9", { forwarded: "for=198.51.100.7" }, "203.0.113.9"],
    ["10.1.1.1", { "x-forwarded-for": "1.1.1.1, 198.51.100.7, 10.2.2.2" }, "198.51.100.7"],
    ["10.1.1.1", { "x-forwarded-for": "1.1.1.1, nonsense" }, "10.1.1.1"],
    ["10.1.1.1", { "x-forwarded-for": "198.51.100.7:4711" }, "198.51.100.7"],
    ["10.1.1.1", { "x-forwarded-for": "10.3.3.3" }, "10.3.3.3"],
    ["10.1.1.1", { forwarded: 'for="[2001:db8::1]:4711";proto=https, for=10.2.2.2' }, "2001:db8::1"],
    ["10.1.1.1", { forwarded: "for=_hidden" }, "10.1.1.1"],
    ["10.1.1.1", { forwarded: "for=1.1.1.1", "x-forwarded-for": "198.51.100.7" }, "198.51.100.7"],
    ["fd12::1", { "x-forwarded-for": "2001:DB8::2" }, "2001:db8::2"],
  ];
  for (const [peer, headers, client] of rows)
    assert.equal(
      proxies.clientOf(peer, (name) => headers[name]),
      client,
      JSON.stringify([peer, headers]),
    );
  assert.equal(
    NO_PROXIES.clientOf("127.0.0.1", () => "198.51.100.7"),
    "127.0.0.1",
  );
  for (const range of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "proxy.example",
    "fd00::/129",
    "10.0.0.0/-1",
    "10.0.0.0/",
  ])
    assert.throws(() => createProxies([range]), { code: "usage" }, range);
});

test("an IPv6 address is limited with its /64", () => {
  assert.equal(limitKey("2001:db8:0:1::7"), limitKey("2001:db8::1:9:8:7:6"));
  assert.notEqual(limitKey("2001:db8:0:1::7"), limitKey("2001:db8:0:2::7"));
  assert.equal(limitKey("::1"), "0:0:0:0::/64");
  assert.equal(limitKey("198.51.100.7"), "198.51.100.7");
});

test("behind a proxy, limits, log and audit go by the client; without one, the header is nothing", async (t) => {
  const limits = { failuresPerAddress: 1 };
  const proxied = { behindProxy: true, url: "https://keywright.example" };
  const refusals = async (options: object): Promise<readonly number[]> => {
    const broker = await running(t, { config: { ...CONFIG, limits }, ...options });
    const from = (address: string) =>
      post(broker, "/oauth2/token", GRANT, { ...basic("x", "y"), "X-Forwarded-For": address });
    for (let n = 0; n < 10; n += 1) await from("198.51.100.1");
    const told =
      broker.logged.at(-1)?.includes(" 198.51.100.1 ") ===
      ("behindProxy" in options && !("trustedProxies" in options));
    assert.ok(told, broker.logged.at(-1));
    const audited = [...readBrokerAudit(broker.data)].some((line) =>
      line.includes('"address":"198.51.100.1"'),
    );
    assert.equal(audited, "behindProxy" in options && !("trustedProxies" in options));
    return [(await from("198.51.100.1")).status, (await from("198.51.100.2")).status];
  };
  assert.deepEqual(await refusals(proxied), [429, 401]);
  assert.deepEqual(await refusals({}), [429, 429]);
  assert.deepEqual(await refusals({ ...proxied, trustedProxies: ["10.0.0.0/8"] }), [429, 429]);
});

test("a reload puts new limits in force", async (t) => {
  const broker = await running(t, {
    config: { ...CONFIG, limits: { failuresPerAddress: 1 } },
    loadConfig: async () => CONFIG,
  });
  for (let n = 0; n < 11; n += 1) await send(broker, "/nothing");
  assert.equal((await send(broker, "/nothing")).status, 429);
  await broker.reload({ by: "tester" });
  broker.clock.time += 1;
  for (let n = 0; n < 50; n += 1) assert.equal((await send(broker, "/nothing")).status, 404);
});
