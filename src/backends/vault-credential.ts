// Fetches a credential for a vault server from where the configuration says it is: a variable, a private file, or a wrapping
// token that is exchanged for it. What was unwrapped is kept in memory, since that works only once.
import { KeywrightError } from "../errors.ts";
import type { Environment } from "../io/spawn.ts";
import { readTrusted } from "../io/trusted.ts";
import { Secret } from "../secret.ts";
import type { Credential } from "./vault-options.ts";
import { isObject, type VaultServer } from "./vault-server.ts";

export interface Credentials {
  /** Throws `authentication` when there is none, `configuration` when other users can read its file. */
  take(credential: Credential, deadline: number): Promise<Secret>;
  /** Throws the same, without using a wrapping token up. */
  look(credential: Credential): void;
}

/** `readable`: other users may read the file (a service account's token, which every process of a container may have). */
export function vaultCredentials(
  server: VaultServer,
  { env, store, readable }: { readonly env: Environment; readonly store: string; readonly readable: boolean },
): Credentials {
  let unwrapped: Promise<Secret> | undefined;

  function look(credential: Credential): Secret {
    const found = credential.from === "variable" ? env[credential.name] : text(credential.path);
    const value = found?.trim() ?? "";
    const where = credential.from === "variable" ? `the variable ${credential.name}` : credential.path;
    if (/[^\u0021-\u007e]/.test(value)) throw unusable(store, `${where} holds what cannot be one`);
    if (value !== "") return new Secret(value);
    throw unusable(
      store,
      `${where} is ${credential.from === "variable" ? "not set" : "not there, or empty"}`,
    );
  }
  function text(path: string): string | undefined {
    return readTrusted(path, { hidden: !readable })?.toString("utf8");
  }
  return {
    look(credential) {
      if (credential.from !== "wrapped" || unwrapped === undefined) look(credential);
    },
    async take(credential, deadline) {
      if (credential.from !== "wrapped") return look(credential);
      unwrapped ??= unwrap(server, look(credential), deadline).then(inside);
      unwrapped.catch(() => (unwrapped = undefined));
      return unwrapped;
    },
  };
}

function unusable(store: string, fault: string): KeywrightError {
  return new KeywrightError("authentication", `store ${store} has no credential: ${fault}`, {
    hint: "Put it there, or correct the option auth of the store.",
  });
}

/** What a wrapping token stands for. Throws `authentication` when it was used before or is too old. */
export async function unwrap(server: VaultServer, token: Secret, deadline: number): Promise<unknown> {
  const path = ["sys", "wrapping", "unwrap"];
  const { status, json } = await server.request({ method: "POST", path, token, deadline });
  if (status >= 200 && status < 300) return json;
  throw new KeywrightError(
    "authentication",
    `${server.origin} does not unwrap the wrapping token (HTTP ${status})`,
    {
      hint: "It is too old, or was used before. If it was not you, somebody has what it stood for: revoke that and find out who. Then make a new one.",
    },
  );
}

/** A wrapped login, a wrapped secret id of an AppRole, or a token that somebody wrapped as a value. */
function inside(json: unknown): Secret {
  const { auth, data } = isObject(json) ? json : {};
  const found = [
    isObject(auth) ? auth["client_token"] : undefined,
    isObject(data) ? (data["secret_id"] ?? data["token"]) : undefined,
  ].find((one) => typeof one === "string" && one !== "");
  if (typeof found === "string") return new Secret(found);
  throw new KeywrightError(
    "authentication",
    "the wrapping token stood for something else than a token or a secret id",
    {
      hint: "Wrap the answer to a login, to the creation of a token, or of a secret id.",
    },
  );
}
