// `menda auth login` as menda-cli 0.5.0 does it: always the code of a menda cloud, always shared. It keeps nothing of its own.
import { cliProfile, environmentTrio } from "../account/cli-account.ts";
import { mendaLogin } from "../account/login/login-menda.ts";
import { shareLogin } from "../account/login/share-login.ts";
import { KeywrightError } from "../errors.ts";
import { createHttp } from "../io/http.ts";
import { type Screen, screenOf } from "./auth-screen.ts";
import type { CliContext } from "./context.ts";
import type { MendaConsole } from "./menda-console.ts";
import { saidIncomplete, type WhoamiOptions } from "./menda-whoami.ts";

export async function mendaAuthLogin(
  { home, profile, configFile }: WhoamiOptions,
  say: MendaConsole,
  context: CliContext,
  screen: Screen = screenOf(context),
): Promise<void> {
  const { env, clock, log } = context;
  say.info("Authenticating to Menda Cloud");
  saidIncomplete(env, profile, say);
  if (environmentTrio(env).length === 3) {
    throw refusedLogin(
      "M2M credentials detected from environment variables. " +
        "The `menda auth login` command is for interactive (U2M) authentication.",
    );
  }
  const { host, machine } = cliProfile(configFile, profile);
  say.info(`Profile: ${profile}`);
  if (machine) throw refusedLogin("M2M profiles use automatic token exchange.");
  const http = createHttp({ env, clock, debug: log?.debug });
  const release = screen.endable();
  try {
    const granted = await mendaLogin({
      host,
      http,
      clock,
      again: "Please run 'menda auth login' again.",
      wait: (seconds) => screen.wait(seconds),
      async show({ complete, page }) {
        say.info(`Opening browser for authentication: ${complete ?? page}`);
        screen.open(complete ?? page);
      },
    });
    shareLogin(home, profile, granted, clock);
  } finally {
    release();
  }
  say.success("Authentication successful");
}

function refusedLogin(message: string): KeywrightError {
  return new KeywrightError("authentication", message);
}
