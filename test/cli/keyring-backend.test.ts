// `keywright keyring-backend` as a program, in both forms: what it answers, and what it leaves behind.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EXCHANGE, mendaCloud } from "../e2e/canary-hosts.ts";
import { REGISTRY } from "../e2e/canary-planted.ts";
import { FORMS, plant, run, temporary, type Form, type Ran } from "../e2e/programs.ts";
import { recordingServer } from "../io/servers.ts";

const INDEX = "127.0.0.1:8998";
const OURS = `http://${INDEX}/simple/`;
const CONFIG = `stores: { menda: { backend: menda } }
refs: { index: { store: menda, match: "${INDEX}", username: token, policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;

interface Place {
  readonly home: string;
  /** How often a token was fetched. */
  minted(): number;
  ask(question: object | string): Promise<Ran>;
}

async function place(t: TestContext, form: Form): Promise<Place> {
  const cloud = await recordingServer(mendaCloud({}));
  t.after(() => cloud.close());
  const home = temporary(t, "backend");
  plant(home, {
    ".config/keywright/config.yaml": CONFIG,
    "bin/keyring": `#!/bin/sh\necho asked >'${home}/asked'\n`,
  });
  chmodSync(join(home, "bin/keyring"), 0o755);
  const machine = {
    MENDA_HOST: `http://127.0.0.1:${cloud.port}`,
    MENDA_CLIENT_ID: "c",
    MENDA_CLIENT_SECRET: "s",
  };
  const env = { HOME: home, PATH: `${home}/bin:/usr/bin:/bin`, ...machine };
  return {
    home,
    minted: () => cloud.seen.filter(({ lines }) => lines[0]?.startsWith(EXCHANGE)).length,
    ask(question) {
      const input =
        typeof question === "string" ? question : JSON.stringify({ v: 1, username: null, ...question });
      return run(form.program("keywright"), ["keyring-backend"], { env, input });
    },
  };
}

for (const form of FORMS) {
  test(`${form.name}: keyring-backend answers for ours, twice with one token, and remembers nobody as having asked`, async (t) => {
    const { home, ask, minted } = await place(t, form);
    for (const username of ["token", null]) {
      const { code, stdout, stderr } = await ask({ operation: "get", service: OURS, username });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(
        stdout,
        `${JSON.stringify({ v: 1, outcome: "answered", username: "token", password: REGISTRY.value })}\n`,
      );
    }
    assert.equal(minted(), 1);
    // Where it is kept that a parent asked, and so may ask again because its token was rejected.
    assert.equal(existsSync(join(home, ".cache/keywright/asked")), false);
    const other = await ask({ operation: "get", service: OURS, username: "bob" });
    assert.match(other.stderr, /^keyring: this registry wants the user name token/);
    assert.equal((JSON.parse(other.stdout) as { username: string }).username, "token");
  });

  test(`${form.name}: keyring-backend says whose an address is without fetching, and asks no other keyring`, async (t) => {
    const { home, ask, minted } = await place(t, form);
    const said = async (question: object): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await ask(question);
      assert.deepEqual([code, stderr], [0, ""]);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    assert.deepEqual(await said({ operation: "whose", service: OURS }), { v: 1, outcome: "ours" });
    for (const operation of ["get", "whose"]) {
      for (const service of ["https://foreign.example/", "1.2.3", "DOMAIN\\me", "Ключ", "some-name"])
        assert.deepEqual(await said({ operation, service }), { v: 1, outcome: "foreign" }, service);
      const { outcome, error } = await said({ operation, service: `http://${INDEX}.evil.example/` });
      assert.deepEqual([outcome, (error as { code: string }).code], ["failed", "refused"]);
    }
    assert.equal(minted(), 0);
    assert.equal(existsSync(join(home, "asked")), false, "another keyring was asked");
  });

  test(`${form.name}: keyring-backend notes what failed, where \`keywright why\` reads it`, async (t) => {
    const { home, ask } = await place(t, form);
    const unread = await ask("hunter2");
    assert.equal(unread.code, 0);
    assert.match(
      unread.stdout,
      /^\{"v":1,"outcome":"failed","error":\{"name":"MendaKeyRingError","code":"usage",/,
    );
    assert.ok(!unread.stdout.includes("hunter2"));
    await ask({ operation: "get", service: `http://me:hunter2@${INDEX}.evil.example/` });
    const log = readFileSync(join(home, ".local/state/keywright/why.jsonl"), "utf8");
    const entries = log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      entries.map(({ front, code }) => [front, code]),
      [["python", "refused"]],
    );
    assert.ok(!log.includes("hunter2"));
  });
}
