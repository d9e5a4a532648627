// `keywright explain`: what would be answered to a question for an address or a secret, and why: ref, policy, principal, store and
// what its backend would do. It mints nothing, writes no audit entry and shows neither a value nor where one lies.
import { Option, type Command } from "commander";
import { secretAsk, type Action, type Ask } from "../resolver/ask.ts";
import { ATTESTATIONS } from "../resolver/identity.ts";
import { AS_FORM, identityAs, type AsOptions } from "./as-identity.ts";
import type { CliContext } from "./context.ts";
import { opened } from "./opened.ts";

interface ExplainOptions extends AsOptions {
  readonly action?: Action;
  readonly username?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
The address is taken as a package manager would ask for it. What it is asked for (read or publish) shows in the address
unless --action says it; docs/actions.md has the table. Exit code 0: it would be granted; 6: denied or refused; 7: nobody
here answers to it; another one: it would be granted and then fail so, for example because a file is wrong.
Credentials or an account that are missing are told as such, and are no failure of explain.

A word without a dot, a colon or a slash is the public name of a secret. --as asks for somebody else: what is left out is as it
is here, and machine and substrate count as discovered, as they would where such a program ran.

Examples:
  keywright explain https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/packages/simple/
  keywright explain --action publish https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/packages/
  keywright explain --json https://packages.example/simple/
  keywright explain databento_api_key --as execution@prod/bridge --reason "INC-4711"`;

export function addExplain(program: Command, context: CliContext): void {
  program
    .command("explain")
    .description(
      "what would be answered to an address or for a secret and why, without asking anybody for it",
    )
    .argument("<url-or-name>", "the address of a registry, or the public name of a secret")
    .option("--as <identity>", `as somebody else: ${AS_FORM}`)
    .option("--app <app>", "the app of that identity")
    .option("--substrate <substrate>", "the substrate of that identity")
    .addOption(new Option("--attestation <level>", "how well all of it is known").choices(ATTESTATIONS))
    .option("--reason <text>", "the reason that would be given")
    .addOption(new Option("--action <action>", "what it is asked for").choices(["read", "publish"]))
    .option("--username <name>", "the user name that the client gives")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((question: string, options: ExplainOptions) => explain(question, options, context));
}

async function explain(question: string, options: ExplainOptions, context: CliContext): Promise<void> {
  const { explanationText, explanationJson, explainedFailure } = await import("./explained.ts");
  const { showAddress } = await import("../resolver/address.ts");
  const ask = await askFor(question, options);
  const keywright = await opened(context);
  const explanation = await keywright.explain(ask, identityAs(options, keywright.identity));
  const asked = ask.kind === "secret" ? ask.name : showAddress(question);
  context.out((options.json === true ? explanationJson : explanationText)(asked, explanation));
  const failure = explainedFailure(asked, explanation);
  if (failure !== undefined) throw failure;
}

/** No host has neither dot nor colon but a bare `localhost`, which no ref answers to. */
const PLAIN_WORD = /^[^.:/\\]+$/;

async function askFor(url: string, { action, username, reason }: ExplainOptions): Promise<Ask> {
  if (PLAIN_WORD.test(url)) return secretAsk(url, reason);
  const { actionOf } = await import("../resolver/action.ts");
  return {
    kind: "registry",
    url,
    username: username === "" ? undefined : username,
    action: action ?? actionOf(url),
    reason,
  };
}
