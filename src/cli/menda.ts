// `menda`: the part of menda-cli 0.5.0 that concerns credentials, with its options, messages and exit codes. The two
// share their files.
import { Command, CommanderError, Option } from "commander";
import { AUTH_TYPES, type AuthType } from "../account/cli-account.ts";
import { mendacfgPath } from "../account/mendacfg.ts";
import { asKeywrightError, KeywrightError, type ErrorCode } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import { mendaConsole, type MendaConsole, type MendaOptions } from "./menda-console.ts";
import { ABORTED } from "./prompt.ts";

const LOG_LEVELS = ["debug", "info", "warning", "error", "critical"];

/** Those of menda-cli; what it has no code for is 1. */
const EXIT: Readonly<Partial<Record<ErrorCode, number>>> = {
  usage: 2,
  authentication: 2,
  configuration: 3,
  network: 4,
  timed_out: 4,
};

export async function runMenda(argv: readonly string[], context: CliContext): Promise<number> {
  const program = mendaProgram(context);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const say = consoleOf(program, context);
    if (thrown === ABORTED) {
      say.error("Aborted.");
      return 130;
    }
    const error = asKeywrightError(thrown);
    say.error(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
    return EXIT[error.code] ?? 1;
  }
}

function mendaProgram(context: CliContext): Command {
  const program = new Command("menda")
    .description("Profiles and logins of a menda cloud.")
    .version(VERSION, "--version")
    .addOption(new Option("--log-level <level>", "minimum log level").choices(LOG_LEVELS))
    .addOption(new Option("--output <format>", "output format").choices(["text", "json"]))
    .option("--quiet", "suppress non-error output")
    .option("--no-color", "disable colored output (there is none)")
    .option("-v, --verbose", "shorthand for --log-level debug")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  const auth = program.command("auth").description("authenticate to a menda cloud");
  addConfigure(auth, program, context);
  addLogin(auth, program, context);
  addWhoami(auth, program, context);
  return program;
}

const PROFILE = "--menda-profile-id <name>";

function addConfigure(auth: Command, program: Command, context: CliContext): void {
  auth
    .command("configure")
    .description("write a profile; asks for what the options do not say")
    .option(PROFILE, "profile to write")
    .addOption(new Option("--auth-type <type>", "a person (u2m) or a machine (m2m)").choices(AUTH_TYPES))
    .option("--host <url>", "address of the menda cloud (must start with https://)")
    .addHelpText(
      "after",
      "\nExamples:\n  menda auth configure\n" +
        "  menda auth configure --menda-profile-id ci --auth-type m2m --host https://menda.example\n" +
        "\nThe client secret has no option: it is asked for, or read from a pipe.",
    )
    .action(async (options: { mendaProfileId?: string; authType?: AuthType; host?: string }) => {
      const { configure } = await import("./menda-configure.ts");
      const { unshareLogin } = await import("../account/login/share-login.ts");
      const { stdinPrompt } = await import("./prompt.ts");
      const prompt = stdinPrompt((text) => context.err(text));
      const { mendaProfileId: profile, authType, host } = options;
      try {
        const { home, configFile } = placesOf(context);
        const unshare = (name: string): boolean => unshareLogin(home, name, context.clock);
        const wanted = { configFile, profile, authType, host, unshare };
        await configure(wanted, consoleOf(program, context), prompt);
      } finally {
        prompt.close();
      }
    });
}

function addLogin(auth: Command, program: Command, context: CliContext): void {
  auth
    .command("login")
    .description("log in as a person, in a browser")
    .option(PROFILE, "profile to log in with; else MENDA_PROFILE_ID, else default")
    .addHelpText(
      "after",
      "\nThe login is shared with menda-keyring and menda-cli. 'keywright auth login' can do more.\n" +
        "\nExample:\n  menda auth login --menda-profile-id default",
    )
    .action(async (options: { mendaProfileId?: string }) => {
      const { mendaAuthLogin } = await import("./menda-login.ts");
      const profile = options.mendaProfileId || (context.env["MENDA_PROFILE_ID"] ?? "default");
      await mendaAuthLogin({ ...placesOf(context), profile }, consoleOf(program, context), context);
    });
}

function addWhoami(auth: Command, program: Command, context: CliContext): void {
  auth
    .command("whoami")
    .description("whom the menda cloud takes us for")
    .option(PROFILE, "profile to use; else MENDA_PROFILE_ID, else default")
    .addHelpText(
      "after",
      "\nExamples:\n  menda auth whoami\n  menda --output json auth whoami --menda-profile-id ci",
    )
    .action(async (options: { mendaProfileId?: string }) => {
      const { showWhoami } = await import("./menda-whoami.ts");
      const profile = options.mendaProfileId || (context.env["MENDA_PROFILE_ID"] ?? "default");
      await showWhoami({ ...placesOf(context), profile }, consoleOf(program, context), context);
    });
}

function placesOf({ env, home }: CliContext): { readonly home: string; readonly configFile: string } {
  if (home === undefined) {
    throw new KeywrightError("configuration", "there is no home folder", { hint: "Set HOME." });
  }
  return { home, configFile: env["MENDA_CONFIG_FILE"] || mendacfgPath(home) };
}

function consoleOf(program: Command, context: CliContext): MendaConsole {
  const given = program.opts<Partial<MendaOptions>>();
  const output = given.output ?? (context.env["MENDA_OUTPUT"]?.toLowerCase() === "json" ? "json" : "text");
  return mendaConsole(context, { output, quiet: given.quiet === true });
}
