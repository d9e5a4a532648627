// A private registry at its real name, for one test: a broker, an index that accepts nothing but that broker's tokens,
// and the CONNECT proxy that leads the real name to it. It runs no client.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeWheel, startIndex, type IndexOptions, type PrivateIndex } from "../../scripts/private-index.ts";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import type { Broker } from "../../src/broker/start.ts";
import { loadConfig } from "../../src/config/load.ts";
import { systemClock } from "../../src/io/clock.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { newClient, running } from "../broker/broker.ts";
import { createAuthority } from "../io/certificates.ts";
import { connectProxy, type ProxyServer } from "../io/servers.ts";

export const HOST = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";

/** The address of the index, with `aws`, `aws:password` or nothing in front of the host. */
export function indexUrl(userinfo?: string): string {
  return `https://${userinfo === undefined ? "" : `${userinfo}@`}${HOST}/pypi/repo/simple/`;
}

/** Where packages are uploaded to. */
export const UPLOAD_URL = `https://${HOST}/pypi/repo/`;

/** Seconds that a token of this broker lives. */
export const TTL = 600;

const brokerText = (ttl: number): string => `principals: [ci, intern]
stores:
  own: { backend: issue, options: { ttl: ${ttl} } }
refs:
  codeartifact: { store: own, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries }
menda: { ci: codeartifact }
policies:
  registries: { allowed_principals: [ci], actions: [read, publish] }
`;

export interface Machine {
  readonly id: string;
  readonly secret: string;
}

/** An entry of an audit, as far as the tests look into it. */
export interface Entry {
  readonly kind: string;
  readonly outcome?: string;
  readonly sha256?: string;
  readonly upstream?: string;
}

export interface Registry {
  readonly broker: Broker;
  readonly index: PrivateIndex;
  readonly proxy: ProxyServer;
  /** The certificate authority of the index: a file. */
  readonly authority: string;
  /** The principal with a grant, and the one without. */
  readonly ci: Machine;
  readonly intern: Machine;
  /** A new empty folder, removed with the rest. */
  folder(name: string): string;
  /** Puts the broker's clock forward. */
  advance(seconds: number): void;
  /** The broker's audit, in order. */
  audited(): readonly Entry[];
}

export interface RegistryOptions {
  /** Starts the index; the one of one package unless a test wants more of it. */
  readonly start?: (options: IndexOptions) => Promise<PrivateIndex>;
  /** Seconds that its tokens live. */
  readonly ttl?: number;
  /** Lines to add to the broker's configuration. */
  readonly more?: string;
}

export async function startRegistry(
  t: TestContext,
  { start = startIndex, ttl = TTL, more = "" }: RegistryOptions = {},
): Promise<Registry> {
  const root = mkdtempSync(join(tmpdir(), "keywright-registry-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
    return join(root, name);
  };
  let ahead = 0;
  const clock = { now: () => systemClock.now() + ahead };
  const broker = await running(t, { config: brokerConfig(root, `${brokerText(ttl)}${more}`), clock });
  const machine = (id: string): Machine => ({
    id,
    secret: newClient(broker.data, { name: id, principal: id }),
  });
  const authority = createAuthority(folder("authority"), "test-authority");
  const index = await start({
    introspection: `${broker.url}/oauth2/introspect`,
    client: { id: "index", secret: newClient(broker.data, { name: "index", resource: "codeartifact" }) },
    audience: "codeartifact",
    wheel: makeWheel(folder("wheel")),
    prefix: "/pypi/repo",
    tls: authority.issue(`DNS:${HOST}`),
  });
  t.after(() => index.close());
  const proxy = await connectProxy(index.port);
  t.after(() => proxy.close());
  return {
    broker,
    index,
    proxy,
    authority: authority.file,
    ci: machine("ci"),
    intern: machine("intern"),
    folder,
    advance: (seconds) => void (ahead += seconds),
    audited: () => [...readBrokerAudit(broker.data)].map((line) => JSON.parse(line) as Entry),
  };
}

function brokerConfig(root: string, text: string): BrokerConfig {
  const file = join(root, "broker.yaml");
  writeFileSync(file, text, { mode: 0o600 });
  const options = {
    home: undefined,
    env: {},
    kind: "broker",
    file,
    backends: ["issue"],
    matchFault,
  } as const;
  const { stores, refs, policies, broker } = loadConfig(options);
  if (broker === undefined) throw new Error("the broker's configuration has no broker's settings");
  return { stores, refs, policies, ...broker };
}
