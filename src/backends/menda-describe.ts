// What the backend `menda` would do for a store, in words: which cloud, by which protocol, as whom. It reads local files, asks no
// network, and an account that is missing is a fact, not a failure.
import type { MendaAccount } from "../account/account.ts";
import { hostMemory } from "../account/host-memory.ts";
import type { Protocol } from "../account/cloud.ts";
import { KeywrightError } from "../errors.ts";
import type { Fact } from "../resolver/backend.ts";

export interface DescribedStore {
  /** Rejects with a KeywrightError when there is none. */
  readonly account: Promise<MendaAccount>;
  /** Epoch seconds. */
  readonly now: number;
  readonly protocol: Protocol;
  readonly home: string | undefined;
}

export async function describeMenda(store: DescribedStore): Promise<readonly Fact[]> {
  const { protocol, home, now } = store;
  let account: MendaAccount;
  try {
    account = await store.account;
  } catch (thrown) {
    if (!(thrown instanceof KeywrightError)) throw thrown;
    return [{ name: "account", value: `none: ${thrown.message}` }];
  }
  const { host, profile } = account;
  return [
    { name: "host", value: host },
    { name: "protocol", value: protocol === "auto" ? automatic(host, home) : protocol },
    { name: "account", value: whoOf(account, now) },
    { name: "profile", value: profile ?? "none, the environment names the machine" },
  ];
}

function whoOf(account: MendaAccount, now: number): string {
  if (account.kind === "machine") return `machine ${account.clientId}`;
  const { login } = account;
  if (login === undefined) return "a person who is logged in (by the cache of menda-cli)";
  const who =
    login.workload === undefined ? "a person who is logged in" : `a job or machine, by ${login.workload}`;
  const facts = [
    login.bound ? "bound to this machine's key" : undefined,
    login.shared ? "shared with menda-cli" : undefined,
    login.refreshable ? "refreshed by itself" : `ends in ${minutes(login.expiresAt - now)}`,
    login.kept === "keychain" ? "kept in the keychain" : undefined,
  ];
  return `${who} (${facts.filter((fact) => fact !== undefined).join(", ")})`;
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.max(0, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

function automatic(host: string, home: string | undefined): string {
  const memory = hostMemory(home);
  if (memory.saidMenda(host)) return "menda, as somebody said for this host";
  if (memory.hadMetadata(host)) return "standard, as the host has published metadata";
  return "auto: the host's metadata decides";
}
