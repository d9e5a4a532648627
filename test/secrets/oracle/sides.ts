// Both sides of the comparison with mxm-secrets 0.3.2: the Python original over all cases in one process, and ours.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { asKeywrightError } from "../../../src/errors.ts";
import { Principal, SecretPolicy, SecretRef, SecretStore } from "../../../src/secrets/models.ts";
import {
  SecretPolicyRegistry,
  SecretRefRegistry,
  SecretStoreRegistry,
} from "../../../src/secrets/registries.ts";
import { SecretsApi, type SecretsOptions } from "../../../src/secrets/secrets-api.ts";
import type { Gopass, OracleCase, Outcome } from "./case.ts";

export interface Originals {
  /** Name and version → one hash over the files. */
  readonly packages: Readonly<Record<string, string>>;
  readonly answers: readonly Outcome[];
}

type Folders = Readonly<Record<Gopass, string>>;

export function theirs(python: string, cases: readonly OracleCase[], folders: Folders): Originals {
  const input = cases.map((one) => (one.kind === "get" ? { ...one, folder: folders[one.gopass] } : one));
  const { status, stdout, stderr } = spawnSync(python, [join(import.meta.dirname, "original.py")], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
    env: { LANG: "C.UTF-8" },
  });
  if (status !== 0) throw new Error(`${python} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Originals;
}

export async function ours(cases: readonly OracleCase[], folders: Folders): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of cases) outcomes.push(await outcomeOf(one, folders));
  return outcomes;
}

async function outcomeOf(one: OracleCase, folders: Folders): Promise<Outcome> {
  try {
    return { ok: await answer(one, folders) };
  } catch (thrown) {
    const error = asKeywrightError(thrown);
    if (error.code === "internal") throw thrown;
    return { error: error.code };
  }
}

async function answer(one: OracleCase, folders: Folders): Promise<unknown> {
  if (one.kind === "get") return got(one, folders[one.gopass]);
  if (one.kind === "load") {
    const api = loaded(one.config, {});
    const { secretStoreRegistry, secretRefRegistry, secretPolicyRegistry } = api;
    return [secretStoreRegistry, secretRefRegistry, secretPolicyRegistry].map((registry) => registry.names());
  }
  if (one.kind === "registry") {
    const made = registryOf(one);
    return [made.contains(one.ask), made.names(), made.get(one.ask).name];
  }
  return modelled(one);
}

/** In Python a default of None means that there is none, and what is not found is None. */
async function got(one: Extract<OracleCase, { kind: "get" }>, folder: string): Promise<string | null> {
  const api = loaded(one.config, { env: { PATH: folder, LANG: "C.UTF-8" } });
  const secret = await api.getSecret({ secretName: one.name, identity: one.identity, default: one.default });
  return secret === null ? null : secret.reveal();
}

function loaded(config: unknown, options: SecretsOptions): SecretsApi {
  const data = config as { stores: object; refs: object; policies: object };
  return SecretsApi.fromConfigData(data, { audit: "none", env: {}, ...options }) as SecretsApi;
}

function registryOf({ of, names }: Extract<OracleCase, { kind: "registry" }>) {
  if (of === "stores")
    return SecretStoreRegistry.of(
      names.map((name) => SecretStore.of({ name, backend: "gopass", root: "a" })),
    );
  if (of === "refs")
    return SecretRefRegistry.of(
      names.map((name) => SecretRef.of({ name, store: "s", path: "a", policy: "p" })),
    );
  return SecretPolicyRegistry.of(names.map((name) => SecretPolicy.of({ name, allowedPrincipals: [] })));
}

function modelled(one: Exclude<OracleCase, { kind: "get" | "load" | "registry" }>): unknown {
  if (one.kind === "principal") return Principal.of(one.fields as { name: string }).name;
  if (one.kind === "policy") {
    const { name, allowed_principals: allowedPrincipals } = one.fields;
    const made = SecretPolicy.of({ name, allowedPrincipals });
    return [made.name, ...SecretPolicy.allowedPrincipals(made)];
  }
  if (one.kind === "ref") {
    const made = SecretRef.of(one.fields as Parameters<typeof SecretRef.of>[0]);
    return [made.name, made.store, made.path, made.policy, SecretRef.qualifiedName(made)];
  }
  const made = SecretStore.of(one.fields as Parameters<typeof SecretStore.of>[0]);
  if (one.kind === "path") return SecretStore.resolvePath(made, one.path);
  return [made.name, made.backend, SecretStore.resolvePath(made, "x")];
}
