// A lease lies below the policy: whatever changes between two questions counts at once, and the old token is not what
// comes out. A configured audit that fails is a refusal, lease or not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingServer, response } from "../io/servers.ts";
import { EXCHANGE, mendaCloud } from "./canary-hosts.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

const INDEX = "127.0.0.1:8999";
const GET = ["get", `http://${INDEX}/simple/`, "token"];

interface Change {
  readonly name: string;
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** undefined: it asks anew, and the answer is another token. */
  readonly refusal?: RegExp;
}

const STORES = "stores: { menda: { backend: menda } }";
const REFS = `refs: { index: { store: menda, match: "${INDEX}", policy: p } }`;
const POLICIES = "policies: { p: { allowed_principals: [local_user], actions: [read, publish] } }";
const joined = (...parts: readonly string[]): string => `${parts.join("\n")}\n`;

const CHANGES: readonly Change[] = [
  {
    name: "nothing granted any more",
    config: joined(STORES, REFS, "policies: { p: { allowed_principals: [other] } }"),
    refusal: /does not allow/,
  },
  {
    name: "a deny rule",
    config: joined(
      STORES,
      REFS,
      "policies: { p: { allowed_principals: [local_user], deny: [{ name: nobody, principals: [local_user] }] } }",
    ),
    refusal: /does not allow/,
  },
  {
    name: "a policy that forbids reading",
    config: joined(STORES, REFS, "policies: { p: { allowed_principals: [local_user], actions: [publish] } }"),
    refusal: /does not allow/,
  },
  { name: "the ref is gone", config: joined(STORES, "refs: {}", "policies: {}"), refusal: /^$/ },
  {
    name: "the ref is for another port",
    config: joined(STORES, REFS.replace("8999", "8998"), POLICIES),
    refusal: /^$|refused/,
  },
  {
    name: "another role",
    config: joined("identity: { role: other }", STORES, REFS, POLICIES),
    refusal: /does not allow/,
  },
  {
    name: "another role that may",
    config: joined("identity: { role: other }", STORES, REFS, POLICIES.replace("local_user", "other")),
  },
  {
    name: "another store",
    config: joined(
      "stores: { second: { backend: menda } }",
      REFS.replace("store: menda", "store: second"),
      POLICIES,
    ),
  },
  {
    name: "the same store with another profile",
    config: joined("stores: { menda: { backend: menda, options: { profile: second } } }", REFS, POLICIES),
  },
  { name: "a configuration that is broken", config: "refs: [\n", refusal: /config\.yaml/ },
  { name: "another profile", env: { MENDA_PROFILE_ID: "second" } },
  { name: "a profile that is not there", env: { MENDA_PROFILE_ID: "third" }, refusal: /No profile 'third'/ },
  { name: "the environment's machine", env: { MENDA_CLIENT_ID: "elsewhere", MENDA_CLIENT_SECRET: "s" } },
  {
    name: "an audit that fails",
    config: joined("audit: { sink: file, path: /sys/keywright/audit.jsonl }", STORES, REFS, POLICIES),
    refusal: /the audit entry could not be written/,
  },
  {
    name: "an audit that fails, at the system's log",
    config: joined("audit: syslog", STORES, REFS, POLICIES),
    refusal: /could not be written to syslog/,
  },
];

for (const form of FORMS) {
  for (const change of CHANGES) {
    test(`${form.name}: with a lease on disk: ${change.name}`, async (t) => {
      let exchanges = 0;
      const cloud = await recordingServer(
        mendaCloud({ [EXCHANGE]: () => response(200, JSON.stringify({ token: `token-${++exchanges}` })) }),
      );
      t.after(() => cloud.close());
      const host = `http://127.0.0.1:${cloud.port}`;
      const profile = (id: string): string =>
        `[${id}]\nhost = ${host}\nauth_type = m2m\nclient_id = ${id}\nclient_secret = s\n`;
      const home = temporary(t, "lease");
      const usual = joined(STORES, REFS, POLICIES);
      plant(home, {
        ".menda/mendacfg": profile("default") + profile("second"),
        ".config/keywright/config.yaml": usual,
      });
      const get = (env: Change["env"] = {}): ReturnType<typeof run> =>
        run(form.program("keyring"), GET, { env: { HOME: home, ...env } });
      for (let n = 0; n < 3; n += 1) assert.equal((await get()).stdout, "token-1\n");

      plant(home, { ".config/keywright/config.yaml": change.config ?? usual });
      const env =
        change.env?.["MENDA_CLIENT_ID"] === undefined ? change.env : { ...change.env, MENDA_HOST: host };
      const { code, stdout, stderr } = await get(env);
      if (change.refusal === undefined) {
        assert.deepEqual({ code, stdout }, { code: 0, stdout: "token-2\n" }, stderr);
      } else {
        assert.match(stderr, change.refusal);
        assert.deepEqual({ code, stdout, exchanges }, { code: 1, stdout: "", exchanges: 1 });
      }
      plant(home, { ".config/keywright/config.yaml": usual });
      assert.equal((await get()).stdout, "token-1\n");
    });
  }
}
