// Runs `menda` of menda-cli 0.5.0, as published, and ours, each with a scripted cloud and a home of its own, and a browser that
// notes what it is shown.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { toolPath } from "../../scripts/tools.ts";
import { type MendaHome, mendaHome } from "../account/home.ts";
import { deviceCloud, type Script } from "../account/login/device-cloud.ts";

const OURS = join(import.meta.dirname, "..", "..", "bin", "menda");
const python = process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ?? toolPath("menda", "python");
export const THEIRS = join(dirname(python), "menda");

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What the browser was asked to show. */
  readonly page: string | undefined;
  /** The sections of the cache, by Python's configparser; undefined: there is none. */
  readonly cache: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  readonly home: MendaHome;
  readonly faults: readonly string[];
}

export interface Row {
  readonly script?: Script;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `HOST` stands for the cloud's. undefined: there is no file. */
  readonly mendacfg?: string | undefined;
  readonly tokens?: string;
}

export const PROFILE = "[default]\nhost = HOST\nauth_type = u2m\n";

async function ran(t: TestContext, program: string, row: Row): Promise<Ran> {
  const cloud = await deviceCloud(row.script ?? {});
  t.after(() => cloud.close());
  const mendacfg = "mendacfg" in row ? row.mendacfg : PROFILE;
  const home = mendaHome(t, { mendacfg: mendacfg?.replaceAll("HOST", cloud.host), tokens: row.tokens });
  const shown = join(home.path, "page");
  const browser = join(home.path, "browser");
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$*" > '${shown}.new' && mv '${shown}.new' '${shown}'\n`);
  chmodSync(browser, 0o755);
  const options = {
    env: {
      PATH: process.env["PATH"],
      HOME: home.path,
      LANG: "C.UTF-8",
      COLUMNS: "1000",
      BROWSER: browser,
      ...row.env,
    },
    cwd: home.path,
    timeout: 60_000,
  };
  const done = await new Promise<Pick<Ran, "code" | "out" | "err">>((resolve) => {
    execFile(program, [...(row.argv ?? ["auth", "login"])], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });
  const plain = (text: string): string => text.replaceAll(cloud.host, "HOST").replaceAll(home.path, "HOME");
  const page = existsSync(shown) ? plain(readFileSync(shown, "utf8")) : undefined;
  const { code, out, err } = done;
  return {
    code,
    out: plain(out),
    err: spaced(plain(err)),
    page,
    cache: await cacheOf(home),
    home,
    faults: cloud.faults,
  };
}

/** Python puts spaces into its JSON. */
function spaced(text: string): string {
  return text.startsWith("{") ? `${JSON.stringify(JSON.parse(text))}\n` : text;
}

const READ = `
import configparser, json, sys
parser = configparser.ConfigParser()
parser.read(sys.argv[1])
print(json.dumps({name: dict(parser[name]) for name in parser.sections()}))`;

async function cacheOf({ tokens }: MendaHome): Promise<Ran["cache"]> {
  if (!existsSync(tokens)) return undefined;
  const text = await new Promise<string>((resolve, reject) => {
    execFile(python, ["-c", READ, tokens], (error, out) => (error === null ? resolve(out) : reject(error)));
  });
  const cache = JSON.parse(text) as Record<string, Record<string, string>>;
  for (const section of Object.values(cache)) {
    if (section["cached_at"] !== undefined)
      section["cached_at"] = String(Math.abs(Date.now() / 1000 - Number(section["cached_at"])) < 120);
  }
  return cache;
}

export const both = async (t: TestContext, row: Row): Promise<readonly [theirs: Ran, ours: Ran]> => {
  const [theirs, ours] = await Promise.all([ran(t, THEIRS, row), ran(t, OURS, row)]);
  assert.deepEqual([theirs.faults, ours.faults], [[], []]);
  assert.doesNotMatch(ours.err, /canary/);
  return [theirs, ours];
};
