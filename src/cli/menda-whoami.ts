// `menda auth whoami`: asks the menda cloud of a profile (or of the environment's machine) whom it takes us for.
import { loginsIn, type MendaAccount } from "../account/account.ts";
import { cliAccount, environmentTrio } from "../account/cli-account.ts";
import type { Answer } from "../account/cloud-reply.ts";
import type { loginSession } from "../account/login/fresh-login.ts";
import type { LoginSession } from "../account/login/holder.ts";
import type { CliContext } from "./context.ts";
import type { MendaConsole } from "./menda-console.ts";

export interface WhoamiOptions {
  readonly configFile: string;
  readonly home: string;
  readonly profile: string;
}

/** Seconds for one request, and for all of them. */
const REQUEST_TIMEOUT = 10;
const TIMEOUT = 20;

export async function showWhoami(
  options: WhoamiOptions,
  say: MendaConsole,
  context: CliContext,
): Promise<void> {
  const { env, clock } = context;
  say.info("Current User Information");
  saidIncomplete(env, options.profile, say);
  const logins = await loginsIn(options.home, { env, clock });
  const account = cliAccount({ ...options, env, now: clock.now(), logins });
  say.info(
    account.profile === undefined
      ? "Authenticating via environment variables (M2M)"
      : `Profile: ${account.profile}`,
  );
  const answer = await asked(account, options.home, context);
  if (say.json) return say.data(answer);
  for (const line of described(answer)) say.info(line);
}

/** Some of the environment's three, which menda-cli then does not use. */
export function saidIncomplete(env: CliContext["env"], profile: string, say: MendaConsole): void {
  const set = environmentTrio(env);
  if (set.length === 0 || set.length === 3) return;
  const present = set.join(", ");
  say.warning(
    `Incomplete M2M environment variables (only ${present}). Falling back to profile '${profile}'.`,
  );
}

async function asked(account: MendaAccount, home: string, { env, clock, log }: CliContext): Promise<Answer> {
  const { createHttp } = await import("../io/http.ts");
  const { hostMemory } = await import("../account/host-memory.ts");
  const { whoami } = await import("../account/whoami.ts");
  const now = clock.now();
  const deadline = now + TIMEOUT;
  const http = createHttp({ env, clock, requestTimeout: REQUEST_TIMEOUT, debug: log?.debug });
  const session = await sessionOf(account, home, { http, env, clock, deadline, debug: log?.debug });
  return whoami(account, { http, memory: hostMemory(home), protocol: "auto", now, deadline, session });
}

/** Keeps a login of ours fresh; undefined: the account is none. */
async function sessionOf(
  account: MendaAccount,
  home: string,
  place: Pick<Parameters<typeof loginSession>[0], "http" | "env" | "clock" | "deadline" | "debug">,
): Promise<LoginSession | undefined> {
  const store = account.kind === "user" && account.login ? await loginsIn(home, place) : undefined;
  if (store === undefined) return undefined;
  const { loginSession } = await import("../account/login/fresh-login.ts");
  return loginSession({ ...place, store, home });
}

function described(answer: Answer): readonly string[] {
  const machine = answer["identity_type"] === "service_principal";
  const shown = (key: string): string => {
    const value = answer[key];
    return typeof value === "string" && value !== "" ? value.replace(/\p{Cc}/gu, "") : "N/A";
  };
  return [
    `✓ ${machine ? "Service Principal" : "User"} Details:`,
    `  Tenant:   ${shown("tenant_id")}`,
    `  Username: ${shown("username")}`,
    `  Email:    ${shown("email")}`,
    `  Role:     ${shown("user_role")}`,
    `  Type:     ${answer["identity_type"] === undefined ? "unknown" : shown("identity_type")}`,
  ];
}
