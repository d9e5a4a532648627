// `keywright get`: one value on standard output, and nothing else. It does not write to a terminal unless asked to.
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";
import { fetched, opened } from "./opened.ts";

interface GetOptions {
  readonly reason?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
The value is written as it is, without a line end of its own. A missing value, a denied one and a store that cannot be
asked are told apart by the exit code (7, 6; 8, 5 or 4).

Examples:
  export API_KEY="$(keywright get databento_api_key)"
  keywright get tls_key > key.pem
  keywright get broker_password --reason "INC-4711" --json
  keywright get databento_api_key --show            on a terminal

To start a program with its secrets, \`keywright run\` is the better way: nothing passes through the shell.`;

export function addGet(program: Command, context: CliContext): void {
  program
    .command("get")
    .description("print the value of one secret, if the policy allows it")
    .argument("<name>", "the public name of the secret")
    .option("--reason <text>", "why, for policies that ask for a reason; it goes into the audit")
    .option("--show", "write the value even to a terminal")
    .option("--json", "as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((name: string, options: GetOptions) => get(name, options, context));
}

async function get(name: string, options: GetOptions, context: CliContext): Promise<void> {
  refuseTerminal(context, options.show === true);
  const secret = await fetched(await opened(context), name, options.reason);
  const value = secret.reveal();
  if (options.json === true) {
    context.out(`${JSON.stringify({ name, value, expires_at: secret.expiresAt ?? null })}\n`);
  } else context.out(context.terminal === true ? `${value}\n` : value);
}

/** Before anything is fetched: nobody is asked to unlock a store for a value that is then not shown. */
export function refuseTerminal({ terminal }: CliContext, asked: boolean): void {
  if (terminal !== true || asked) return;
  throw new KeywrightError("usage", "standard output is a terminal, where the value would stay to be seen", {
    hint: "Send it to a file or a program, or say --show.",
  });
}
