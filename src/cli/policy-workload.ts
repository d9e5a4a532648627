// `keywright policy workload`: holds the token of a workload to a broker's rules, and says which clause fails. It asks
// nobody, so it checks neither signature nor times; it shows nothing of the token and issues nothing.
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";
import type { Trial } from "../broker/workload/trial.ts";
import { loadedConfig } from "./loaded.ts";

interface WorkloadOptions {
  readonly config: string;
  readonly url?: string;
}

const EXAMPLES = `
The file holds the token alone. Nothing of it is shown, and neither its signature nor its times are checked.

Example:
  keywright policy workload token.jwt --config broker.yaml --url https://keywright.example`;

export function addPolicyWorkload(policy: Command, context: CliContext): void {
  policy
    .command("workload")
    .description("hold the token of a workload to a broker's rules; exit code 6 when not exactly one fits")
    .argument("<token-file>", "the file of a token, such as a job prints into it")
    .requiredOption("--config <file>", "the broker's configuration file")
    .option("--url <url>", "the broker's address, which is the audience of rules that name none")
    .addHelpText("after", EXAMPLES)
    .action((file: string, options: WorkloadOptions) => tryToken(file, options, context));
}

async function tryToken(file: string, options: WorkloadOptions, context: CliContext): Promise<void> {
  const { home, env, log } = context;
  const places = { home, env, kind: "broker", file: options.config, debug: log?.debug } as const;
  const { broker } = await loadedConfig(places);
  const { NO_WORKLOADS } = await import("../config/workloads.ts");
  const { judge } = await import("../broker/workload/trial.ts");
  const trial = judge(broker?.workloads ?? NO_WORKLOADS, tokenIn(file), options.url ?? "");
  context.out(asText(trial));
  if (trial.rule === undefined) throw new KeywrightError("denied", trial.reason);
}

function asText({ issuer, rule, misses }: Trial): string {
  const lines = misses.map((miss) => `  ${miss.rule}: ${miss.clause}\n`).join("");
  if (rule === undefined) return issuer === undefined ? "" : `issuer ${issuer}\n${lines}`;
  return `issuer ${issuer}: the rule ${rule.name} fits, so it acts as ${rule.principal}\n`;
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError("usage", `${file} cannot be read (${code})`, { cause });
  }
}
