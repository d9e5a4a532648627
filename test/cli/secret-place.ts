// A home with secrets in the environment and in files, and the real program run in it.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

const root = join(import.meta.dirname, "..", "..");
export const KEYWRIGHT = join(root, "bin", "keywright");

export const CONFIG = `identity: { role: research, environment: dev, app: shell }
stores:
  local: { backend: env }
  mounted: { backend: file, options: { folder: FOLDER } }
refs:
  api_key: { store: local, path: databento/api-key, policy: marketdata }
  quoted: { store: local, path: quoted, policy: marketdata }
  certificate: { store: mounted, path: tls/certificate.pem, policy: marketdata }
  absent: { store: local, path: absent, policy: marketdata }
  broker_password: { store: local, path: broker, policy: execution_only }
  explained: { store: local, path: databento/api-key, policy: with_reason }
policies:
  marketdata: { allowed_principals: [marketdata, research] }
  execution_only: { allowed_principals: [execution] }
  with_reason: { grants: [ { name: told, principals: [research], reason_required: true } ] }
`;

export const VALUES = {
  DATABENTO_API_KEY: "db-3f9a0c17e5",
  QUOTED: `it's "quoted" \\ and $HOME é`,
  BROKER: "broker-7c11d2aa",
} as const;
export const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBtest0123456789\n-----END CERTIFICATE-----\n";

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface SecretPlace {
  readonly home: string;
  readonly env: Record<string, string>;
  keywright(
    words: readonly string[],
    more?: { readonly input?: string; readonly env?: Record<string, string> },
  ): Ran;
  /** The same at a terminal (a pseudo terminal of script(1)); everything comes out as one text. */
  atTerminal(words: readonly string[], input?: string): Ran;
  /** A Python program that gets `keywright resolve --jsonl` as its arguments. */
  python(script: string, input: string): Ran;
  write(name: string, text: string): string;
  audit(): readonly Readonly<Record<string, unknown>>[];
}

export function secretPlace(t: TestContext, config: string = CONFIG): SecretPlace {
  const home = mkdtempSync(join(tmpdir(), "keywright-secret-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const env = { ...VALUES, HOME: home, PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C.UTF-8" };
  const write = (name: string, text: string): string => {
    const file = join(home, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  write("mounted/tls/certificate.pem", CERTIFICATE);
  write(".config/keywright/config.yaml", config.replaceAll("FOLDER", join(home, "mounted")));
  const run = (
    file: string,
    words: readonly string[],
    input = "",
    more: Record<string, string> = {},
  ): Ran => {
    const settings = {
      cwd: home,
      env: { ...env, ...more },
      input,
      encoding: "utf8",
      timeout: 60_000,
    } as const;
    const { status, stdout, stderr } = spawnSync(file, words, settings);
    return { status, out: stdout, err: stderr };
  };
  return {
    home,
    env,
    write,
    keywright: (words, { input, env: more } = {}) => run(KEYWRIGHT, words, input, more),
    python: (script, input) => run("python3", ["-c", script, KEYWRIGHT, "resolve", "--jsonl"], input),
    atTerminal: (words, input) =>
      run(
        "script",
        ["-qec", `exec ${[KEYWRIGHT, ...words].map((word) => `'${word}'`).join(" ")}`, "/dev/null"],
        input,
      ),
    audit: () =>
      readFileSync(join(home, ".local", "state", "keywright", "audit.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
