// `menda auth whoami` as a process, against a server that records what it is sent.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { mendaHome } from "../account/home.ts";
import { type Answer, header, recordingServer, response } from "../io/servers.ts";
import { menda } from "./menda-process.ts";

const WHO = {
  tenant_id: "t1",
  username: "ci\u001b[31m",
  email: null,
  user_role: "reader",
  identity_type: "service_principal",
};

async function cloud(t: TestContext, who: string = response(200, JSON.stringify(WHO))) {
  const answer: Answer = ({ lines }) => {
    if (lines[0]?.startsWith("POST /api/v1/auth/oauth2/token?"))
      return response(200, '{"access_token":"acc-tok"}');
    return lines[0]?.startsWith("GET /api/v1/auth/whoami ") ? who : response(404, '{"detail":"Not Found"}');
  };
  const server = await recordingServer(answer);
  t.after(() => server.close());
  return { ...server, host: `http://127.0.0.1:${server.port}` };
}

test("menda auth whoami shows whom the cloud takes a machine for", async (t) => {
  const server = await cloud(t);
  const mendacfg = `[ci]\nhost = ${server.host}/\nauth_type = m2m\nclient_id = i\nclient_secret = s\n`;
  const home = mendaHome(t, { mendacfg });
  const ran = await menda(["auth", "whoami", "--menda-profile-id", "ci"], { home: home.path });
  assert.equal(ran.code, 0, ran.err);
  assert.equal(ran.out, "");
  const said = "Current User Information\nProfile: ci\n✓ Service Principal Details:\n";
  assert.equal(
    ran.err,
    `${said}  Tenant:   t1\n  Username: ci[31m\n  Email:    N/A\n  Role:     reader\n  Type:     service_principal\n`,
  );
  const last = server.seen.at(-1);
  assert.ok(last !== undefined && header(last, "authorizationToken") === "acc-tok");
  const json = await menda(["--output", "json", "auth", "whoami"], {
    home: home.path,
    env: { MENDA_PROFILE_ID: "ci" },
  });
  assert.deepEqual(JSON.parse(json.out), WHO);
  assert.equal(json.err, "");
});

test("menda auth whoami sends a person's login as it is, and no machine's login at all", async (t) => {
  const server = await cloud(t);
  const machine = "auth_type = m2m\nclient_id = i\nclient_secret = s\n";
  const home = mendaHome(t, {
    mendacfg: `[me]\nhost = ${server.host}\nauth_type = u2m\n[ci]\nhost = ${server.host}\n${machine}`,
    tokens: "[me]\naccess_token = a\nid_token = my-login\n[ci]\naccess_token = not-this\n",
  });
  const tokens = () => server.seen.flatMap((request) => header(request, "authorizationToken") ?? []);
  assert.equal((await menda(["auth", "whoami", "--menda-profile-id", "me"], { home: home.path })).code, 0);
  assert.equal(server.seen.length, 1);
  assert.equal((await menda(["auth", "whoami", "--menda-profile-id", "ci"], { home: home.path })).code, 0);
  assert.deepEqual(tokens(), ["my-login", "acc-tok"]);
});

test("menda auth whoami fails with menda-cli's messages and exit codes", async (t) => {
  const refusing = await cloud(t, response(401, '{"detail":"no such user"}'));
  const closed = await recordingServer(() => undefined);
  await closed.close();
  const machine = "auth_type = m2m\nclient_id = i\nclient_secret = canary\n";
  const mendacfg = [
    "[nohost]\nauth_type = u2m",
    "[odd]\nhost = https://h.example\nauth_type = x",
    "[more]\nhost = https://h.example\nauth_type = u2m\nextra = canary",
    "[half]\nhost = https://h.example\nauth_type = m2m",
    "[me]\nhost = https://h.example\nauth_type = u2m",
    "[old]\nhost = https://h.example\nauth_type = u2m",
    `[closed]\nhost = http://127.0.0.1:${closed.port}\n${machine}`,
    `[refused]\nhost = ${refusing.host}\n${machine}`,
  ].join("\n");
  const home = mendaHome(t, { mendacfg, tokens: "[old]\naccess_token=a\nexpires_in=1\ncached_at=1\n" });
  const rows: readonly (readonly [string, number, RegExp])[] = [
    [
      "none",
      2,
      /Profile 'none' not found in configuration\nRun 'menda auth configure'.*\n\nAvailable profiles: nohost, odd, /,
    ],
    ["nohost", 2, /Profile 'nohost' has invalid configuration\n {2}Details: host is missing\n/],
    ["odd", 2, /Details: auth_type must be 'u2m' or 'm2m'\n/],
    ["more", 2, /Details: it has keys other than /],
    ["half", 2, /Client ID and client secret are required for M2M authentication\n/],
    [
      "me",
      2,
      /No authentication token found for profile 'me'\nRun 'menda auth login --menda-profile-id me' to authenticate\n/,
    ],
    [
      "old",
      2,
      /Authentication token expired for profile 'old'\nRun 'menda auth login --menda-profile-id old' to refresh\n/,
    ],
    ["closed", 4, /ECONNREFUSED/],
    ["refused", 2, /Failed to fetch user information: no such user\n/],
  ];
  for (const [profile, code, message] of rows) {
    const ran = await menda(["auth", "whoami", "--menda-profile-id", profile], { home: home.path });
    assert.equal(ran.code, code, `${profile}: ${ran.err}`);
    assert.match(ran.err, message);
    assert.ok(!ran.err.includes("canary"), ran.err);
  }
  const partial = await menda(["auth", "whoami"], {
    home: home.path,
    env: { MENDA_HOST: "https://h.example" },
  });
  assert.match(
    partial.err,
    /Incomplete M2M environment variables \(only MENDA_HOST\)\. Falling back to profile 'default'\./,
  );
  const missing = await menda(["auth", "whoami"], { home: mendaHome(t).path });
  assert.equal(missing.code, 2);
  assert.match(
    missing.err,
    /Configuration file not found: .*\nRun 'menda auth configure' to create initial configuration\n/,
  );
});
