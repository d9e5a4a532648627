// The two sides of the comparison with mxm-config and mxm-runtime: the originals in one Python process, and ours.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigStoreError } from "../../../src/config/store/fault.ts";
import { loadedFrom, loadStoreConfig } from "../../../src/config/store/load.ts";
import { pythonYaml } from "../../../src/config/store/python-yaml.ts";
import { makeSubconfig, makeView, toConfigData, type MXMConfig } from "../../../src/config/store/view.ts";
import { KeywrightError } from "../../../src/errors.ts";
import type { Sights } from "../../../src/identity/discover.ts";
import { buildRuntimeContext } from "../../../src/runtime/context.ts";
import {
  attestRuntimeIdentity,
  buildRuntimeIdentity,
  RuntimeIdentityAttestationError,
  RuntimeIdentityError,
  validateRuntimeIdentityShape,
} from "../../../src/runtime/identity.ts";
import type { Answer, Files, Kind, OracleCase, Outcome, Question, Sighted } from "./case.ts";

export interface Originals {
  /** Package → hash over its sources. */
  readonly packages: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
}

export function originals(python: string, cases: readonly OracleCase[]): Originals {
  const { status, stdout, stderr } = spawnSync(python, [join(import.meta.dirname, "original.py")], {
    input: JSON.stringify(cases.map(({ question }) => question)),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${python} failed: ${stderr}`);
  return JSON.parse(stdout) as Originals;
}

const BEGINNINGS: readonly (readonly [string, string, Kind])[] = [
  ["FileNotFoundError", "", "missing file"],
  ["KeyError", "Selector ", "missing selector"],
  ["KeyError", "Config path not found", "missing path"],
  ["KeyError", "", "section"],
  ["ConfigKeyError", "Error resolving key", "missing path"],
  ["ConfigTypeError", "Index '", "no mapping"],
  ["TypeError", "Selected block", "no mapping"],
  ["TypeError", "Configuration file must", "no mapping"],
  ["TypeError", "make_view expects", "no mapping"],
  ["TypeError", "to_config_data expects", "no mapping"],
  ["TypeError", "Expected '", "section"],
  ["TypeError", "Secret", "section"],
  ["ValueError", "", "section"],
  ["ConfigTypeError", "Cannot merge", "merge"],
  ["TypeError", "Cannot merge", "merge"],
  ["RecursionError", "", "interpolation"],
  ["InterpolationKeyError", "", "interpolation"],
  ["InterpolationResolutionError", "", "interpolation"],
  ["UnsupportedInterpolationType", "", "interpolation"],
  ["GrammarParseError", "", "interpolation"],
  ["UnsupportedValueType", "", "interpolation"],
  ["KeyValidationError", "", "yaml"],
  ["ConstructorError", "", "yaml"],
  ["ParserError", "", "yaml"],
  ["ScannerError", "", "yaml"],
  ["ComposerError", "", "yaml"],
  ["ReaderError", "", "yaml"],
  ["IsADirectoryError", "", "unreadable"],
  ["UnicodeDecodeError", "", "unreadable"],
  ["ReadonlyConfigError", "", "read-only"],
  ["RuntimeIdentityError", "", "identity"],
  ["RuntimeIdentityAttestationE", "", "attestation"],
];

export function outcomeOf(answer: Answer): Outcome {
  if ("value" in answer) return answer;
  const { error, message } = answer;
  const found = BEGINNINGS.find(([name, start]) => error.startsWith(name) && message.startsWith(start));
  return { error: found?.[2] ?? `${error}: ${message}` };
}

export function ours({ question }: OracleCase): Outcome {
  const root = mkdtempSync(join(tmpdir(), "keywright-oracle-"));
  try {
    if ("files" in question) writeStore(root, question.files);
    const value = answered(question, root);
    return { value: value === undefined ? null : JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    return { error: kindOf(error) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function writeStore(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(text === null ? target : dirname(target), { recursive: true });
    if (text !== null) writeFileSync(target, text);
  }
}

const KINDS: Readonly<Record<string, Kind>> = {
  app_name: "name",
  missing_file: "missing file",
  unreadable: "unreadable",
  yaml: "yaml",
  missing_selector: "missing selector",
  not_a_mapping: "no mapping",
  merge: "merge",
  interpolation: "interpolation",
  missing_path: "missing path",
  section: "section",
};

function kindOf(error: unknown): string {
  if (error instanceof RuntimeIdentityError) return "identity";
  if (error instanceof RuntimeIdentityAttestationError) return "attestation";
  if (error instanceof ConfigStoreError) return KINDS[error.fault] ?? error.fault;
  if (error instanceof KeywrightError && error.code === "configuration") return "section";
  if (error instanceof TypeError && /not extensible|read only/.test(error.message)) return "read-only";
  return `${error}`;
}

function answered(question: Question, root: string): unknown {
  if (question.op === "identity") {
    const { machine, substrate, ...parts } = question.parts;
    const rest = { machine: machine ?? undefined, substrate: substrate ?? undefined };
    return buildRuntimeIdentity({ ...parts, ...rest }, sightsOf(question.sights));
  }
  if (question.op === "validate") return validateRuntimeIdentityShape(question.identity);
  if (question.op === "attest") {
    attestRuntimeIdentity(question.identity, sightsOf(question.sights));
    return null;
  }
  if (question.op === "subconfig") {
    return toConfigData(makeSubconfig(question.data, { env: question.env ?? {} }));
  }
  if (question.op === "subview") return toConfigData(makeView(makeSubconfig(question.data), question.path));
  if (question.op === "change") return changed(question);
  if (question.op === "context") return contextOf(question, root);
  const config = loaded(question, root);
  if (question.op === "yaml") return pythonYaml(loadedFrom(config).tree);
  return toConfigData(question.op === "view" ? makeView(config, question.path) : config);
}

type InStore = Extract<Question, { readonly files: Files }>;

function loaded(question: InStore, root: string): MXMConfig {
  const { identity, env } = question;
  const overrides = "overrides" in question ? question.overrides : undefined;
  const around = { env: { HOME: "/home/oracle", ...env }, warn: () => undefined };
  return loadStoreConfig({ identity, storeRoot: root, overrides, ...around });
}

function changed(question: Extract<Question, { readonly op: "change" }>): unknown {
  const config = makeSubconfig(question.data, { readonly: question.readonly });
  const view = makeView(config, question.path, { readonly: question.view_readonly });
  (view as { planted?: number }).planted = 1;
  return toConfigData(config);
}

function contextOf({ identity, env }: InStore, root: string): unknown {
  const around = { env: { HOME: "/home/oracle", ...env }, warn: () => undefined };
  const context = buildRuntimeContext({ identity, storeRoot: root, ...around, secrets: { audit: "none" } });
  const { dataRoot, artifactRoot, exportRoot, logRoot } = context.paths;
  return {
    identity: Object.fromEntries(Object.entries(context.identity).map(([key, known]) => [key, known?.value])),
    config: toConfigData(context.config),
    secrets: context.secrets.secretRefRegistry.names(),
    databases: { ...context.dbConfigs },
    paths: { data_root: dataRoot, artifact_root: artifactRoot, export_root: exportRoot, log_root: logRoot },
  };
}

function sightsOf({ hostname, docker }: Sighted): Sights {
  return { hostname, exists: (path) => docker && path === "/.dockerenv" };
}
