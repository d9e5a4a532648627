// `mxm-config`: what mxm-config 0.6.2 has as its command, with its options, output and exit codes. Whoever does not need
// those has `keywright config show --app`.
import { Command, CommanderError } from "commander";
import { loadedFrom, loadStoreConfig } from "../config/store/load.ts";
import { pythonYaml } from "../config/store/python-yaml.ts";
import { asKeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";

/** The version whose command this is. */
const LIKE = "0.6.2";

interface ShowOptions {
  readonly app: string;
  readonly environment: string;
  readonly machine: string;
  readonly substrate: string;
  readonly role: string;
  readonly storeRoot: string;
}

/** 0: shown; 1: it could not be loaded; 2: the command line is wrong. */
export async function runMxmConfig(argv: readonly string[], context: CliContext): Promise<number> {
  const program = new Command("mxm-config")
    .description("Shows an application's configuration, as mxm-config does; keywright under another name.")
    .version(LIKE, "-V, --version")
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.out(text), writeErr: (text) => context.err(text) });
  addShowConfig(program, context);
  if (argv.length === 0) return (program.outputHelp(), 2);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    context.err(`error: ${asKeywrightError(thrown).message}\n`);
    return 1;
  }
}

function addShowConfig(program: Command, context: CliContext): void {
  program
    .command("show-config")
    .description("print the configuration of an application, references resolved, as YAML")
    .requiredOption("--app <app>", "the application")
    .requiredOption("--env, --environment <environment>", "the environment")
    .requiredOption("--machine <machine>", "the machine")
    .requiredOption("--substrate <substrate>", "the substrate")
    .requiredOption("--role <role>", "the role")
    .option("--store-root <folder>", "the folder that holds apps/", "~/mxm-config-store")
    .option("--resolve", "as always: references are resolved")
    .option("--no-resolve", "the same, as in mxm-config 0.6.2")
    .addHelpText(
      "after",
      "\nExample:\n  mxm-config show-config --app ledger --env dev --machine bridge --substrate local-process --role research\n",
    )
    .action(({ storeRoot, app, environment, machine, substrate, role }: ShowOptions) => {
      const identity = { app, environment, machine, substrate, role };
      const { env, home } = context;
      const warn = (text: string): void => context.err(`warning: ${text}\n`);
      const config = loadStoreConfig({ identity, storeRoot, env, home, warn });
      context.out(`${pythonYaml(loadedFrom(config).tree)}\n`);
    });
}
