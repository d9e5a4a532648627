// The options of vault stores and of the refs to them: where the server is, and how one logs in there. It reads no file, no
// variable, and takes no credential from the configuration itself.
import { isAbsolute } from "node:path";
import { KeywrightError } from "../errors.ts";
import { isLoopback } from "../loopback.ts";
import { refOptions, storeOptions, type Options } from "../resolver/options.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { OptionValue, SecretStore } from "../resolver/store.ts";

/** Where a credential comes from; `wrapped`: a file with a wrapping token that is exchanged for it, once. */
export type Credential =
  | { readonly from: "variable"; readonly name: string }
  | { readonly from: "file" | "wrapped"; readonly path: string };

export type VaultAuth =
  | { readonly method: "token"; readonly token: Credential }
  | ({ readonly method: "approle"; readonly roleId: string; readonly secretId: Credential } & Login)
  | ({ readonly method: "jwt"; readonly role: string; readonly jwt: Credential } & Login);

export interface Login {
  /** Where the method is mounted below `auth/`. */
  readonly at: string;
  /** Seconds; undefined: the answer to the login is not wrapped. */
  readonly wrapTtl: number | undefined;
}

export interface VaultSettings {
  /** Origin and path, without a slash at the end. */
  readonly address: string;
  readonly mount: string;
  readonly namespace: string | undefined;
  /** Seconds for one value, the login included. */
  readonly timeout: number;
  readonly auth: VaultAuth;
}

/** Throws `configuration`. */
export function vaultSettings(store: SecretStore): VaultSettings {
  const options = storeOptions(store, ["address", "mount", "namespace", "timeout", "auth"]);
  const address = addressOf(options.text("address"));
  if (address === undefined)
    throw options.fault(
      "address",
      "an https:// URL, or http:// to this machine, without user, query and fragment",
    );
  const path = (key: string): string | undefined => {
    const text = options.text(key)?.replace(/^\/|\/$/g, "");
    if (text !== undefined && !PATH.test(text))
      throw options.fault(key, "a path of letters, digits, '.', '_' and '-'");
    return text;
  };
  return {
    address,
    mount: path("mount") ?? "secret",
    namespace: path("namespace"),
    timeout: options.positive("timeout", 3600, "seconds") ?? 10,
    auth: authOf(store, options.raw("auth")),
  };
}

export interface VaultRef {
  /** undefined: `value`, or the only one that there is. */
  readonly field: string | undefined;
  /** undefined: the newest. */
  readonly version: number | undefined;
}

/** Throws `configuration`. */
export function vaultRefOptions(ref: SecretRef, store: SecretStore): VaultRef {
  const options = refOptions(ref, store, ["field", "version"]);
  return { field: options.text("field"), version: options.whole("version", 1, Number.MAX_SAFE_INTEGER) };
}

const PATH = /^(?!\.)[A-Za-z0-9._-]+(?:\/(?!\.)[A-Za-z0-9._-]+)*$/;

function addressOf(text: string | undefined): string | undefined {
  const url = text === undefined ? null : URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return undefined;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) return undefined;
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function authOf(store: SecretStore, raw: OptionValue | undefined): VaultAuth {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw new KeywrightError("configuration", `store ${store.name}: auth must be a mapping with a method`, {
      hint: "For example: auth: { method: token, token_file: /run/keywright/token }.",
    });
  const auth = { ...store, name: `${store.name}, auth`, options: raw as SecretStore["options"] };
  for (const key of ["token", "secret_id", "jwt", "password"])
    if (Object.hasOwn(raw, key)) throw literal(store, key);
  const { method } = auth.options;
  if (method === "token") {
    const options = storeOptions(auth, ["method", "token_env", "token_file", "wrapping_token_file"]);
    return { method, token: credential(options, "token") };
  }
  if (method === "approle") {
    const secret = ["secret_id_env", "secret_id_file", "wrapping_token_file"];
    const options = storeOptions(auth, ["method", "role_id", ...secret, ...LOGIN]);
    const roleId = needed(options, "role_id");
    return { method, roleId, secretId: credential(options, "secret_id"), ...login(options, method) };
  }
  const options = storeOptions(auth, ["method", "role", "jwt_env", "jwt_file", ...LOGIN]);
  options.choice("method", ["token", "approle", "jwt"]);
  if (method !== "jwt") throw options.fault("method", "one of token, approle, jwt");
  return {
    method,
    role: needed(options, "role"),
    jwt: credential(options, "jwt"),
    ...login(options, method),
  };
}

const LOGIN = ["path", "wrap_ttl"];

function login(options: Options, otherwise: string): Login {
  const at = options.text("path") ?? otherwise;
  if (!PATH.test(at)) throw options.fault("path", "where the method is mounted, without auth/ before it");
  return { at, wrapTtl: options.whole("wrap_ttl", 1, 3600) };
}

function needed(options: Options, key: string): string {
  const text = options.text(key);
  if (text === undefined) throw options.fault(key, "given");
  return text;
}

/** Exactly one of `<key>_env`, `<key>_file` and, where it is known at all, `wrapping_token_file`. */
function credential(options: Options, key: string): Credential {
  const [name, path, wrapped] = [`${key}_env`, `${key}_file`, "wrapping_token_file"].map((one) =>
    options.text(one),
  );
  if ([name, path, wrapped].filter((one) => one !== undefined).length !== 1)
    throw options.fault(
      `${key}_env`,
      `the name of an environment variable; or give ${key}_file, but not both`,
    );
  if (name !== undefined) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw options.fault(`${key}_env`, "the name of an environment variable");
    return { from: "variable", name };
  }
  const file = path ?? wrapped ?? "";
  if (!isAbsolute(file))
    throw options.fault(path === undefined ? "wrapping_token_file" : `${key}_file`, "an absolute path");
  return { from: path === undefined ? "wrapped" : "file", path: file };
}

function literal(store: SecretStore, key: string): KeywrightError {
  return new KeywrightError(
    "configuration",
    `store ${store.name}: auth.${key} must not be in a configuration file`,
    {
      hint: `Name where it is instead: ${key}_env (an environment variable) or ${key}_file (a private file).`,
    },
  );
}
