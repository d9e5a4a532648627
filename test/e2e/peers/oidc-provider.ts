// The OIDC provider of npm (oidc-provider 9) on a loopback port, with one person who is logged in without being asked:
// what the broker believes people by, and a host that our own client logs in at. It is the real provider; only its pages
// for a password and for consent are answered at once.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { exportJWK, generateKeyPair } from "jose";

export interface OidcProvider {
  /** Its issuer: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Who logs in from now on; undefined: nobody, which the provider says as access_denied. */
  person: string | undefined;
  /** The grants that were made. */
  readonly granted: readonly { readonly client: string; readonly scope: string }[];
  /** A client is known from now on. */
  add(client: ProviderClient): void;
}

/** Of OpenID Connect Dynamic Client Registration, as far as the tests need it. */
export type ProviderClient = Readonly<Record<string, unknown>> & { readonly client_id: string };

interface Interaction {
  readonly prompt: { readonly name: string };
  readonly params: { readonly client_id: string; readonly scope?: string };
  readonly session?: { readonly accountId: string };
}

interface Grant {
  addOIDCScope(scope: string): void;
  save(): Promise<string>;
}

/** What is used of the class, which comes without types. */
interface Real {
  readonly Grant: new (about: { accountId: string | undefined; clientId: string }) => Grant;
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: unknown): Promise<void>;
}

const PACKAGE: string = "oidc-provider";

export async function oidcProvider(t: TestContext): Promise<OidcProvider> {
  const { default: Provider } = (await import(PACKAGE)) as {
    default: new (issuer: string, configuration: unknown) => Real;
  };
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = new Map<string, ProviderClient>();
  const granted: { client: string; scope: string }[] = [];
  const self: OidcProvider = {
    url,
    person: "alice",
    granted,
    add: (client) => void clients.set(client.client_id, client),
  };
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" }] };
  const real = new Provider(url, { ...configuration(clients, self), jwks });
  const answer = real.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) return answer(request, response);
    decided(real, self, granted, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  return self;
}

async function decided(
  real: Real,
  { person }: OidcProvider,
  granted: { client: string; scope: string }[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await real.interactionDetails(request, response);
  const finish = (result: unknown): Promise<void> => real.interactionFinished(request, response, result);
  if (person === undefined) return finish({ error: "access_denied", error_description: "no" });
  if (prompt.name === "login") return finish({ login: { accountId: person } });
  const grant = new real.Grant({ accountId: session?.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope ?? "openid");
  granted.push({ client: params.client_id, scope: params.scope ?? "" });
  return finish({ consent: { grantId: await grant.save() } });
}

function configuration(clients: ReadonlyMap<string, ProviderClient>, self: OidcProvider): object {
  const adapter = memoryAdapter(clients);
  return {
    adapter,
    // What a person may be asked again with, later (OpenID Connect Core section 11).
    scopes: ["openid", "profile", "email", "offline_access", "registry"],
    claims: { profile: ["preferred_username", "name"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["of the tests"] },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
    },
    findAccount: (_: unknown, sub: string) =>
      sub === self.person
        ? {
            accountId: sub,
            claims: () => ({ sub, preferred_username: sub, name: sub, email: `${sub}@people.example` }),
          }
        : undefined,
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  };
}

/** What the provider keeps, in memory; its own one knows no clients that come later. */
function memoryAdapter(clients: ReadonlyMap<string, ProviderClient>): unknown {
  const kept = new Map<string, Record<string, unknown>>();
  const found = (test: (row: Record<string, unknown>) => boolean): Record<string, unknown> | undefined =>
    [...kept.values()].find(test);
  return class {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    async upsert(id: string, payload: Record<string, unknown>): Promise<void> {
      kept.set(`${this.name}:${id}`, payload);
    }
    async find(id: string): Promise<unknown> {
      return this.name === "Client" ? clients.get(id) : kept.get(`${this.name}:${id}`);
    }
    async findByUid(uid: string): Promise<unknown> {
      return found((row) => row["uid"] === uid);
    }
    async findByUserCode(code: string): Promise<unknown> {
      return found((row) => row["userCode"] === code);
    }
    async consume(id: string): Promise<void> {
      const row = kept.get(`${this.name}:${id}`);
      if (row !== undefined) row["consumed"] = true;
    }
    async destroy(id: string): Promise<void> {
      kept.delete(`${this.name}:${id}`);
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, row] of kept) if (row["grantId"] === grantId) kept.delete(key);
    }
  };
}
