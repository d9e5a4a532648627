// `keywright auth`: logging in and out, and what is known of logins. Each command loads its own part when it runs.
import { type Command, Option } from "commander";
import { AUTH_TYPES, type AuthType } from "../account/cli-account.ts";
import { KeywrightError } from "../errors.ts";
import type { LoginOptions } from "./auth-login.ts";
import type { LogoutOptions } from "./auth-logout.ts";
import type { StatusOptions } from "./auth-status.ts";
import type { TokenOptions } from "./auth-token.ts";
import type { CliContext } from "./context.ts";

const PROFILE = ["--profile <name>", "the menda profile; else MENDA_PROFILE_ID, else default"] as const;
const JSON_OPTION = ["--json", "as JSON, for scripts"] as const;

const LOGIN = `
In a browser on this machine if there is one, else by a code that is confirmed on any device; in CI by the identity of the
job. Towards a broker of keywright the login is bound to this machine; towards other menda clouds it is shared with
menda-keyring and menda-cli, as they know no other kind. See docs/login.md.

Examples:
  keywright auth login --host https://menda.example     the first time
  keywright auth login                                  again
  keywright auth login --profile work --device          by a code, under another profile
  keywright auth login --share-with-menda               so that menda-keyring finds it`;

export function addAuth(program: Command, context: CliContext): void {
  const auth = program.command("auth").description("log in, log out, and see who is logged in");
  addLogin(auth, context);
  addLogout(auth, context);
  addStatus(auth, context);
  addWhoami(auth, context);
  addToken(auth, context);
  addConfigure(auth, context);
}

function addLogin(auth: Command, context: CliContext): void {
  auth
    .command("login")
    .description("log in; writes the profile if there is none")
    .option(...PROFILE)
    .option("--host <url>", "the broker or menda cloud; else the profile's")
    .option("--device", "by a code that is confirmed in a browser anywhere; opens none here")
    .option("--browser", "in the browser of this machine")
    .option("--no-browser", "open no browser")
    .option("--share-with-menda", "write it where menda-keyring and menda-cli look")
    .option("--no-share-with-menda", "keep it where they do not look")
    .option("--qr", "draw the address as a QR code, if the terminal has room")
    .option("--no-qr", "draw none")
    .option("-y, --yes", "change the host of a profile without asking")
    .option(...JSON_OPTION)
    .addHelpText("after", LOGIN)
    .action(async (options: LoginOptions) => {
      const { login } = await import("./auth-login.ts");
      await login(options, context);
    });
}

function addLogout(auth: Command, context: CliContext): void {
  auth
    .command("logout")
    .description("end a login here and at its host")
    .option(...PROFILE)
    .option("--all", "every login, also those that menda-cli made")
    .option(...JSON_OPTION)
    .addHelpText("after", "\nExamples:\n  keywright auth logout\n  keywright auth logout --all")
    .action(async (options: LogoutOptions) => {
      const { logout } = await import("./auth-logout.ts");
      await logout(options, context);
    });
}

function addStatus(auth: Command, context: CliContext): void {
  auth
    .command("status")
    .description("show the logins there are, without asking any host")
    .option("--profile <name>", "only this one")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      "\nExit code 0 when the profile in use is logged in, else 5.\n\nExamples:\n  keywright auth status\n  keywright auth status --profile work --json",
    )
    .action(async (options: StatusOptions) => {
      const { status } = await import("./auth-status.ts");
      await status(options, context);
    });
}

function addWhoami(auth: Command, context: CliContext): void {
  auth
    .command("whoami")
    .description("ask the host whom it takes us for")
    .option(...PROFILE)
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      "\nExamples:\n  keywright auth whoami\n  keywright auth whoami --profile work --json",
    )
    .action(async (options: TokenOptions) => {
      const { whoami } = await import("./auth-token.ts");
      await whoami(options, context);
    });
}

function addToken(auth: Command, context: CliContext): void {
  auth
    .command("token")
    .description("print the access token of the login, refreshed if need be")
    .option(...PROFILE)
    .option("--show", "write it even to a terminal")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      '\nExamples:\n  keywright auth token --json\n  TOKEN="$(keywright auth token --profile work)"',
    )
    .action(async (options: TokenOptions) => {
      const { token } = await import("./auth-token.ts");
      await token(options, context);
    });
}

function addConfigure(auth: Command, context: CliContext): void {
  auth
    .command("configure")
    .description("write a profile; asks for what the options do not say")
    .option("--profile <name>", "profile to write")
    .addOption(new Option("--auth-type <type>", "a person (u2m) or a machine (m2m)").choices(AUTH_TYPES))
    .option("--host <url>", "the broker or menda cloud")
    .addHelpText(
      "after",
      "\nThe client secret has no option: it is asked for, or read from a pipe.\n\nExamples:\n  keywright auth configure\n  keywright auth configure --profile ci --auth-type m2m --host https://menda.example",
    )
    .action(async ({ profile, ...options }: { profile?: string; authType?: AuthType; host?: string }) => {
      const { configure } = await import("./menda-configure.ts");
      const { unshareLogin } = await import("../account/login/share-login.ts");
      const { mendaConsole } = await import("./menda-console.ts");
      const { stdinPrompt, ABORTED } = await import("./prompt.ts");
      const { homeOf } = await import("./auth-place.ts");
      const { mendacfgPath } = await import("../account/mendacfg.ts");
      const home = homeOf(context);
      const prompt = stdinPrompt((text) => context.err(text));
      const { authType, host } = options;
      try {
        const unshare = (name: string): boolean => unshareLogin(home, name, context.clock);
        const wanted = { configFile: mendacfgPath(home), profile, authType, host, unshare };
        await configure(wanted, mendaConsole(context, { output: "text", quiet: false }), prompt);
      } catch (thrown) {
        if (thrown !== ABORTED) throw thrown;
        throw new KeywrightError("usage", "no answer, so nothing was changed");
      } finally {
        prompt.close();
      }
    });
}
