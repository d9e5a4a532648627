// `mxm-secrets`: what mxm-secrets 0.3.2 has as its command: whether gopass can be used. The stores of a configuration are
// checked by `keywright check`.
import { Command, CommanderError } from "commander";
import { clientBackends } from "../all-backends.ts";
import type { CliContext } from "./context.ts";

/** 0: it can; 1: it cannot; 2: the command line is wrong. */
export async function runMxmSecrets(argv: readonly string[], context: CliContext): Promise<number> {
  const program = new Command("mxm-secrets")
    .description("Says whether gopass can be used, as mxm-secrets does; keywright under another name.")
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.out(text), writeErr: (text) => context.err(text) });
  let code = 0;
  program
    .command("check")
    .description("whether gopass can be used")
    .addHelpText("after", "\nExample:\n  mxm-secrets check\n")
    .action(async () => {
      code = await checked(context);
    });
  if (argv.length === 0) return (program.outputHelp(), 2);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    throw thrown;
  }
}

async function checked(context: CliContext): Promise<number> {
  const { env, home, clock, log } = context;
  const { gopass } = clientBackends({ env, home, clock, debug: log?.debug });
  try {
    await gopass.check({ name: "gopass", backend: "gopass", root: "", options: {} });
  } catch {
    context.err("[ERROR] gopass backend unavailable\n");
    return 1;
  }
  context.out("[OK] gopass backend available\n");
  return 0;
}
