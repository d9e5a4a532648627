// `menda auth whoami`: asks the menda cloud of a profile (or of the environment's machine) whom it takes us for.
import type { MendaAccount } from "../account/account.ts";
import { cliAccount, environmentTrio } from "../account/cli-account.ts";
import type { Answer } from "../account/cloud-reply.ts";
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
  const set = environmentTrio(env);
  if (set.length > 0 && set.length < 3) {
    const present = set.join(", ");
    say.warning(
      `Incomplete M2M environment variables (only ${present}). Falling back to profile '${options.profile}'.`,
    );
  }
  const account = cliAccount({ ...options, env, now: clock.now() });
  say.info(
    account.profile === undefined
      ? "Authenticating via environment variables (M2M)"
      : `Profile: ${account.profile}`,
  );
  const answer = await asked(account, options.home, context);
  if (say.json) return say.data(answer);
  for (const line of described(answer)) say.info(line);
}

async function asked(account: MendaAccount, home: string, { env, clock, log }: CliContext): Promise<Answer> {
  const { createHttp } = await import("../io/http.ts");
  const { hostMemory } = await import("../account/host-memory.ts");
  const { whoami } = await import("../account/whoami.ts");
  const now = clock.now();
  return whoami(account, {
    http: createHttp({ env, clock, requestTimeout: REQUEST_TIMEOUT, debug: log?.debug }),
    memory: hostMemory(home),
    protocol: "auto",
    now,
    deadline: now + TIMEOUT,
  });
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
