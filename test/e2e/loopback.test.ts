// Proof 5, the end: whatever proxies the environment names, nothing that is meant for this machine reaches one; and what
// is meant for others does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectProxy, recordingServer } from "../io/servers.ts";
import { brokerProcess, INDEX } from "./broker-process.ts";
import { mendaCloud } from "./canary-hosts.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

const CONFIG = `stores: { menda: { backend: menda } }
refs: { index: { store: menda, match: "${INDEX}", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;
const NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

for (const form of FORMS) {
  for (const where of ["localhost", "127.0.0.1", "nobody"]) {
    test(`${form.name}: ${where} is asked directly, whatever the proxies are`, async (t) => {
      const broker = await brokerProcess(t, form);
      const secret = await broker.client("ci", "--principal", "ci", "--menda");
      // Its own name is the only one that a broker's metadata speak of; under another one stands a cloud without any.
      const beside = await recordingServer(mendaCloud({}));
      t.after(() => beside.close());
      const proxy = await connectProxy(beside.port, { status: 403 });
      t.after(() => proxy.close());
      const home = temporary(t, "loopback");
      plant(home, { ".config/keywright/config.yaml": CONFIG });
      const hosts: Record<string, string> = {
        localhost: broker.url,
        "127.0.0.1": `http://127.0.0.1:${beside.port}`,
        nobody: "http://127.3.2.1:9",
      };
      const env = {
        HOME: home,
        MENDA_CLIENT_ID: "ci",
        MENDA_CLIENT_SECRET: secret,
        ...Object.fromEntries(NAMES.map((name) => [name, `http://127.0.0.1:${proxy.port}`])),
      };
      const get = (host: string): ReturnType<typeof run> =>
        run(form.program("keyring"), ["get", `http://${INDEX}/simple/`, "token"], {
          env: { ...env, MENDA_HOST: host },
        });
      const ran = await get(hosts[where] ?? "");
      // The question to nobody fails, and still the proxy hears nothing of it.
      assert.equal(ran.code, where === "nobody" ? 1 : 0, ran.stderr);
      assert.deepEqual(proxy.seen, []);

      await get("https://menda.example");
      assert.deepEqual(
        proxy.asked.map(({ target }) => target),
        ["menda.example:443"],
      );
    });
  }
}
