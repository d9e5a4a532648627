// oidc-provider 9, in this process, as a host for people's logins: it knows us as `keywright`, binds tokens by DPoP with a nonce
// of its own, and has people who approve at once. Its device answer has no `interval`.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** What is used of it here; it brings no types. */
interface Code {
  save(): Promise<string>;
}
interface Grant extends Code {
  addOIDCScope(scope: string): void;
}
interface Provider {
  readonly DeviceCode: { findByUserCode(code: string): Promise<Code | undefined> };
  readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => Grant;
  callback(): RequestListener;
}
interface Module {
  readonly default: new (issuer: string, configuration: object) => Provider;
}

export interface Peer {
  readonly host: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
  /** Says what a person says on the page of this user code. */
  decide(userCode: string, yes: boolean): Promise<void>;
  /** A person's browser: follows the page, logs in, consents, and goes where it is sent, at last to the loopback. */
  visit(page: string): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
}

const CONFIGURATION = {
  clients: [
    {
      client_id: "keywright",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
      response_types: ["code"],
      redirect_uris: ["http://127.0.0.1/callback"],
    },
  ],
  scopes: ["openid", "registry"],
  pkce: { required: () => true },
  features: {
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
  },
  cookies: { keys: ["peer"] },
  issueRefreshToken: () => true,
  findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
};

export async function oidcPeer(t: TestContext): Promise<Peer> {
  const server = createServer();
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { default: Made } = (await import("oidc-provider" as string)) as Module;
  const provider = new Made(host, CONFIGURATION);
  const callback = provider.callback();
  server.on("request", (request, reply) => void callback(request, reply));
  const found = await fetch(`${host}/.well-known/openid-configuration`);
  const endpoints = (await found.json()) as Record<string, unknown>;
  return {
    host,
    endpoints,
    async decide(userCode, yes) {
      const code = await provider.DeviceCode.findByUserCode(userCode.replace("-", ""));
      if (code === undefined) throw new Error("no such user code");
      if (yes) {
        const grant = new provider.Grant({ accountId: "ann", clientId: "keywright" });
        grant.addOIDCScope("openid registry");
        Object.assign(code, { accountId: "ann", grantId: await grant.save(), scope: "registry", claims: {} });
      } else Object.assign(code, { error: "access_denied", errorDescription: "the person refused" });
      await code.save();
    },
    visit: (page) => visited(page, host),
  };
}

/** Redirects are followed by hand, so that every cookie is kept and the loopback is reached as a browser reaches it. */
async function visited(page: string, host: string): ReturnType<Peer["visit"]> {
  const cookies = new Map<string, string>();
  let next: { url: string; form?: Record<string, string> } = { url: page };
  for (let steps = 0; steps < 20; steps += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const reply = await fetch(next.url, {
      redirect: "manual",
      headers: next.url.startsWith(host) ? { cookie } : {},
      ...(next.form === undefined ? {} : { method: "POST", body: new URLSearchParams(next.form) }),
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = reply.headers.get("location");
    const text = await reply.text();
    if (location !== null) {
      next = { url: new URL(location, next.url).href };
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
    if (prompt === undefined) return { status: reply.status, text, headers: reply.headers };
    const action = /action="([^"]+)"/.exec(text)?.[1] ?? "";
    const answer = prompt === "login" ? { login: "ann", password: "x" } : {};
    next = { url: new URL(action, next.url).href, form: { prompt, ...answer } as Record<string, string> };
  }
  throw new Error("too many steps");
}
