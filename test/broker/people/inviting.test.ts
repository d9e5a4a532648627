// Invitations over the socket of a running broker, which knows who could come in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { adminSocketPath } from "../../../src/broker/admin-socket.ts";
import type { BrokerConfig } from "../../../src/broker/config.ts";
import { DEFAULT_USERS } from "../../../src/config/users.ts";
import { askSocket } from "../../../src/io/ask-socket.ts";
import { CONFIG, running } from "../broker.ts";

const PROVIDER = {
  issuer: "https://id.example",
  clientId: "broker",
  clientSecretFile: undefined,
  scopes: ["openid"],
  nameClaim: "email",
  principals: [{ claim: "sub", has: undefined, principal: "ci" }],
  privateNetwork: false,
};

async function invite(data: string, name: string, principal?: string): Promise<string> {
  const command = { op: "user_invite", invitation: { name, principal } };
  const line = JSON.stringify({ command, actor: { by: "tester" } });
  return (await askSocket(adminSocketPath(data), line, 10_000)) ?? "";
}

test("nobody is invited who would be turned away: for a principal that is none, or where a provider says who comes", async (t) => {
  let config: BrokerConfig = { ...CONFIG, principals: ["ci"] };
  const broker = await running(t, { config, loadConfig: async () => config });
  assert.match(await invite(broker.data, "anna", "nosuch"), /principals do not list 'nosuch'/);
  assert.match(await invite(broker.data, "anna", "ci"), /\/invite#kwi_/);
  config = { ...config, principals: ["release"], menda: new Map() };
  await broker.reload({ by: "tester" });
  assert.match(await invite(broker.data, "anna"), /principals do not list 'ci'/);
  config = { ...config, users: { ...DEFAULT_USERS, provider: PROVIDER } };
  await broker.reload({ by: "tester" });
  assert.match(await invite(broker.data, "bea", "release"), /people come from a provider here/);
});
