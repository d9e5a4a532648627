// The client under test and the servers it talks to, each closed at the end by `tidy`.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { KeywrightError } from "../../src/errors.ts";
import { createHttp, type Http, type HttpRequest } from "../../src/io/http.ts";
import type { Pair } from "./certificates.ts";
import {
  type Answer,
  connectProxy,
  type ProxyServer,
  recordingServer,
  response,
  type Server,
} from "./servers.ts";

export const CANARY = "canary-7f3a91";
export const clock = { now: () => 1_000_000 };
const open: Server[] = [];

export async function tidy(): Promise<void> {
  for (const each of open.splice(0)) await each.close();
}

const ok: Answer = () => response(200, "hello", "X-One: 1");

export async function server(answer: Answer = ok, own?: Pair): Promise<Server> {
  const made = await recordingServer(answer, own);
  open.push(made);
  return made;
}

export async function proxyTo(port: number, refuse?: { status: number }, own?: Pair): Promise<ProxyServer> {
  const made = await connectProxy(port, refuse, own);
  open.push(made);
  return made;
}

export function client(env: Record<string, string> = {}, requestTimeout?: number): Http {
  return createHttp({ env, clock, requestTimeout });
}

export const get = (url: string): HttpRequest => ({ method: "GET", url });

/** The error of a request that must fail; nothing of it may show what was sent. */
export async function failure(http: Http, request: HttpRequest): Promise<KeywrightError> {
  const error = await http.request(request).then(
    (reply) => assert.fail(`answered ${reply.status}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof KeywrightError, inspect(error));
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(CANARY), inspect(error));
  assert.ok(!`${error.message}${error.hint}`.includes(CANARY));
  return error;
}

/** Runs with variables set in the real environment, which a runtime might obey behind our back. */
export async function withProcessEnv<T>(
  variables: Record<string, string>,
  run: () => Promise<T>,
): Promise<T> {
  const saved = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
