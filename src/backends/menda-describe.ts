// What the backend `menda` would do for a store, in words: which cloud, by which protocol, as whom. It reads local files, asks no
// network, and an account that is missing is a fact, not a failure.
import type { MendaAccount } from "../account/account.ts";
import { hostMemory } from "../account/host-memory.ts";
import type { Protocol } from "../account/cloud.ts";
import { KeywrightError } from "../errors.ts";
import type { Fact } from "../resolver/backend.ts";

export interface DescribedStore {
  /** Throws a KeywrightError when there is none. */
  readonly account: () => MendaAccount;
  readonly protocol: Protocol;
  readonly home: string | undefined;
}

export function describeMenda({ account: find, protocol, home }: DescribedStore): readonly Fact[] {
  let account: MendaAccount;
  try {
    account = find();
  } catch (thrown) {
    if (!(thrown instanceof KeywrightError)) throw thrown;
    return [{ name: "account", value: `none: ${thrown.message}` }];
  }
  const { host, kind, profile } = account;
  const who = kind === "machine" ? `machine ${account.clientId}` : "a person who is logged in";
  return [
    { name: "host", value: host },
    { name: "protocol", value: protocol === "auto" ? automatic(host, home) : protocol },
    { name: "account", value: who },
    { name: "profile", value: profile ?? "none, the environment names the machine" },
  ];
}

function automatic(host: string, home: string | undefined): string {
  const memory = hostMemory(home);
  if (memory.saidMenda(host)) return "menda, as somebody said for this host";
  if (memory.hadMetadata(host)) return "standard, as the host has published metadata";
  return "auto: the host's metadata decides";
}
