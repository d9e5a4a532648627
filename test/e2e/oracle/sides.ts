// The sides of the comparison: the Python original, our library, our process. Each gets every case in a home folder of its
// own and on a path of its own of the recording server, and its outcome comes back with the placeholders in place again.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { asKeywrightError, MendaKeyRingError } from "../../../src/errors.ts";
import { systemClock } from "../../../src/io/clock.ts";
import { openKeywright } from "../../../src/keywright.ts";
import type { OracleCase, Outcome, Result } from "./case.ts";
import type { OracleServer, Side } from "./server.ts";

export interface Place {
  readonly cases: readonly OracleCase[];
  readonly server: OracleServer;
  readonly folder: string;
}

/** A case with nothing left to fill in. */
interface Placed {
  readonly index: number;
  readonly service: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly timeLimit: number | undefined;
  back(text: string): string;
}

const BIN = join(import.meta.dirname, "..", "..", "..", "bin", "keyring");

export async function theirs(python: string, place: Place): Promise<readonly Outcome[]> {
  const placed = place.cases.map((_, index) => placedCase(place, "t", index));
  const input = placed.map(({ service, env, timeLimit }) => ({
    service,
    env,
    time_limit: timeLimit ?? null,
  }));
  const { code, out, err } = await run(
    python,
    [join(import.meta.dirname, "original.py")],
    JSON.stringify(input),
    {},
  );
  if (code !== 0) throw new Error(`${python} failed: ${err}`);
  const results = JSON.parse(out) as readonly Result[];
  return placed.map((one, index) => outcome(place, "t", one, results[index] ?? { nothing: true }));
}

export function library(place: Place): Promise<readonly Outcome[]> {
  return few(place.cases, async (_, index) => {
    const placed = placedCase(place, "l", index);
    return outcome(place, "l", placed, await resolved(placed));
  });
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What bin/keyring did in these cases, and what the server saw of it. */
export function processes(
  place: Place,
  chosen: readonly number[],
): Promise<readonly (Ran & Pick<Outcome, "requests">)[]> {
  return few(chosen, async (index) => {
    const placed = placedCase(place, "p", index);
    const ran = await run(BIN, ["get", placed.service, "aws"], "", placed.env);
    const { requests } = outcome(place, "p", placed, { nothing: true });
    return { ...ran, out: placed.back(ran.out), err: placed.back(ran.err), requests };
  });
}

async function resolved({ service, env, home }: Placed): Promise<Result> {
  try {
    const keywright = await openKeywright({ env, home: env["HOME"] ?? home, clock: systemClock });
    const secret = await keywright.resolve({
      kind: "registry",
      url: service,
      username: "aws",
      action: "read",
    });
    return secret === undefined ? { nothing: true } : { answer: secret.reveal() };
  } catch (thrown) {
    const error = asKeywrightError(thrown);
    if (error.code === "unknown") return { nothing: true };
    const status = error instanceof MendaKeyRingError ? (error.statusCode ?? null) : null;
    return { error: error.name, message: error.message, status };
  }
}

function outcome({ server }: Place, side: Side, { index, back }: Placed, result: Result): Outcome {
  const texts = Object.entries(result).map(([key, value]) => [
    key,
    typeof value === "string" ? back(value) : value,
  ]);
  return { result: Object.fromEntries(texts) as Result, requests: server.requests(side, index).map(back) };
}

function placedCase({ cases, server, folder }: Place, side: Side, index: number): Placed {
  const one = cases[index];
  if (one === undefined) throw new Error(`there is no case ${index}`);
  const home = join(folder, `${side}-${index}`);
  const values: Readonly<Record<string, string>> = { ...server.placeholders(side, index), home };
  const filled = (text: string): string =>
    text.replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole);
  mkdirSync(home, { recursive: true });
  for (const [path, file] of Object.entries(one.files)) {
    const target = join(home, path);
    mkdirSync(file === "folder" ? target : dirname(target), { recursive: true });
    if (file === "folder") continue;
    writeFileSync(target, Buffer.from(filled(file.text), file.latin1 === true ? "latin1" : "utf8"));
    chmodSync(target, file.mode ?? 0o644);
  }
  if (one.timeLimit !== undefined && side !== "t") limitTime(home, one.timeLimit);
  const env = Object.entries(one.env).map(([name, value]) => [name, filled(value)]);
  const names = ["host", "https", "home", "port", "closed"] as const;
  return {
    index,
    service: one.service,
    env: { HOME: home, PATH: join(folder, "empty"), LANG: "C.UTF-8", ...Object.fromEntries(env) },
    home,
    timeLimit: one.timeLimit,
    back: (text) => names.reduce((rest, name) => rest.replaceAll(values[name] ?? "", `{${name}}`), text),
  };
}

/** The built-in configuration, written out, with another limit. */
function limitTime(home: string, seconds: number): void {
  const path = join(home, ".config", "keywright", "config.yaml");
  mkdirSync(dirname(path), { recursive: true });
  const text = `
identity: { role: local_user, environment: dev, app: shell }
stores: { menda: { backend: menda, options: { request_timeout: ${seconds} } } }
refs: { codeartifact: { store: menda, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries } }
policies: { registries: { allowed_principals: [local_user], actions: [read, publish] } }
`;
  writeFileSync(path, text, { mode: 0o600 });
}

function run(
  program: string,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const child = spawn(program, args, { env });
  const seen = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (seen.out += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (seen.err += part));
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...seen }));
  });
}

/** Three at a time, results in order. */
async function few<T, R>(
  items: readonly T[],
  each: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await each(item, index);
  };
  await Promise.all([worker(), worker(), worker()]);
  return results;
}
