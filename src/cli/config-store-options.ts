// The options of `keywright config` that choose an application's configuration in a store. It reads no file of the store.
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import { discoverMachine, discoverSubstrate } from "../identity/discover.ts";
import type { RuntimeIdentity } from "../secrets/identity.ts";

export interface StoreOptions {
  readonly app?: string;
  readonly environment?: string;
  readonly machine?: string;
  readonly substrate?: string;
  readonly role?: string;
  readonly storeRoot?: string;
}

export interface StoreQuestion {
  readonly identity: RuntimeIdentity;
  readonly storeRoot: string | undefined;
}

export function addStoreOptions(command: Command): void {
  command
    .option("--app <app>", "the configuration of this application, in a store")
    .option("--environment <environment>", "with --app: its environment")
    .option("--machine <machine>", "with --app: its machine; discovered unless given")
    .option("--substrate <substrate>", "with --app: its substrate; discovered unless given")
    .option("--role <role>", "with --app: its role")
    .option(
      "--store-root <folder>",
      "with --app: the folder that holds apps/ (~/mxm-config-store unless given)",
    );
}

/** undefined: no store is meant. Throws `usage`. */
export function storeQuestion(options: StoreOptions): StoreQuestion | undefined {
  const { app, environment, role, storeRoot } = options;
  if (app === undefined) {
    const words = ["environment", "machine", "substrate", "role", "storeRoot"] as const;
    if (words.every((word) => options[word] === undefined)) return undefined;
    throw new KeywrightError("usage", "which application is missing", { hint: "Add --app APP." });
  }
  if (environment === undefined || role === undefined) {
    const missing = environment === undefined ? "--environment" : "--role";
    throw new KeywrightError("usage", `${missing} is missing`, { hint: "It cannot be discovered." });
  }
  const machine = options.machine ?? discoverMachine();
  const substrate = options.substrate ?? discoverSubstrate();
  return { identity: { app, environment, machine, substrate, role }, storeRoot };
}
