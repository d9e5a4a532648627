// Whose an address is by the configuration in force, for commands that look at clients' settings. It opens no keywright, asks
// nobody and writes no audit.
import type { LoadedConfig } from "../config/load.ts";
import type { CliContext } from "./context.ts";
import { loadedConfig } from "./loaded.ts";

/** Stand-ins for tests; undefined: the real ones. */
export interface Place {
  /** Stands for /etc. */
  readonly etc?: string | undefined;
  /** The working directory. */
  readonly cwd?: string | undefined;
}

export interface Addresses {
  readonly config: LoadedConfig;
  /** Of an address; user information in it is not looked at. */
  whose(url: string): "ours" | "refused" | "foreign";
  isOurs(url: string): boolean;
}

/** Throws `configuration`, with file and line. */
export async function addressesOf({ env, home, log }: CliContext, { etc }: Place = {}): Promise<Addresses> {
  const { createRefs } = await import("../resolver/refs.ts");
  const file = etc === undefined ? undefined : `${etc}/keywright/config.yaml`;
  const config = await loadedConfig({ env, home, etc: file, kind: "client", debug: log?.debug });
  const refs = createRefs(config.refs);
  const whose: Addresses["whose"] = (url) =>
    refs.find({ kind: "registry", url: url.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1"), action: "read" }).outcome;
  return { config, whose, isOurs: (url) => whose(url) === "ours" };
}
