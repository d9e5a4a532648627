// The pages over a real core and HTTP server, with what tests need around them: people, logins that wait, and visitors
// that keep cookies as browsers do. Addresses are told by X-Forwarded-For.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createApp } from "../../../src/broker/app.ts";
import type { BrokerConfig } from "../../../src/broker/config.ts";
import { createBudget, type Core } from "../../../src/broker/core.ts";
import { openData } from "../../../src/broker/data-folder.ts";
import { createHealth } from "../../../src/broker/health.ts";
import { createJournal } from "../../../src/broker/journal.ts";
import { beginLogin, type Asked } from "../../../src/broker/login/waiting-logins.ts";
import type { PendingLogin } from "../../../src/broker/login/logins.ts";
import { createMemory } from "../../../src/broker/memory.ts";
import { createMetrics } from "../../../src/broker/metrics.ts";
import { pageEndpoints } from "../../../src/broker/pages/endpoints.ts";
import { createProxies, LOOPBACK } from "../../../src/broker/proxies.ts";
import { createRates } from "../../../src/broker/rates.ts";
import type { Person } from "../../../src/broker/records.ts";
import { createBrokerLog } from "../../../src/broker/request-log.ts";
import { createHttp } from "../../../src/io/http.ts";
import { CONFIG, START, temporaryFolder } from "../broker.ts";
import { conforms } from "../conforms.ts";

export interface House {
  readonly core: Core;
  readonly clock: { time: number; now(): number };
  readonly port: number;
  readonly url: string;
  readonly logged: string[];
}

export async function pageHouse(t: TestContext, config: Partial<BrokerConfig> = {}): Promise<House> {
  const clock = { time: START, now: () => clock.time };
  const data = openData(join(temporaryFolder(t), "data"), clock);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  const logged: string[] = [];
  const core: Core = {
    url: `http://localhost:${port}`,
    config: { ...CONFIG, ...config },
    db: data.db,
    peppers: data.peppers,
    sealing: data.sealing,
    journal: createJournal(data.db, clock),
    clock,
    random: randomBytes,
    http: createHttp({ env: {}, clock }),
    backends: {},
    failures: createBudget(clock, 60),
    rates: createRates(clock, () => 1000),
    metrics: createMetrics(),
    health: createHealth({ clock, steady: clock, probe: () => undefined }),
    memory: createMemory(clock),
  };
  const rates = { requests: createRates(clock, () => 1e6), failures: createRates(clock, () => 1e6) };
  const log = createBrokerLog("text", clock, (line) => logged.push(line));
  const app = { steady: clock, random: randomBytes, proxies: createProxies(LOOPBACK), rates, log };
  server.on("request", createApp({ ...app, endpoints: pageEndpoints(core), metrics: core.metrics }));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    data.db.close();
  });
  return { core, clock, port, url: core.url, logged };
}

export function newPerson({ core, clock }: House, name = "anna", principal = "ci"): Person {
  const made = { name, principal, issuer: undefined, subject: undefined, createdAt: START };
  core.db.transaction((writer) => void writer.addUser({ ...made, email: `${name}@people.example` }));
  const found = core.db.userNamed(name);
  assert.ok(found);
  return { user: found.id, name, principal, upstream: undefined, provenAt: clock.time };
}

const ASKED: Asked = {
  kind: "device",
  face: "standard",
  scope: "registry",
  hash: undefined,
  challenge: undefined,
  jkt: undefined,
  redirectUri: undefined,
  clientState: undefined,
  address: "203.0.113.7",
  agent: "keywright/0.2.0 (linux; x64)",
};

export async function waitingLogin({ core }: House, asked: Partial<Asked> = {}): Promise<PendingLogin> {
  const pending = await beginLogin(core, { ...ASKED, hash: randomBytes(32), ...asked });
  assert.ok(pending);
  return pending;
}

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** Of a redirect. */
  readonly location: string;
}

export interface Visitor {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Seen>;
  post(path: string, body: Body, headers?: Readonly<Record<string, string>>): Promise<Seen>;
  /** Loads a page and sends its form. */
  submit(path: string, fields: Readonly<Record<string, string>>, to?: string): Promise<Seen>;
  /** This person has just proven to sit here. */
  signIn(person: Person): void;
}

type Body = Readonly<Record<string, string>> | string;

const FORM = "application/x-www-form-urlencoded";

export function visitor(house: House, address = "198.51.100.20"): Visitor {
  const cookies = new Map<string, string>();
  const own = (): Readonly<Record<string, string>> => ({
    "X-Forwarded-For": address,
    ...(cookies.size === 0
      ? {}
      : { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
  });
  const ask = async (method: string, path: string, headers: object, body = ""): Promise<Seen> => {
    const seen = await exchange(house.port, method, path, { ...own(), ...headers }, body);
    for (const line of seen.headers["set-cookie"] ?? []) keep(cookies, line);
    return seen;
  };
  const self: Visitor = {
    cookies,
    get: (path, headers = {}, method = "GET") => ask(method, path, headers),
    post: (path, body, headers = {}) =>
      ask(
        "POST",
        path,
        { "Content-Type": FORM, "Sec-Fetch-Site": "same-origin", Origin: "null", ...headers },
        typeof body === "string" ? body : new URLSearchParams(body).toString(),
      ),
    async submit(path, fields, to = path.split("?")[0] ?? path) {
      const page = await self.get(path);
      return self.post(to, { ...hiddenOf(page.text, to), ...fields });
    },
    signIn: (person) => void cookies.set("keywright", browserCookie(house, person)),
  };
  return self;
}

/** The cookie of a browser in which this person has just proven to sit. */
export function browserCookie({ core, clock }: House, person: Person): string {
  const cookie = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(cookie).digest();
  const row = { hash, person, createdAt: clock.time, expiresAt: clock.time + 900 };
  core.db.transaction((writer) => writer.addBrowser(row));
  return cookie;
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";");
  const at = pair.indexOf("=");
  if (/; Max-Age=0/.test(line)) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}

/** The hidden fields of the form that goes to this path. */
export function hiddenOf(page: string, to: string): Readonly<Record<string, string>> {
  const form = page.split("<form").find((part) => part.includes(`action="${to}"`)) ?? "";
  const inputs = form.split("</form>")[0]?.matchAll(/type="hidden" name="([a-z]+)" value="([^"]*)"/g) ?? [];
  return Object.fromEntries(
    [...inputs].map(([, name = "", value = ""]) => [name, value.replaceAll("&amp;", "&")]),
  );
}

/** Its answer has to be one that the OpenAPI document describes. */
async function exchange(
  port: number,
  method: string,
  path: string,
  headers: object,
  body: string,
): Promise<Seen> {
  const outgoing = request({ host: "localhost", port, path, method, headers: { ...headers }, agent: false });
  const [response] = (await once(outgoing.end(body), "response")) as [IncomingMessage];
  const { statusCode: status = 0, headers: got } = response;
  const seen = { status, headers: got, text: await text(response), location: got.location ?? "" };
  conforms(method, path, seen);
  return seen;
}

/** The approve page of a login whose code this visitor enters. */
export async function enterCode(who: Visitor, pending: PendingLogin): Promise<string> {
  const { status, location } = await who.submit("/device", { user_code: pending.userCode ?? "" });
  assert.equal(status, 303);
  return location;
}

export function auditKinds({ core }: House): readonly string[] {
  return [...core.db.auditLines()].map((line) => String((JSON.parse(line) as { kind: string }).kind));
}
