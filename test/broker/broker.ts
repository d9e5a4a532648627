// A real broker on a free loopback port with its data in a temporary folder, for the tests of this room.
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createClient, type NewClient } from "../../src/broker/clients.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { startBroker, type Broker, type BrokerOptions } from "../../src/broker/start.ts";
import { UNCONDITIONAL, type Rule } from "../../src/resolver/policy.ts";
import { conforms } from "./conforms.ts";

/** A broker that listens, in this process or in another. */
export type Reached = Pick<Broker, "host" | "port" | "url">;

export interface Running extends Broker {
  readonly data: string;
  readonly logged: string[];
  readonly clock: { time: number; now(): number };
}

export const START = 1_800_000_000;

const ANY: Omit<Rule, "name"> = { ...UNCONDITIONAL, attestation: "verified" };

/** `ci` may read `packages`, `release` may also publish, `outsider` may nothing; `other` is a second ref for `ci`. */
export const CONFIG: BrokerConfig = {
  stores: new Map([["own", { name: "own", backend: "issue", root: "", options: { ttl: 300 } }]]),
  refs: [
    ["packages", "packages.example"],
    ["other", "other.example/team"],
  ].map(([name = "", match = ""]) => ({
    name,
    store: "own",
    path: undefined,
    policy: name,
    match,
    username: name === "other" ? "reader" : undefined,
    locked: false,
    options: {},
    revision: "1",
  })),
  policies: new Map([
    [
      "packages",
      {
        name: "packages",
        grants: [
          { ...ANY, name: "readers", principals: ["ci", "release"], actions: ["read"] },
          { ...ANY, name: "publishers", principals: ["release"], actions: ["publish"] },
        ],
        deny: [],
      },
    ],
    [
      "other",
      { name: "other", grants: [{ ...ANY, name: "team", principals: ["ci"], actions: [] }], deny: [] },
    ],
  ]),
  principals: ["ci", "release", "outsider"],
  menda: new Map([["ci", { ref: "packages", action: "read" }]]),
  accessTokenTtl: 600,
};

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-broker-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function running(t: TestContext, options: Partial<BrokerOptions> = {}): Promise<Running> {
  const data = options.data ?? join(temporaryFolder(t), "data");
  const logged: string[] = [];
  const clock = { time: START, now: () => clock.time };
  const broker = await startBroker({
    listen: { host: "127.0.0.1", port: 0 },
    config: CONFIG,
    clock,
    steady: clock,
    log: (line) => logged.push(line),
    ...options,
    data,
  });
  t.after(() => broker.close());
  return { ...broker, data, logged, clock };
}

/** Makes a client as the command line does it, from a connection of its own; returns its secret. */
export function newClient(data: string, client: Partial<NewClient> & { readonly name: string }): string {
  const open = openData(data);
  try {
    return createClient(
      open,
      { principal: undefined, resource: undefined, queryCredentials: false, ...client },
      { now: START, by: "tester" },
    );
  } finally {
    open.db.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  // Tests look into answers by name; what is not there is undefined.
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** One request over a connection of its own. Its answer has to be one that the OpenAPI document describes. */
export function send(
  broker: Reached,
  path: string,
  { method = "GET", headers = {}, body = "" }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host, port } = broker;
    const outgoing = request(
      { host, port, path, method, headers: { ...headers }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const { statusCode: status = 0, headers: got } = response;
          try {
            conforms(method, path, { status, headers: got, text });
            const isJson = String(got["content-type"]).startsWith("application/json");
            const json = !isJson || text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
            resolve({ status, headers: got, text, json });
          } catch (fault) {
            reject(fault);
          }
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

export function basic(id: string, secret: string): { readonly Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
}

export function post(
  broker: Reached,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Sent["headers"] = {},
): Promise<Answer> {
  const body = new URLSearchParams(form).toString();
  return send(broker, path, { method: "POST", headers: { ...FORM, ...headers }, body });
}

export async function accessToken(broker: Reached, id: string, secret: string): Promise<string> {
  const { status, json } = await post(
    broker,
    "/oauth2/token",
    { grant_type: "client_credentials" },
    basic(id, secret),
  );
  if (status !== 200) throw new Error(`no access token: ${JSON.stringify(json)}`);
  return json["access_token"] as string;
}

export function askRegistry(broker: Reached, token: string, ask: object): Promise<Answer> {
  return send(broker, "/api/v1/registry/token", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(ask),
  });
}

/** An address of the ref `packages`. */
export const PACKAGES = "https://packages.example/simple/";
