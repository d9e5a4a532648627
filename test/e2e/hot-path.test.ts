// Proof 6, the end: what a cached `keyring get` loads. Each module costs every package manager time, at every question, so
// the list is a golden file: hot-path-modules.txt. When a change to it is meant, write the list that the test prints.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { recordingServer } from "../io/servers.ts";
import { INDEX } from "./broker-process.ts";
import { mendaCloud } from "./canary-hosts.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

const GOLDEN = join(import.meta.dirname, "hot-path-modules.txt");
const CONFIG = `stores: { menda: { backend: menda } }
refs: { index: { store: menda, match: "${INDEX}", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;

test("a cached question loads what the golden file lists, and nothing else", async (t) => {
  const cloud = await recordingServer(mendaCloud({}));
  t.after(() => cloud.close());
  const home = temporary(t, "hot");
  plant(home, { ".config/keywright/config.yaml": CONFIG });
  const list = join(home, "modules");
  const env = {
    HOME: home,
    MENDA_HOST: `http://127.0.0.1:${cloud.port}`,
    MENDA_CLIENT_ID: "c",
    MENDA_CLIENT_SECRET: "s",
    MODULE_LIST: list,
  };
  const keyring = FORMS[0]?.program("keyring") ?? "";
  const get = async (options: Record<string, string>): Promise<void> => {
    const { code, stderr } = await run(keyring, ["get", `http://${INDEX}/simple/`, "token"], {
      env: { ...env, ...options },
    });
    assert.equal(code, 0, stderr);
  };
  await get({});
  const asked = cloud.seen.length;
  // The copy of the configuration is kept once its file has settled.
  const copy = join(home, ".cache/keywright/config-snapshot.json");
  for (let turn = 0; turn < 50 && !existsSync(copy); turn += 1) await get({});
  await get({ NODE_OPTIONS: `--import=${join(import.meta.dirname, "module-list.mjs")}` });
  assert.equal(cloud.seen.length, asked, "the answer did not come out of the cache");

  const loaded = readFileSync(list, "utf8").trimEnd().split("\n");
  const golden = readFileSync(GOLDEN, "utf8").trimEnd().split("\n");
  const more = loaded.filter((name) => !golden.includes(name)).map((name) => `+ ${name}`);
  const less = golden.filter((name) => !loaded.includes(name)).map((name) => `- ${name}`);
  assert.deepEqual([...more, ...less], [], `hot-path-modules.txt is another list:\n${loaded.join("\n")}`);
});
