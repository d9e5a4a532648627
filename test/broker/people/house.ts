// What people/ works with, without a server: a real core over a real data folder, and browsers that keep their cookie.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BrokerConfig } from "../../../src/broker/config.ts";
import { createBudget, type Core } from "../../../src/broker/core.ts";
import { openData, type OpenData } from "../../../src/broker/data-folder.ts";
import { createHealth } from "../../../src/broker/health.ts";
import { createJournal } from "../../../src/broker/journal.ts";
import { createMemory } from "../../../src/broker/memory.ts";
import { createMetrics } from "../../../src/broker/metrics.ts";
import { browserOf, type Browser } from "../../../src/broker/people/browsers.ts";
import {
  finishProviderLogin,
  startProviderLogin,
  type LoginEnd,
} from "../../../src/broker/people/provider.ts";
import { createRates } from "../../../src/broker/rates.ts";
import type { Person } from "../../../src/broker/records.ts";
import type { Incoming } from "../../../src/broker/reply.ts";
import { DEFAULT_USERS, type ProviderSettings, type UserSettings } from "../../../src/config/users.ts";
import { createHttp } from "../../../src/io/http.ts";
import { CONFIG, START, temporaryFolder } from "../broker.ts";
import { CLIENT, CLIENT_SECRET, oidc, type Oidc } from "./oidc.ts";

export interface House {
  readonly core: Core;
  readonly data: OpenData;
  readonly clock: { time: number; now(): number };
  /** The same house with another configuration, as after a reload. */
  configured(config: Partial<BrokerConfig>): House;
}

export function peopleHouse(
  t: TestContext,
  config: Partial<BrokerConfig> = {},
  url = "https://keywright.example",
) {
  const clock = { time: START, now: () => clock.time };
  const data = openData(join(temporaryFolder(t), "data"), clock);
  t.after(() => data.db.close());
  const core: Core = {
    url,
    config: { ...CONFIG, ...config },
    clock,
    random: randomBytes,
    backends: {},
    db: data.db,
    peppers: data.peppers,
    sealing: data.sealing,
    journal: createJournal(data.db, clock),
    http: createHttp({ env: {}, clock }),
    failures: createBudget(clock, 60),
    rates: createRates(clock, () => 1000),
    metrics: createMetrics(),
    health: createHealth({ clock, steady: clock, probe: () => undefined }),
    memory: createMemory(clock),
  };
  return houseOf(core, data, clock);
}

function houseOf(core: Core, data: OpenData, clock: House["clock"]): House {
  const configured: House["configured"] = (config) =>
    houseOf({ ...core, config: { ...core.config, ...config } }, data, clock);
  return { core, data, clock, configured };
}

export interface Visitor {
  /** `name=value`, as it is sent; undefined: none yet. */
  cookie: string | undefined;
  incoming(query?: string): Incoming;
  browser(): Promise<Browser>;
  /** Takes a `Set-Cookie` as a browser does. */
  take(line: string | undefined): void;
  person(): Promise<Person | undefined>;
}

export function visitor({ core }: Pick<House, "core">): Visitor {
  const self: Visitor = {
    cookie: undefined,
    incoming: (query = "") => ({
      header: (name) => (name === "cookie" ? self.cookie : undefined),
      query,
      body: "",
      address: "192.0.2.7",
    }),
    async browser() {
      const browser = await browserOf(core, self.incoming());
      self.take(browser.setCookie);
      return browser;
    },
    take(line) {
      if (line !== undefined) [self.cookie] = line.split(";");
    },
    person: async () => (await browserOf(core, self.incoming())).person,
  };
  return self;
}

export interface ProviderHouse extends House {
  readonly provider: Oidc;
}

export const RULES: ProviderSettings["principals"] = [
  { claim: "groups", has: "releasers", principal: "release" },
  { claim: "realm_access.roles", has: "developer", principal: "ci" },
];

/** A house whose people come by a real provider. The clock is the provider's. */
export async function providerHouse(
  t: TestContext,
  { isPublic = false, ...changed }: Partial<ProviderSettings> & { readonly isPublic?: boolean } = {},
): Promise<ProviderHouse> {
  const house = peopleHouse(t);
  const provider = await oidc(t, "https://keywright.example/login/callback", isPublic);
  const secretFile = join(house.data.folder, "client-secret");
  writeFileSync(secretFile, `${CLIENT_SECRET}\n`);
  house.clock.time = Date.now() / 1000;
  const settings: ProviderSettings = {
    issuer: provider.issuer,
    clientId: CLIENT,
    clientSecretFile: isPublic ? undefined : secretFile,
    scopes: ["openid", "profile", "email", "offline_access"],
    nameClaim: "preferred_username",
    principals: RULES,
    privateNetwork: true,
    ...changed,
  };
  const users: UserSettings = { ...DEFAULT_USERS, provider: settings };
  return { ...house.configured({ users }), provider };
}

/** Where the provider sends this visitor back to, after it logged in there as `name`. */
export async function atProvider(
  { core, provider }: ProviderHouse,
  who: Visitor,
  name: string,
): Promise<URL> {
  const start = await startProviderLogin(core, await who.browser(), "/approve?id=7");
  assert.ok(start.ok);
  return new URL(await provider.logIn(start.redirect, name));
}

export async function comeBack({ core }: House, who: Visitor, callback: URL): Promise<LoginEnd> {
  const end = await finishProviderLogin(core, who.incoming(callback.search.slice(1)));
  if (end.ok) who.take(end.setCookie);
  return end;
}

export async function logIn(house: ProviderHouse, who: Visitor, name: string): Promise<LoginEnd> {
  return comeBack(house, who, await atProvider(house, who, name));
}

export type Entry = Readonly<Record<string, unknown>>;

export function entries({ data }: House, kind?: string): readonly Entry[] {
  const all = [...data.db.auditLines()].map((line) => JSON.parse(line) as Entry);
  return kind === undefined ? all : all.filter((entry) => entry["kind"] === kind);
}
