// The OIDC provider of npm on a loopback port, whose pages a person answers by posting their forms: what it says of its
// people can be changed while it runs, and what it sends can be spoiled on its way.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Oidc {
  readonly issuer: string;
  /** By the name that they log in with. Who is not in it is disabled. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>;
  /** The requests to its token endpoint, their headers and bodies. */
  readonly asked: { readonly authorization: string | undefined; readonly body: URLSearchParams }[];
  /** Instead of what the token endpoint answers. */
  spoil: ((answer: Record<string, unknown>) => Record<string, unknown> | number) | undefined;
  /** Answers the pages of the provider at this address as this person; returns where it sends the browser to. */
  logIn(address: string, name: string): Promise<string>;
  /** The person says no. */
  refuse(address: string): Promise<string>;
}

export const CLIENT = "keywright-broker";
export const CLIENT_SECRET = "a secret: of the broker+at the provider";

const PACKAGE: string = "oidc-provider";

export async function oidc(t: TestContext, redirectUri: string, isPublic = false): Promise<Oidc> {
  const { default: Provider } = (await import(PACKAGE)) as {
    default: new (
      issuer: string,
      configuration: unknown,
    ) => { callback(): (request: IncomingMessage, response: ServerResponse) => void };
  };
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: Oidc = {
    issuer,
    people: new Map(),
    asked: [],
    spoil: undefined,
    logIn: (address, name) => walk(issuer, address, name),
    refuse: (address) => walk(issuer, address, undefined),
  };
  const answer = quietly(() => new Provider(issuer, configuration(self, redirectUri, isPublic))).callback();
  server.on("request", (incoming, response) => {
    if (incoming.method === "POST" && incoming.url === "/token") watched(self, incoming, response);
    answer(incoming, response);
  });
  return self;
}

/** It warns that its keys and its pages are for development, which they are. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function configuration({ people }: Oidc, redirectUri: string, isPublic: boolean) {
  return {
    clients: [
      {
        client_id: CLIENT,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        ...(isPublic ? { token_endpoint_auth_method: "none" } : { client_secret: CLIENT_SECRET }),
      },
    ],
    claims: {
      openid: ["sub", "groups", "realm_access"],
      profile: ["preferred_username"],
      email: ["email", "email_verified"],
    },
    conformIdTokenClaims: false,
    // The broker's clock runs ahead of the provider's in a test.
    ttl: { IdToken: 80_000, RefreshToken: 80_000, Grant: 80_000, Session: 80_000 },
    cookies: { keys: ["a key of a test"] },
    findAccount: (_context: unknown, id: string) => {
      const found = people.get(id);
      return found && { accountId: id, claims: () => ({ sub: id, ...found }) };
    },
  };
}

function watched(self: Oidc, incoming: IncomingMessage, response: ServerResponse): void {
  let body = "";
  incoming.on("data", (chunk: Buffer) => (body += String(chunk)));
  incoming.on("end", () =>
    self.asked.push({ authorization: incoming.headers.authorization, body: new URLSearchParams(body) }),
  );
  const { spoil } = self;
  if (spoil === undefined) return;
  const end = response.end.bind(response) as (text: string) => ServerResponse;
  response.end = ((text: string | Buffer) => {
    const spoiled = spoil(JSON.parse(String(text)) as Record<string, unknown>);
    if (typeof spoiled === "number") response.statusCode = spoiled;
    const sent = typeof spoiled === "number" ? "{}" : JSON.stringify(spoiled);
    response.setHeader("Content-Length", Buffer.byteLength(sent));
    return end(sent);
  }) as typeof response.end;
}

interface Page {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** Follows the provider's own redirects, and fills in its forms, until it sends the browser elsewhere. */
async function walk(issuer: string, address: string, name: string | undefined): Promise<string> {
  const cookies = new Map<string, string>();
  let page = await ask(address, cookies);
  for (let step = 0; step < 12; step += 1) {
    if (page.location !== undefined) {
      const next = new URL(page.location, issuer);
      if (next.origin !== issuer) return next.href;
      page = await ask(next.href, cookies);
      continue;
    }
    assert.equal(page.status, 200, page.text);
    if (name === undefined) {
      const [, abort = ""] = /href="([^"]*\/abort)"/.exec(page.text) ?? [];
      page = await ask(new URL(abort, issuer).href, cookies);
      continue;
    }
    const [, action = ""] = /action="([^"]+)"/.exec(page.text) ?? [];
    const [, prompt = ""] = /name="prompt" value="([^"]+)"/.exec(page.text) ?? [];
    const form = new URLSearchParams({ prompt, login: name, password: "x" });
    page = await ask(new URL(action, issuer).href, cookies, form.toString());
  }
  return assert.fail("the provider goes round in circles");
}

function ask(address: string, cookies: Map<string, string>, body?: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    const headers = {
      Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      ...(body === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" }),
    };
    const method = body === undefined ? "GET" : "POST";
    const sent = request(address, { method, headers, agent: false }, (response) => {
      for (const line of response.headers["set-cookie"] ?? []) {
        const [pair = ""] = line.split(";");
        const at = pair.indexOf("=");
        cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
