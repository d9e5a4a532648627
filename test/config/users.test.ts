// The section `users` of a broker's configuration.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { temporaryFolder } from "../broker/broker.ts";

function usersOf(t: TestContext, text: string) {
  const home = temporaryFolder(t);
  const file = join(home, "broker.yaml");
  writeFileSync(file, text);
  return loadConfig({ home, env: {}, kind: "broker", file, backends: ["issue"], matchFault }).broker?.users;
}

const PROVIDER = `principals: [developer, release]
users:
  session_life: 86400
  recheck: 600
  provider:
    issuer: https://id.example/realms/team
    client_id: keywright
    client_secret_file: /etc/keywright/oidc-secret
    principals:
      - { claim: realm_access.roles, has: release-managers, principal: release }
      - { claim: "https://team.example/member", principal: developer }
`;

test("users: nothing said is passkeys, seven days, and a recheck each hour", (t) => {
  assert.deepEqual(usersOf(t, "principals: [ci]\n"), DEFAULT_USERS);
  assert.deepEqual(usersOf(t, "users: {}\n"), DEFAULT_USERS);
  assert.deepEqual(
    [DEFAULT_USERS.provider, DEFAULT_USERS.sessionLife, DEFAULT_USERS.recheck],
    [undefined, 604_800, 3600],
  );
});

test("users: a provider with its rules, in their order", (t) => {
  assert.deepEqual(usersOf(t, PROVIDER), {
    provider: {
      issuer: "https://id.example/realms/team",
      clientId: "keywright",
      clientSecretFile: "/etc/keywright/oidc-secret",
      scopes: ["openid", "profile", "email", "offline_access"],
      nameClaim: "preferred_username",
      principals: [
        { claim: "realm_access.roles", has: "release-managers", principal: "release" },
        { claim: "https://team.example/member", has: undefined, principal: "developer" },
      ],
      privateNetwork: false,
    },
    sessionLife: 86_400,
    recheck: 600,
    mendaSession: 28_800,
  });
});

test("users: a menda login does not outlive a session", (t) => {
  assert.equal(usersOf(t, "users: { session_life: 3600, menda_session: 7200 }\n")?.mendaSession, 3600);
});

test("users: what is wrong is an error with file and line", (t) => {
  const changed = (from: string, to: string): string => PROVIDER.replace(from, to);
  const rows: readonly (readonly [string, RegExp])[] = [
    ["users: { provider: {} }", /users\.provider has no /],
    ["users: { providers: {} }", /unknown key 'providers' in users/],
    ["users: { recheck: 3601 }", /broker\.yaml:1: users\.recheck is no whole number from 60 to 3600/],
    ["users: { recheck: 0 }", /users\.recheck/],
    ["users: { session_life: 1 }", /users\.session_life/],
    [changed("https://id", "http://id"), /broker\.yaml:6: users\.provider\.issuer is not https/],
    [changed("/realms/team", "/realms?a=b"), /issuer is no address/],
    [changed("https://id.example", "https://user@id.example"), /issuer is no address/],
    [changed("https://id.example/realms/team", "nonsense"), /issuer is no address/],
    [changed("https://id.example", "http://127.0.0.1:8080"), /issuer is on this machine/],
    [
      changed("/etc/keywright/", "keywright/"),
      /broker\.yaml:8: .*client_secret_file is not an absolute path/,
    ],
    [changed("client_id: keywright", "scopes: [profile]\n    client_id: keywright"), /scopes has no openid/],
    [
      changed("client_id: keywright", 'scopes: [openid, "a b"]\n    client_id: keywright'),
      /scopes has an entry that is no scope/,
    ],
    [
      changed("principal: release }", "principal: releases }"),
      /broker\.yaml:10: users\.provider\.principals\[0\]\.principal is 'releases', which principals does not list/,
    ],
    [changed("principal: release }", "principal: Release }"), /is no name of a principal/],
    [changed("has: release-managers", "is: x"), /unknown key 'is' in users\.provider\.principals\[0\]/],
    [changed("claim: realm_access.roles", "claim: realm_access..roles"), /claim has an empty part/],
    [changed("claim: realm_access.roles, ", ""), /principals\[0\] has no claim/],
    [PROVIDER.slice(0, PROVIDER.indexOf("    principals:")), /users\.provider has no principals/],
    [
      `${PROVIDER.slice(0, PROVIDER.indexOf("    principals:"))}    principals: []\n`,
      /is not a list of rules/,
    ],
  ];
  for (const [text, message] of rows)
    assert.throws(() => usersOf(t, `${text}\n`), { code: "configuration", message }, text);
});

test("users belong to a broker", (t) => {
  const home = temporaryFolder(t);
  const file = join(home, "config.yaml");
  writeFileSync(file, "users: {}\n", { mode: 0o600 });
  const client = { home, env: { KEYWRIGHT_CONFIG: file }, kind: "client", backends: [], matchFault } as const;
  assert.throws(() => loadConfig(client), {
    code: "configuration",
    message: /belongs to the configuration of a broker/,
  });
});
