// `keywright aws`: which AWS credentials would be used here, and where they come from. It asks AWS nothing but what
// getting them takes, and prints no secret.
import type { Command } from "commander";
import type { AwsCredentials } from "../aws/credentials.ts";
import type { CliContext } from "./context.ts";

const EXAMPLES = `
Examples:
  keywright aws whoami                    as the environment, AWS_PROFILE and ~/.aws say
  keywright aws whoami --profile deploy   as a profile of ~/.aws says
  keywright aws whoami --json             for scripts`;

export function addAws(program: Command, context: CliContext): void {
  const aws = program.command("aws").description("the AWS credentials that keywright would use");
  aws
    .command("whoami")
    .description("say which credentials would be used and where they come from, without a secret")
    .option("--profile <name>", "a profile of the AWS files; its keys go before those of the environment")
    .option("--json", "one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((options: WhoamiOptions) => whoami(options, context));
}

interface WhoamiOptions {
  readonly profile?: string | undefined;
  readonly json?: boolean | undefined;
}

async function whoami({ profile, json = false }: WhoamiOptions, context: CliContext): Promise<void> {
  const { env, home, clock, log } = context;
  const { credentialChain } = await import("../aws/chain.ts");
  const { profileSettings } = await import("../aws/profile-settings.ts");
  const { createHttp } = await import("../io/http.ts");
  const debug = log?.debug;
  const { caBundle: file } = profileSettings({ env, home, profile });
  const caBundle =
    file === undefined ? undefined : { file, namedBy: "AWS_CA_BUNDLE, or ca_bundle of the profile," };
  const http = createHttp({ env, clock, debug, caBundle });
  const chain = credentialChain({
    env,
    home,
    clock,
    http,
    profile,
    debug,
  });
  if (debug !== undefined) debug(`aws: ${await chain.describe()}`);
  const credentials = await chain.credentials();
  const facts = factsOf(credentials, chain.region());
  context.out(json ? `${JSON.stringify(facts)}\n` : table(facts));
}

type Facts = Readonly<Record<"access_key_id" | "source" | "role" | "region" | "expires_at", string | null>>;

function factsOf(
  { accessKeyId, source, role, expiresAt }: AwsCredentials,
  region: string | undefined,
): Facts {
  return {
    access_key_id: accessKeyId,
    source,
    role: role ?? null,
    region: region ?? null,
    expires_at: expiresAt === undefined ? null : new Date(expiresAt * 1000).toISOString(),
  };
}

function table(facts: Facts): string {
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(15)}${value ?? "-"}\n`);
  return lines.join("").replace(/[^\n\u0020-\u007e]/g, "?");
}
