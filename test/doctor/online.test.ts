// `keywright doctor --online`: the hosts of the configuration are asked for the time, over real connections and proxies, and
// nobody is asked without it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { deskFor, TOKEN, type Desk } from "../clients/desk.ts";
import { createAuthority } from "../io/certificates.ts";
import { connectProxy, recordingServer, response, type Server } from "../io/servers.ts";
import { doctor, healthyDesk, MENDACFG } from "./healthy.ts";

const CONFIG = (host: string): string => `stores: { menda: { backend: menda } }
refs: { main: { store: menda, match: "${host}", username: aws, policy: registries } }
policies: { registries: { allowed_principals: [local_user], actions: [read] } }
`;

/** The profile's host is loopback as well, so that nobody outside is asked. */
function onlineDesk(t: TestContext, host: string, menda: Server): Desk {
  const desk = healthyDesk(t);
  desk.plant({
    "home/.config/pip/pip.conf": "[global]\nkeyring-provider = subprocess\n",
    "home/.config/uv/uv.toml": 'keyring-provider = "subprocess"\n',
    "home/.config/keywright/config.yaml": CONFIG(host),
    "home/.menda/mendacfg": MENDACFG.replace("https://menda.example", `http://127.0.0.1:${menda.port}`),
  });
  return desk;
}

const NOW = 1_800_000_000;

function dated(at: number): string {
  return response(404, "{}", `Date: ${new Date(at * 1000).toUTCString()}`);
}

async function serving(t: TestContext, at: number): Promise<Server> {
  const server = await recordingServer(() => dated(at));
  t.after(() => server.close());
  return server;
}

test("doctor --online: nothing when the hosts answer and agree, and without it nobody is asked", async (t) => {
  const menda = await serving(t, NOW - 20);
  const desk = onlineDesk(t, `127.0.0.1:${menda.port}`, menda);
  assert.deepEqual((await doctor(desk, [], { now: NOW })).findings, []);
  assert.equal(menda.seen.length, 0);
  assert.deepEqual((await doctor(desk, ["--online"], { now: NOW })).findings, []);
  assert.equal(menda.seen.length, 1);
  assert.ok(!JSON.stringify(menda.seen).includes(TOKEN));
});

test("doctor --online: a clock that is wrong", async (t) => {
  const menda = await serving(t, NOW - 600);
  const { findings } = await doctor(onlineDesk(t, `127.0.0.1:${menda.port}`, menda), ["--online"], {
    now: NOW,
  });
  assert.deepEqual(
    findings.map(({ id, cause }) => [id, cause.replace(/[0-9]+$/, "PORT")]),
    [["clock-skew", "this machine's clock is 600 seconds ahead of http://127.0.0.1:PORT"]],
  );
});

test("doctor --online: a host that does not answer", async (t) => {
  const menda = await serving(t, NOW);
  const gone = await recordingServer(() => undefined);
  await gone.close();
  const { findings } = await doctor(onlineDesk(t, `127.0.0.1:${gone.port}`, menda), ["--online"], {
    now: NOW,
  });
  assert.deepEqual(
    findings.map(({ id }) => id),
    ["host-unreachable"],
  );
});

test("doctor --online: a proxy that refuses, and a certificate that nobody trusts", async (t) => {
  const menda = await serving(t, NOW);
  const authority = createAuthority(deskFor(t).root, "stranger");
  const secure = await recordingServer(() => dated(NOW), authority.issue("DNS:packages.example"));
  const [open, shut] = [await connectProxy(secure.port), await connectProxy(secure.port, { status: 403 })];
  t.after(async () => void (await Promise.all([secure, open, shut].map((one) => one.close()))));
  for (const [proxy, id] of [
    [shut, "proxy-refuses"],
    [open, "tls-untrusted"],
  ] as const) {
    const desk = onlineDesk(t, "packages.example", menda);
    const found = await doctor(desk, ["--online"], {
      now: NOW,
      env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
    });
    assert.deepEqual(
      found.findings.map((finding) => finding.id),
      [id],
      found.text,
    );
  }
});
