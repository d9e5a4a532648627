// `keywright policy test`: rows of who must be allowed what, and who must not, held to the configuration; for CI. It fetches
// nothing, starts no backend and writes no audit.
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import type { LoadedConfig } from "../config/load.ts";
import type { PolicyRow } from "../config/policy-rows.ts";
import { KeywrightError } from "../errors.ts";
import { secretAsk, type Ask } from "../resolver/ask.ts";
import { explain, type Explanation } from "../resolver/explain.ts";
import type { RuntimeIdentity } from "../resolver/identity.ts";
import { createRefs } from "../resolver/refs.ts";
import { actionOf } from "../resolver/action.ts";
import { identityAs } from "./as-identity.ts";
import type { CliContext } from "./context.ts";
import { loadedClient } from "./loaded.ts";
import { addPolicyWorkload } from "./policy-workload.ts";

interface TestOptions {
  readonly config?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
The file:
  tests:
    - { secret: databento_api_key, as: research@dev, expect: allow }
    - { secret: broker_password, as: execution@prod/bridge, reason: INC-4711, at: 2026-02-01, expect: allow, rule: execution_on_bridge }
    - { secret: broker_password, as: research@prod/bridge, expect: deny }
    - { registry: https://pypi.example/simple/, action: publish, as: ci, expect: deny }
as is ROLE[@ENVIRONMENT[/MACHINE]]; app, substrate, attestation (asserted, discovered, verified), reason, at and rule are optional.
A row about a secret that no ref has never holds.

Examples:
  keywright policy test policy-tests.yaml
  keywright policy test policy-tests.yaml --config ./config.yaml --json`;

export function addPolicy(program: Command, context: CliContext): void {
  const policy = program.command("policy").description("test the policies");
  policy
    .command("test")
    .description("hold rows of allow and deny to the configuration; exit code 6 when one does not hold")
    .argument("<file>", "the rows, as YAML")
    .option("--config <file>", "the configuration file to test, instead of those in force")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((file: string, options: TestOptions) => test(file, options, context));
  addPolicyWorkload(policy, context);
}

interface Outcome {
  readonly row: PolicyRow;
  readonly explanation: Explanation;
  readonly ok: boolean;
}

async function test(file: string, options: TestOptions, context: CliContext): Promise<void> {
  const { readPolicyRows } = await import("../config/policy-rows.ts");
  const config = await loadedClient(context, options.config);
  const { discoverIdentity } = await import("../identity/discover.ts");
  const own = discoverIdentity(config.identity);
  const rows = readPolicyRows(textOf(file), file);
  const outcomes = await Promise.all(rows.map((row) => judged(row, config, own, context.clock.now())));
  context.out(options.json === true ? `${JSON.stringify(outcomes.map(asJson))}\n` : asText(outcomes));
  const wrong = outcomes.filter(({ ok }) => !ok).length;
  if (wrong > 0)
    throw new KeywrightError("denied", `${wrong} of ${outcomes.length} tests of the policy do not hold`);
}

async function judged(
  row: PolicyRow,
  config: LoadedConfig,
  own: RuntimeIdentity,
  now: number,
): Promise<Outcome> {
  const book = {
    refs: createRefs(config.refs),
    stores: config.stores,
    policies: config.policies,
    now: () => row.at ?? now,
    backends: {},
  };
  const explanation = await explain(book, askOf(row), identityAs(row, own));
  const allowed = explanation.outcome === "granted";
  const ruled = row.rule === undefined || row.rule === explanation.rule;
  // A misspelled or renamed secret is allowed to nobody, too: such a row would hold for ever and test nothing.
  const asked = row.secret === undefined || explanation.outcome !== "unknown";
  return { row, explanation, ok: asked && allowed === (row.expect === "allow") && ruled };
}

function askOf({ secret, registry = "", action, reason }: PolicyRow): Ask {
  if (secret !== undefined) return secretAsk(secret, reason);
  return { kind: "registry", url: registry, action: action ?? actionOf(registry), reason };
}

function asJson({ row, explanation: { outcome, rule, reason }, ok }: Outcome): object {
  const { place, secret, registry, as, expect } = row;
  return { ok, place, asked: secret ?? registry, as, expect, outcome, rule: rule ?? null, reason };
}

function asText(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ ok }) => !ok);
  const lines = failed.map(({ row, explanation }) => {
    const wanted = row.rule === undefined ? row.expect : `${row.expect} by ${row.rule}`;
    const asked = row.secret ?? row.registry;
    return `${row.place}: ${asked} as ${row.as}: expected ${wanted}, but ${explanation.reason}\n`;
  });
  return `${lines.join("")}${outcomes.length - failed.length} of ${outcomes.length} tests hold\n`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError("usage", `${file} cannot be read (${code})`, { cause });
  }
}
