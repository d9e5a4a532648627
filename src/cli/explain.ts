// `keywright explain`: what would be answered to a question, and why: ref, policy, principal, store and what its backend would do. It
// mints nothing, writes no audit entry and shows no value.
import { Option, type Command } from "commander";
import type { Action, Ask } from "../resolver/ask.ts";
import type { CliContext } from "./context.ts";

interface ExplainOptions {
  readonly action?: Action;
  readonly username?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
The address is taken as a package manager would ask for it. What it is asked for (read or publish) shows in the address
unless --action says it; docs/actions.md has the table. Exit code 0: it would be granted; 6: denied or refused; 7: nobody
here answers to it; another one: it would be granted and then fail so, for example because a file is wrong.

Examples:
  keywright explain https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/packages/simple/
  keywright explain --action publish https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/packages/
  keywright explain --json https://packages.example/simple/`;

export function addExplain(program: Command, context: CliContext): void {
  program
    .command("explain")
    .description("what would be answered to an address and why, without asking anybody for it")
    .argument("<url>", "the address of a registry")
    .addOption(new Option("--action <action>", "what it is asked for").choices(["read", "publish"]))
    .option("--username <name>", "the user name that the client gives")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((question: string, options: ExplainOptions) => explain(question, options, context));
}

async function explain(question: string, options: ExplainOptions, context: CliContext): Promise<void> {
  const { openKeywright } = await import("../keywright.ts");
  const { explanationText, explanationJson, explainedFailure } = await import("./explained.ts");
  const { showAddress } = await import("../resolver/address.ts");
  const ask = await askFor(question, options);
  const keywright = await openKeywright({ ...context, err: (text) => context.err(text) });
  const explanation = await keywright.explain(ask);
  const asked = showAddress(question);
  context.out((options.json === true ? explanationJson : explanationText)(asked, explanation));
  const failure = explainedFailure(asked, explanation);
  if (failure !== undefined) throw failure;
}

async function askFor(url: string, { action, username }: ExplainOptions): Promise<Ask> {
  const { actionOf } = await import("../resolver/action.ts");
  return {
    kind: "registry",
    url,
    username: username === "" ? undefined : username,
    action: action ?? actionOf(url),
  };
}
