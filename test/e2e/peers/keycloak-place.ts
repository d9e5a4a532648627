// Keycloak with a realm of two people, a broker in this process whose people are theirs, and what a person does on
// Keycloak's pages in Chromium. The broker's clock can be put forward.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import type { Keycloak } from "../../../scripts/keycloak.ts";
import type { BrokerConfig } from "../../../src/broker/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { systemClock } from "../../../src/io/clock.ts";
import { matchFault } from "../../../src/resolver/match.ts";
import { running, temporaryFolder, type Running } from "../../broker/broker.ts";

export const REALM = "people";
export const SECRET = "secret-of-the-broker";
const LIFE = 3600;
export const passwordOf = (name: string): string => `password-of-${name}`;

export interface KeycloakPlace {
  readonly broker: Running;
  /** Puts the broker's clock forward. */
  advance(seconds: number): void;
  readonly folder: string;
}

export async function importRealm({ admin }: Keycloak): Promise<void> {
  const person = (username: string, roles: readonly string[]): object => ({
    username,
    enabled: true,
    email: `${username}@people.example`,
    emailVerified: true,
    firstName: username,
    lastName: "Example",
    credentials: [{ type: "password", value: passwordOf(username), temporary: false }],
    realmRoles: [`default-roles-${REALM}`, "offline_access", ...roles],
  });
  await admin("POST", "", {
    realm: REALM,
    enabled: true,
    accessTokenLifespan: LIFE,
    roles: { realm: [{ name: "packages" }] },
    users: [person("alice", ["packages"]), person("bob", [])],
    clients: [brokerClient("http://localhost/unknown-yet"), ownClient()],
  });
}

/** Confidential; its id_tokens carry the roles, which Keycloak puts into access tokens alone by itself. */
function brokerClient(redirectUri: string): object {
  return {
    clientId: "broker",
    secret: SECRET,
    redirectUris: [redirectUri],
    attributes: { "pkce.code.challenge.method": "S256" },
    protocolMappers: [
      {
        name: "roles",
        protocol: "openid-connect",
        protocolMapper: "oidc-usermodel-realm-role-mapper",
        config: {
          "claim.name": "roles",
          multivalued: "true",
          "jsonType.label": "String",
          "id.token.claim": "true",
        },
      },
    ],
  };
}

/** Our own client, where Keycloak itself is the host that somebody logs in at. */
function ownClient(): object {
  return {
    clientId: "keywright",
    publicClient: true,
    redirectUris: ["http://127.0.0.1/callback"],
    attributes: {
      "pkce.code.challenge.method": "S256",
      "oauth2.device.authorization.grant.enabled": "true",
    },
  };
}

export async function keycloakPlace(t: TestContext, keycloak: Keycloak): Promise<KeycloakPlace> {
  const folder = temporaryFolder(t);
  let ahead = 0;
  const clock = { now: () => systemClock.now() + ahead };
  const broker = await running(t, { config: configFor(folder, keycloak.url), clock });
  const [found] = (await keycloak.admin("GET", `/${REALM}/clients?clientId=broker`)) as {
    readonly id: string;
  }[];
  const client = brokerClient(`${broker.url}/login/callback`);
  await keycloak.admin("PUT", `/${REALM}/clients/${found?.id}`, client);
  return { broker, advance: (seconds) => void (ahead += seconds), folder };
}

function configFor(folder: string, keycloak: string): BrokerConfig {
  const secret = join(folder, "client-secret");
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  const file = join(folder, "broker.yaml");
  const text = `principals: [ci]
stores: { own: { backend: issue } }
refs: { packages: { store: own, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
menda: { default: packages }
users:
  recheck: 600
  provider:
    issuer: ${keycloak}/realms/${REALM}
    client_id: broker
    client_secret_file: ${secret}
    private_network: true
    principals: [{ claim: roles, has: packages, principal: ci }]
`;
  writeFileSync(file, text, { mode: 0o600 });
  const how = { home: undefined, env: {}, kind: "broker", backends: ["issue"], matchFault } as const;
  const { stores, refs, policies, broker } = loadConfig({ ...how, file });
  if (broker === undefined) throw new Error("the configuration has no broker's settings");
  return { stores, refs, policies, ...broker };
}

/** A home for a user of this machine, and the environment that a terminal of that user has. */
export function homeFor(folder: string, name: string): Readonly<Record<string, string>> {
  const home = join(folder, name);
  mkdirSync(home, { mode: 0o700 });
  return { PATH: process.env["PATH"] ?? "", HOME: home, LANG: "C.UTF-8" };
}

/** Keycloak's pages, whichever come: name and password, then what the client wants. */
export async function signInAtKeycloak(page: Page, name: string): Promise<void> {
  await page.locator("#username").fill(name);
  await page.locator("#password").fill(passwordOf(name));
  await page.locator("#kc-login").click();
  const consent = page.locator("input[name=accept], button[name=accept]");
  await page.waitForLoadState();
  if ((await consent.count()) > 0) await consent.click();
}
