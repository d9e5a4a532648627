// One question put to keyrings.codeartifact 2.1.2 and to ours, the answers in one shape.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installTools, toolPath } from "../../../scripts/tools.ts";
import { keyringrcFor } from "../../../src/account/keyringrc.ts";
import { KeywrightError } from "../../../src/errors.ts";
import { codeArtifactTarget, HOST_MATCHES } from "../../../src/resolver/codeartifact.ts";
import type { SecretRef } from "../../../src/resolver/ref.ts";
import { createRefs } from "../../../src/resolver/refs.ts";

export interface Case {
  readonly url: string;
  /** The text of keyringrc.cfg; null: there is none. */
  readonly config: string | null;
}

/** What AWS would be asked for, and as whom. */
export interface Asked {
  readonly domain: string;
  readonly owner: string;
  readonly region: string;
  readonly repository: string | undefined;
  readonly profile: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly caFile: string | undefined;
  readonly duration: number;
}

/** `section`: the name of the section that was picked; undefined: [codeartifact], or none. */
export type Answer =
  | { readonly asked: Asked; readonly section: string | undefined; readonly error?: undefined }
  | { readonly asked?: undefined; readonly section?: string | undefined; readonly error: string };

export interface Original {
  readonly answer: Answer;
  /** `verify=false`: it would not look at certificates. */
  readonly unverified: boolean;
  readonly warnings: readonly string[];
  /** How often it asked AWS for the same question, put twice. */
  readonly mints: number;
}

interface Seen {
  readonly mints?: number;
  readonly answered?: boolean;
  readonly error?: string;
  readonly warnings: readonly string[];
  readonly section?: string | null;
  readonly looked_up: { readonly name: string };
  readonly domain: string;
  readonly domainOwner: string;
  readonly durationSeconds: number;
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

type Environment = Readonly<Record<string, string>>;

function python(input: unknown, env: Environment = {}): unknown {
  installTools(["aws"], () => undefined);
  const script = join(import.meta.dirname, "original.py");
  const { status, stdout, stderr, error } = spawnSync(toolPath("aws", "python"), ["-I", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/nowhere", LANG: "C.UTF-8", ...env },
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${script}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

/** One process for all cases. */
export function originalSays(cases: readonly Case[]): readonly Original[] {
  return (python(cases) as readonly Seen[]).map((seen) => ({
    answer: answerOf(seen),
    unverified: seen.options?.["verify"] === false,
    warnings: seen.warnings,
    mints: seen.mints ?? 0,
  }));
}

/** Where the original looks for its file. */
export function originalPlace(env: Environment): string {
  return python("where", env) as string;
}

function answerOf(seen: Seen): Answer {
  if (seen.error !== undefined) return { error: seen.error };
  if (seen.answered !== true) return { error: "not mine" };
  const { options, domain, domainOwner: owner, durationSeconds: duration } = seen;
  const text = (key: string): string | undefined => {
    const value = options[key];
    return typeof value === "string" ? value : undefined;
  };
  const asked: Asked = {
    domain,
    owner,
    region: text("region_name") ?? "",
    repository: seen.looked_up.name,
    profile: text("profile_name"),
    accessKeyId: text("aws_access_key_id"),
    secretAccessKey: text("aws_secret_access_key"),
    caFile: text("verify"),
    duration,
  };
  return { asked, section: seen.section ?? undefined };
}

const REFS = createRefs(
  Object.entries(HOST_MATCHES).map(([name, match]): SecretRef => ({
    name,
    match,
    store: "aws",
    path: undefined,
    policy: "registries",
    username: "aws",
    options: {},
    locked: false,
    revision: name,
  })),
);

export function weSay({ url, config }: Case): Answer {
  const found = REFS.find({ kind: "registry", url, action: "read" });
  if (found.outcome !== "ours") return { error: found.outcome };
  const target = found.address && codeArtifactTarget(found.address);
  if (target === undefined) return { error: "not a CodeArtifact address" };
  const home = mkdtempSync(join(tmpdir(), "keywright-oracle-"));
  try {
    const folder = join(home, ".config", "python_keyring");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (config !== null) writeFileSync(join(folder, "keyringrc.cfg"), config);
    const { domain, owner, region, repository } = target;
    const said = keyringrcFor({ home, env: {} })(target);
    const asked: Asked = {
      domain,
      owner,
      region,
      repository,
      profile: said?.profile,
      accessKeyId: said?.keys?.accessKeyId,
      secretAccessKey: said?.keys?.secretAccessKey.reveal(),
      caFile: said?.caFile,
      duration: said?.duration ?? 3600,
    };
    const section = /^\[(.*)\] of /.exec(said?.section ?? "")?.[1];
    return { asked, section: section === "codeartifact" ? undefined : section };
  } catch (thrown) {
    if (!(thrown instanceof KeywrightError)) throw thrown;
    return { error: thrown.message };
  } finally {
    rmSync(home, { recursive: true });
  }
}
