// What the compiler knows about secret names and answers; types.test.ts compiles it, nobody runs it. Each line that
// follows a @ts-expect-error must be refused.
import { SecretsApi } from "../../src/index.ts";
import type { AttestedIdentity, KeywrightError, RuntimeIdentity, Secret } from "../../src/index.ts";

declare const identity: RuntimeIdentity;
declare const attested: AttestedIdentity;
declare const part: { readonly role: string };

const CONFIG = {
  stores: { red: { backend: "gopass", root: "mxm/red" } },
  refs: {
    api_key: { store: "red", path: "api/key", policy: "access" },
    password: { store: "red", path: "password", policy: "access" },
  },
  policies: { access: { allowed_principals: ["research"] } },
} as const;

const api = SecretsApi.fromConfigData(CONFIG);
const name = "api_key";
export const known: Promise<Secret> = api.getSecret({ secretName: "api_key", identity });
export const instead: Promise<Secret> = api.getSecret({ secretName: name, identity, default: "x" });
export const orNull: Promise<Secret | null> = api.getSecret({ secretName: name, identity, default: null });
export const seen: Promise<Secret> = api.getSecret({ secretName: name, identity: attested, reason: "why" });
// @ts-expect-error a name that no ref has
export const misspelt = api.getSecret({ secretName: "api_kye", identity });
// @ts-expect-error null may come
export const never: Promise<Secret> = api.getSecret({ secretName: name, identity, default: null });
// @ts-expect-error a Secret is no text
export const leaked: Promise<string> = api.getSecret({ secretName: name, identity });
// @ts-expect-error the identity is missing
export const nobody = api.getSecret({ secretName: name });
// @ts-expect-error an identity has five words
export const partly = api.getSecret({ secretName: name, identity: part });
// @ts-expect-error a default is a text
export const number = api.getSecret({ secretName: name, identity, default: 7 });
// @ts-expect-error the registry has the same names
export const ref = api.secretRefRegistry.get("api_kye");

const written = SecretsApi.fromConfigData({ stores: {}, refs: { only: {} }, policies: {} });
export const only = written.getSecret({ secretName: "only", identity });
// @ts-expect-error also without `as const`
export const other = written.getSecret({ secretName: "other", identity });

interface Table {
  readonly [name: string]: object;
}
declare const read: { readonly stores: Table; readonly refs: Table; readonly policies: Table };
export const loaded: SecretsApi = SecretsApi.fromConfigData(read);
export const any = loaded.getSecret({ secretName: "whatever", identity });
// @ts-expect-error a section is missing
export const half = SecretsApi.fromConfigData({ stores: {}, refs: {} });

export function codeOf(error: KeywrightError): string {
  // @ts-expect-error the list of codes is closed
  return error.code === "nonsense" ? "" : error.code;
}
