// Machines with an ambient identity, for tests: unsigned tokens, servers that record, programs on a PATH of their own that
// write down how they were called.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findAmbient, type Ambient, type AmbientOptions } from "../../../src/account/ambient/ambient.ts";
import { asKeywrightError, type KeywrightError } from "../../../src/errors.ts";
import { createHttp } from "../../../src/io/http.ts";
import { recordingServer, type Answer, type Server } from "../../io/servers.ts";

export const NOW = 1_800_000_000;
export const AUDIENCE = "https://broker.example";

const part = (data: unknown): string => Buffer.from(JSON.stringify(data)).toString("base64url");

/** A JWT with these claims; nobody here checks its signature. */
export function jwt(claims: Readonly<Record<string, unknown>> = {}): string {
  const all = { iss: "https://issuer.example", sub: "job", aud: AUDIENCE, exp: NOW + 300, ...claims };
  return `${part({ alg: "RS256", kid: "1" })}.${part(all)}.${"c2ln".repeat(20)}`;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Machine {
  readonly waits: number[];
  find(env: Variables, more?: Partial<AmbientOptions>): Promise<Ambient | undefined>;
}

/** A machine without anything; `files`: what there is under these paths. */
export function machine(files: Readonly<Record<string, string>> = {}): Machine {
  const clock = { time: NOW, now: () => clock.time };
  const waits: number[] = [];
  return {
    waits,
    find: (env, more = {}) =>
      findAmbient({
        env,
        home: "/nonexistent",
        http: createHttp({ env: {}, clock, requestTimeout: 5 }),
        clock,
        read: (path) => files[path],
        sleep: async (seconds) => {
          waits.push(seconds);
        },
        ...more,
      }),
  };
}

export interface Service extends Server {
  readonly url: string;
}

/** Answers the first request with the first answer, and so on; all further ones with the last. */
export async function service(t: TestContext, ...answers: readonly (string | Answer)[]): Promise<Service> {
  let asked = 0;
  const server = await recordingServer((request) => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    return typeof answer === "function" ? answer(request) : answer;
  });
  t.after(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

export async function refusal(work: Promise<unknown>): Promise<KeywrightError> {
  try {
    await work;
  } catch (thrown) {
    return asKeywrightError(thrown);
  }
  throw new Error("it was not refused");
}

export interface Programs {
  readonly path: string;
  /** The arguments of each call, in order. */
  calls(): readonly (readonly string[])[];
}

/** A PATH with one program that prints this, and ends with that code. */
export function program(t: TestContext, name: string, prints: string, code = 0): Programs {
  const folder = mkdtempSync(join(tmpdir(), "keywright-ambient-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [bin, log] = [join(folder, "bin"), join(folder, "calls")];
  mkdirSync(bin);
  writeFileSync(join(folder, "prints"), prints);
  writeFileSync(log, "");
  const file = join(bin, name);
  writeFileSync(
    file,
    `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done >> '${log}'\nprintf -- '--\\n' >> '${log}'\n` +
      `/bin/cat '${join(folder, "prints")}'\nexit ${code}\n`,
  );
  chmodSync(file, 0o755);
  const calls = (): readonly (readonly string[])[] =>
    readFileSync(log, "utf8")
      .split("--\n")
      .filter((call) => call !== "")
      .map((call) => call.trimEnd().split("\n"));
  return { path: bin, calls };
}
