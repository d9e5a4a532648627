// `keywright config`: what the configuration files say together, and whether they can be used. It changes none of them.
import type { Command } from "commander";
import type { DefaultChoice } from "../config/default-choice.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Origin } from "../config/tree.ts";
import { KeywrightError } from "../errors.ts";
import { addStoreOptions, storeQuestion, type StoreOptions } from "./config-store-options.ts";
import type { CliContext } from "./context.ts";
import { loadedConfig } from "./loaded.ts";

interface ConfigContext extends CliContext {
  readonly etc: string | undefined;
}

/** `etc`: a stand-in for the system's file, for tests. */
export function addConfig(program: Command, cli: CliContext, etc?: string): void {
  const context: ConfigContext = {
    ...cli,
    etc,
    get log() {
      return cli.log;
    },
  };
  const config = program.command("config").description("show and check the configuration");
  config.addHelpText(
    "after",
    "\nLater files go over earlier ones: /etc/keywright/config.yaml, ~/.config/keywright/config.yaml and the one\n" +
      "that KEYWRIGHT_CONFIG names. What the first one lists as 'locked' no other can change.\n" +
      "\nWith --app, the commands are about an application's configuration in a store of layers (docs/config-store.md).\n",
  );
  addShow(config, context);
  addCheck(config, context);
  addDigest(config, context);
  addPath(config, context);
}

interface ShowOptions extends StoreOptions {
  readonly origin?: boolean;
  readonly json?: boolean;
}

function addShow(config: Command, context: ConfigContext): void {
  const show = config
    .command("show")
    .description("print the configuration that is in force, as YAML")
    .option("--origin", "with the file and line that each value comes from")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  keywright config show --origin\n  keywright config show --json\n" +
        "  keywright config show --app ledger --environment dev --role research --origin\n",
    )
    .action(async (options: ShowOptions) => {
      const question = storeQuestion(options);
      if (question !== undefined) {
        const { showStoreConfig } = await import("./config-store.ts");
        return showStoreConfig(
          question,
          { origins: options.origin === true, json: options.json === true },
          context,
        );
      }
      const loaded = await load(context, { kind: "client" });
      const origins = options.origin === true;
      if (options.json !== true) {
        const { showTree } = await import("../config/show.ts");
        if (origins && loaded.builtIn !== undefined)
          context.out(
            `# no file names stores, refs or policies: the built-in configuration for ${told(loaded.builtIn)}\n`,
          );
        return context.out(showTree(loaded.tree, loaded.locks, origins));
      }
      const { plain } = await import("../config/tree.ts");
      const values = plain(loaded.tree);
      const places = Object.fromEntries(
        [...loaded.origins].map(([path, origin]) => [path, placeAsJson(origin)]),
      );
      const builtIn = loaded.builtIn ?? null;
      const answer = origins ? { values, origins: places, built_in: builtIn } : values;
      context.out(`${JSON.stringify(answer, undefined, 2)}\n`);
    });
  addStoreOptions(show);
}

interface CheckOptions extends StoreOptions {
  readonly broker?: boolean;
  readonly json?: boolean;
}

function addCheck(config: Command, context: ConfigContext): void {
  const check = config
    .command("check")
    .description("check the configuration files, or one file alone; exit code 3 when something is wrong")
    .argument("[file]", "a file to check alone, instead of those in force")
    .option("--broker", "the file is the configuration of a broker")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  keywright config check\n  keywright config check ./config.yaml\n  keywright config check --broker ./broker.yaml\n" +
        "  keywright config check --app ledger --environment prod --machine bridge --role execution\n",
    )
    .action((file: string | undefined, options: CheckOptions) => checkFiles(file, options, context));
  addStoreOptions(check);
}

async function checkFiles(
  file: string | undefined,
  options: CheckOptions,
  context: ConfigContext,
): Promise<void> {
  const question = storeQuestion(options);
  const kind = options.broker === true ? "broker" : "client";
  if (question !== undefined) {
    if (file !== undefined || kind === "broker")
      throw new KeywrightError("usage", "--app is about a store; a file and --broker are not");
    const { checkStoreConfig } = await import("./config-store.ts");
    return checkStoreConfig(question, options.json === true, context);
  }
  if (kind === "broker" && file === undefined) {
    throw new KeywrightError("usage", "--broker needs the file to check", {
      hint: "keywright config check --broker FILE",
    });
  }
  const loaded = await load(context, { kind, file });
  const files = loaded.stamped.flatMap(({ layer, stamp }) => (stamp === undefined ? [] : [layer.file]));
  const counts = {
    stores: loaded.stores.size,
    refs: loaded.refs.length,
    policies: loaded.policies.size,
  };
  if (options.json === true) return context.out(`${JSON.stringify({ ok: true, files, ...counts })}\n`);
  const builtIn =
    loaded.builtIn === undefined ? "" : `the built-in configuration for ${told(loaded.builtIn)}`;
  const names = files.length === 0 ? `no file, ${builtIn}` : files.join(", ");
  context.out(
    `ok: ${names} (refs: ${counts.refs}, stores: ${counts.stores}, policies: ${counts.policies})\n`,
  );
}

function addDigest(config: Command, context: ConfigContext): void {
  const digest = config
    .command("digest")
    .description("print one hash over the configuration that is in force")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nTwo configurations that say the same have the same digest: SHA-256 of the canonical JSON.\n" +
        "\nExamples:\n  keywright config digest\n  keywright config digest --app ledger --environment dev --role research\n",
    )
    .action(async (options: StoreOptions & { readonly json?: boolean }) => {
      const question = storeQuestion(options);
      const { digestOfData } = await import("../config/store/digest.ts");
      const { plain } = await import("../config/tree.ts");
      const { loadForCommand } = await import("./config-store.ts");
      const { tree } =
        question === undefined ? await load(context, { kind: "client" }) : loadForCommand(question, context);
      const sha256 = digestOfData(plain(tree));
      context.out(options.json === true ? `${JSON.stringify({ sha256 })}\n` : `${sha256}\n`);
    });
  addStoreOptions(digest);
}

function addPath(config: Command, context: ConfigContext): void {
  config
    .command("path")
    .description("print the files that are read, in order; those that do not exist are marked")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", "\nExamples:\n  keywright config path\n  keywright config path --json\n")
    .action(async (options: { readonly json?: boolean }) => {
      const { layersOf } = await import("../config/layers.ts");
      const { existsSync } = await import("node:fs");
      const layers = layersOf({ home: context.home, env: context.env, etc: context.etc, kind: "client" });
      const found = layers.map(({ name, file }) => ({ name, file, exists: existsSync(file) }));
      if (options.json === true) return context.out(`${JSON.stringify(found)}\n`);
      for (const { file, exists } of found) context.out(exists ? `${file}\n` : `${file} (does not exist)\n`);
    });
}

function load(
  { home, env, etc, log }: ConfigContext,
  { kind, file }: { readonly kind: "client" | "broker"; readonly file?: string | undefined },
): Promise<LoadedConfig> {
  return loadedConfig({ home, env, etc, kind, file, debug: log?.debug });
}

function told({ name, reason }: DefaultChoice): string {
  return `${name} holds, as ${reason}`;
}

function placeAsJson(origin: Origin): { readonly file: string; readonly line: number } | "built-in" {
  return origin === "built-in" ? origin : { file: origin.file, line: origin.line };
}
