// `keywright`: the commands for people. Each command is a file of its own; this one only gathers them.
import { Command, CommanderError, Option } from "commander";
import { asKeywrightError, EXIT_CODES } from "../errors.ts";
import { createLog, LOG_LEVELS, type Log } from "../io/log.ts";
import { addAudit } from "./audit.ts";
import { addClient } from "./client.ts";
import { addConfig } from "./config.ts";
import type { CliContext } from "./context.ts";
import { addHost } from "./host.ts";
import { addServer } from "./server.ts";
import { VERSION } from "../version.ts";

const EXAMPLES = `
Examples:
  keywright server --data ./broker           run a broker on http://localhost:8765
  keywright client create ci --principal ci  make a machine client of it
  keywright config show --origin             what is in force, and which file says so
  keywright audit show                       what was asked here, and what was answered
  keywright audit verify                     whether the audit is whole

pip and uv do not call keywright, they call keyring: see the README.`;

/** Runs one command and returns its exit code (errors.ts has the table). */
export async function runKeywright(argv: readonly string[], context: CliContext): Promise<number> {
  const program = new Command("keywright")
    .description("Short-lived credentials that a policy allowed, for package managers and applications.")
    .version(VERSION)
    .addOption(
      new Option("--log-level <level>", "how much to say on standard error (or set KEYWRIGHT_LOG)").choices(
        LOG_LEVELS,
      ),
    )
    .showHelpAfterError("(see keywright --help)")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  let { log } = context;
  program.hook("preAction", () => {
    const { logLevel } = program.opts<{ logLevel?: string }>();
    if (logLevel !== undefined) log = createLog(logLevel, (text) => context.err(text));
  });
  const logging: CliContext = {
    ...context,
    get log(): Log | undefined {
      return log;
    },
  };
  for (const add of [addServer, addClient, addConfig, addAudit, addHost]) add(program, logging);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_CODES.usage;
    const error = asKeywrightError(thrown);
    context.err(`keywright: ${error.message}\n${error.hint === undefined ? "" : `  ${error.hint}\n`}`);
    return EXIT_CODES[error.code];
  }
}
