// What every `keywright auth` command works with: the user's logins, their key, the hosts, and the HTTP client. Opening it
// reads and asks nothing.
import { type DpopKey, dpopKey } from "../account/login/dpop-key.ts";
import { freshLogin, renewable } from "../account/login/fresh-login.ts";
import { type HostMemory, hostMemory } from "../account/host-memory.ts";
import { type HostMetadata, hostMetadata } from "../account/host-metadata.ts";
import { type LoginNames, loginNames } from "../account/login/login-name.ts";
import { type KnownLogin, type Login, type LoginStore, loginStore } from "../account/login/login-store.ts";
import type { awsAmbient } from "../aws/ambient-identity.ts";
import { KeywrightError } from "../errors.ts";
import { createHttp, type Http } from "../io/http.ts";
import type { LoginPlace } from "../io/keychain.ts";
import type { CliContext } from "./context.ts";

export interface AuthPlace extends Pick<CliContext, "env" | "clock" | "log" | "err"> {
  readonly home: string;
  readonly http: Http;
  readonly memory: HostMemory;
  readonly store: LoginStore;
  readonly names: LoginNames;
  /** Made when it is first asked for. */
  key(): DpopKey;
  /** undefined: the host speaks the menda form. */
  metadata(host: string): Promise<HostMetadata | undefined>;
  /** False for a job's login whose identity is not here, so that it ends with its token. Asks nobody. */
  renewable(login: KnownLogin): Promise<boolean>;
  /** The same login, good for a while. */
  fresh(login: KnownLogin | Login): Promise<KnownLogin | Login>;
}

/** @param keeps where a new login's long-lived parts go, as the configuration says; undefined: no login is made. */
export async function authPlace(context: CliContext, keeps?: LoginPlace): Promise<AuthPlace> {
  const { env, clock, log, err } = context;
  const home = homeOf(context);
  const http = createHttp({ env, clock, debug: log?.debug });
  const memory = hostMemory(home);
  const where = { home, env, clock };
  const store = loginStore({ ...where, place: keeps });
  return {
    ...where,
    log,
    err,
    http,
    memory,
    store,
    names: loginNames(home),
    key: () => dpopKey(home, { ...where, place: keeps }),
    async metadata(host) {
      if (memory.saidMenda(host)) return undefined;
      return hostMetadata({ host, http, memory, now: clock.now(), deadline: undefined, required: false });
    },
    renewable: (login) => renewable(login, { ...where, http, moreAmbient }),
    fresh: (login) =>
      freshLogin(login, { ...where, http, store, deadline: undefined, moreAmbient, debug: log?.debug }),
  };
}

export function homeOf({ home }: Pick<CliContext, "home">): string {
  if (home !== undefined) return home;
  throw new KeywrightError("configuration", "there is no home folder, so there are no logins", {
    hint: "Set HOME.",
  });
}

/** Loaded for who needs it: AWS is a room of its own. */
async function moreAmbient(): Promise<readonly [typeof awsAmbient]> {
  return [(await import("../aws/ambient-identity.ts")).awsAmbient];
}

/** The profile that counts when nobody names one. */
export function profileOf(named: string | undefined, env: CliContext["env"]): string {
  return named || env["MENDA_PROFILE_ID"] || "default";
}
