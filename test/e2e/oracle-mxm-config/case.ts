// One case of the comparison with mxm-config 0.6.2 and mxm-runtime 0.1.2, as data, and what either side makes of it.
import type { RuntimeIdentity } from "../../../src/secrets/identity.ts";

export interface Sighted {
  readonly hostname: string;
  /** True: there is a /.dockerenv. */
  readonly docker: boolean;
}

/** Path below the root of the store → text; null: a folder. */
export type Files = Readonly<Record<string, string | null>>;
export type Data = { readonly [key: string]: unknown };

interface InStore {
  readonly files: Files;
  readonly identity: RuntimeIdentity;
  readonly env?: Readonly<Record<string, string>>;
}

export type Question =
  | ({ readonly op: "load" | "yaml"; readonly overrides?: Data } & InStore)
  | ({ readonly op: "view"; readonly path: string; readonly overrides?: Data } & InStore)
  | ({ readonly op: "context" } & InStore)
  | { readonly op: "subconfig"; readonly data: Data; readonly env?: Readonly<Record<string, string>> }
  | { readonly op: "subview"; readonly data: Data; readonly path: string }
  | {
      readonly op: "change";
      readonly data: Data;
      readonly path: string;
      readonly readonly: boolean;
      readonly view_readonly: boolean;
    }
  | { readonly op: "identity"; readonly parts: Parts; readonly sights: Sighted }
  | { readonly op: "validate"; readonly identity: RuntimeIdentity }
  | { readonly op: "attest"; readonly identity: RuntimeIdentity; readonly sights: Sighted };

export interface Parts {
  readonly app: string;
  readonly environment: string;
  readonly role: string;
  readonly machine?: string | null;
  readonly substrate?: string | null;
}

export interface OracleCase {
  readonly name: string;
  readonly generated: boolean;
  readonly question: Question;
}

/** What went wrong, in words that both sides can be told in. */
export type Kind =
  | "missing file"
  | "missing selector"
  | "missing path"
  | "no mapping"
  | "merge"
  | "interpolation"
  | "yaml"
  | "unreadable"
  | "section"
  | "read-only"
  | "identity"
  | "attestation"
  | "name";

export type Outcome = { readonly value: unknown } | { readonly error: string };

/** As the driver answers. */
export type Answer = { readonly value: unknown } | { readonly error: string; readonly message: string };

export const WHO: RuntimeIdentity = {
  app: "demo",
  environment: "dev",
  machine: "bridge",
  substrate: "local-process",
  role: "research",
};

/** The files of the application `demo`: each layer as JSON, which is YAML too, or as text. */
export function demoFiles(layers: Readonly<Record<string, unknown>>): Files {
  const selector: Readonly<Record<string, string>> = { ...WHO };
  return Object.fromEntries(
    Object.entries(layers).map(([name, content]) => {
      const block = selector[name] === undefined ? content : { [selector[name]]: content };
      return [`apps/demo/${name}.yaml`, typeof content === "string" ? content : JSON.stringify(block)];
    }),
  );
}

/** Words that YAML 1.1 reads as something else than YAML 1.2. */
export const OTHERWISE: readonly string[] =
  "yes no on off Yes ON 012 0o17 1_000 12:30 1:30.5 08 0b101 -0x1f -.5 0.1_5 190:20:30".split(" ");
