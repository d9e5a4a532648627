// One case of the comparison with mxm-secrets 0.3.2, as data for both sides, and what may come of it.
import { sha256 } from "../../../src/digest.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Which `gopass` is on the PATH: a good one, none, one whose `ls` fails, one that cannot decrypt. */
export type Gopass = "there" | "absent" | "broken" | "locked";

export type OracleCase =
  /** A model made from its fields. Answer: its parts (for a store, where its root leads). */
  | { readonly kind: "principal" | "store" | "ref"; readonly fields: Fields }
  | {
      readonly kind: "policy";
      readonly fields: { readonly name: string; readonly allowed_principals: readonly string[] };
    }
  /** A store's join of root and path. */
  | { readonly kind: "path"; readonly fields: Fields; readonly path: string }
  /** A registry of models with these names. Answer: contains, names, and the name of what `get` gives. */
  | {
      readonly kind: "registry";
      readonly of: "stores" | "refs" | "policies";
      readonly names: readonly string[];
      readonly ask: string;
    }
  /** Configuration data. Answer: the names of all registries. */
  | { readonly kind: "load"; readonly config: unknown }
  /** A question. Answer: the value, or null. */
  | {
      readonly kind: "get";
      readonly config: unknown;
      readonly name: string;
      readonly identity: Readonly<Record<"app" | "environment" | "machine" | "substrate" | "role", string>>;
      readonly default: string | null;
      readonly gopass: Gopass;
    };

/** `error` of theirs is a Python class, of ours a code. */
export type Outcome = { readonly ok: unknown } | { readonly error: string };

/** What an error is, in words that both sides share. */
export function kindOf(outcome: Outcome): string {
  if ("ok" in outcome) return "ok";
  const kinds: Readonly<Record<string, string>> = {
    KeyError: "unknown",
    unknown: "unknown",
    PermissionError: "denied",
    denied: "denied",
    ValueError: "invalid",
    TypeError: "invalid",
    AttributeError: "invalid",
    configuration: "invalid",
  };
  return kinds[outcome.error] ?? outcome.error;
}

/** The same answer, or the same kind of error. */
export function alike(theirs: Outcome, ours: Outcome): boolean {
  if ("ok" in theirs && "ok" in ours) return JSON.stringify(theirs.ok) === JSON.stringify(ours.ok);
  return kindOf(theirs) === kindOf(ours);
}

/** What an answer is kept under. */
export function keyOf(one: OracleCase): string {
  return sha256(JSON.stringify(one)).slice(0, 16);
}

export const STORE = { name: "red", backend: "gopass", root: "mxm/red" };
export const REF = { name: "api_key", store: "red", path: "marketdata/key", policy: "access" };

/** A configuration that both sides take, with the value that `gopass.ts` has for it. */
export const CONFIG = {
  stores: { red: { backend: "gopass", root: "mxm/red" }, black: { backend: "gopass", root: "mxm/black/" } },
  refs: {
    api_key: { store: "red", path: "marketdata/key", policy: "access" },
    password: { store: "black", path: "broker/password", policy: "execution" },
    gone: { store: "red", path: "marketdata/gone", policy: "access" },
    nobodys: { store: "red", path: "marketdata/key", policy: "deny_all" },
  },
  policies: {
    access: { allowed_principals: ["research", "marketdata"] },
    execution: { allowed_principals: ["execution"] },
    deny_all: { allowed_principals: [] },
  },
} as const;

export function identityOf(role: string): Extract<OracleCase, { kind: "get" }>["identity"] {
  return { app: "study", environment: "dev", machine: "bridge", substrate: "local-process", role };
}

/** A question to which everything that is not said is as it should be. */
export function question(parts: {
  readonly config?: unknown;
  readonly name?: string;
  readonly role?: string;
  readonly default?: string | null;
  readonly gopass?: Gopass;
}): OracleCase {
  const { config = CONFIG, name = "api_key", role = "research", gopass = "there" } = parts;
  return { kind: "get", config, name, identity: identityOf(role), default: parts.default ?? null, gopass };
}
