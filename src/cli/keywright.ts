// `keywright`: the commands for people. Each command is a file of its own; this one only gathers them.
import { Command, CommanderError, Option } from "commander";
import { asKeywrightError, EXIT_CODES, KeywrightError } from "../errors.ts";
import { createLog, LOG_LEVELS, type Log } from "../io/log.ts";
import { addAudit } from "./audit.ts";
import { addAuth } from "./auth.ts";
import { addAws } from "./aws.ts";
import { addCheck } from "./check.ts";
import { addClient } from "./client.ts";
import { addCompletion } from "./completion.ts";
import { addConfig } from "./config.ts";
import { addExplain } from "./explain.ts";
import type { CliContext } from "./context.ts";
import { addDoctor } from "./doctor.ts";
import { failureText, wantsJson } from "./failure.ts";
import { addGet } from "./get.ts";
import { addHost } from "./host.ts";
import { addInject } from "./inject.ts";
import { addMatrix } from "./matrix.ts";
import { addPolicy } from "./policy.ts";
import { addResolve } from "./resolve.ts";
import { addRun } from "./run.ts";
import { addInstallLinks } from "./install-links.ts";
import { addMigrate } from "./migrate.ts";
import { addServer } from "./server.ts";
import { addSetup } from "./setup.ts";
import { addUninstall } from "./uninstall.ts";
import { addUser } from "./user.ts";
import { addWhy } from "./why.ts";
import { VERSION } from "../version.ts";

const EXAMPLES = `
Examples:
  keywright auth login --host https://HOST   log in, once a week; pip and uv find it
  keywright run --secret api_key -- ./job    a program with a secret in its environment
  keywright check                            whether every store can be used
  keywright server --data ./broker           run a broker on http://localhost:8765
  keywright client create ci --principal ci  make a machine client of it
  keywright user invite ann --principal dev  let a person in, with a passkey
  keywright config show --origin             what is in force, and which file says so
  keywright explain https://HOST/simple/     what would be answered to an address, and why
  keywright audit show                       what was asked here, and what was answered
  keywright audit verify                     whether the audit is whole

pip and uv do not call keywright, they call keyring: see the README.`;

/** Runs one command and returns its exit code (errors.ts has the table). */
export async function runKeywright(argv: readonly string[], context: CliContext): Promise<number> {
  const json = wantsJson(argv);
  const program = new Command("keywright")
    .description("Short-lived credentials that a policy allowed, for package managers and applications.")
    .version(VERSION)
    .addOption(
      new Option("--log-level <level>", "how much to say on standard error (or set KEYWRIGHT_LOG)").choices(
        LOG_LEVELS,
      ),
    )
    .showHelpAfterError(json ? false : "(see keywright --help)")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      outputError: (text, write) => (json ? undefined : write(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  let { log } = context;
  let exitCode = 0;
  program.hook("preAction", () => {
    const { logLevel } = program.opts<{ logLevel?: string }>();
    if (logLevel !== undefined) log = createLog(logLevel, (text) => context.err(text));
  });
  const logging: CliContext = {
    ...context,
    exit: (code) => void (exitCode = code),
    get log(): Log | undefined {
      return log;
    },
  };
  for (const add of commandsOf()) add(program, logging);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return parsed(thrown, json, context);
    const error = asKeywrightError(thrown);
    context.err(failureText(error, json));
    return EXIT_CODES[error.code];
  }
}

/** Help and version end in a CommanderError, too. The parser has said what is wrong, but not as JSON. */
function parsed({ exitCode, message }: CommanderError, json: boolean, context: CliContext): number {
  if (exitCode === 0) return 0;
  if (json) {
    const hint = "See keywright --help.";
    context.err(failureText(new KeywrightError("usage", message.replace(/^error: /, ""), { hint }), json));
  }
  return EXIT_CODES.usage;
}

/** Completion is last: it completes the others. */
export function commandsOf(): readonly ((program: Command, context: CliContext) => void)[] {
  return [
    addAuth,
    addGet,
    addRun,
    addInject,
    addExplain,
    addCheck,
    addResolve,
    addMatrix,
    addPolicy,
    addServer,
    addClient,
    addUser,
    addConfig,
    addAudit,
    addHost,
    addAws,
    addInstallLinks,
    addSetup,
    addDoctor,
    addWhy,
    addMigrate,
    addUninstall,
    addCompletion,
  ];
}
