// `keywright inject`: a template in, the same text with its secrets out, to a private file or to a pipe. All secrets are fetched
// before anything is written.
import type { Command } from "commander";
import { readFileSync, statSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import { parseTemplate } from "../fronts/template.ts";
import type { CliContext } from "./context.ts";
import { refuseTerminal } from "./get.ts";
import { fetchedAll, opened } from "./opened.ts";

interface InjectOptions {
  readonly in: string;
  readonly out?: string;
  readonly reason?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
In the template, {{ keywright:NAME }} stands for a value; {{ keywright:NAME | json }} for it as a JSON string. Other filters:
base64, shell (one word of a POSIX shell), url. Whatever else stands in double braces stays as it is.

Examples:
  keywright inject -i app.conf.tpl -o app.conf        (0600, written whole or not at all)
  keywright inject -i - < compose.tpl | docker compose -f - up`;

export function addInject(program: Command, context: CliContext): void {
  program
    .command("inject")
    .description("fill a template with secrets")
    .requiredOption("-i, --in <file>", "the template; - is standard input")
    .option("-o, --out <file>", "the file to write, for you alone (default: standard output)")
    .option("--reason <text>", "why, for policies that ask for a reason; it goes into the audit")
    .option("--show", "write even to a terminal")
    .option("--json", "with --out: say as JSON which secrets went into which file")
    .addHelpText("after", EXAMPLES)
    .action((options: InjectOptions) => inject(options, context));
}

async function inject(options: InjectOptions, context: CliContext): Promise<void> {
  const { in: input, out: output } = options;
  const told = options.json === true;
  if (told && output === undefined) throw new KeywrightError("usage", "--json is for --out only");
  if (output === undefined) refuseTerminal(context, options.show === true);
  else assertReplaceable(output);
  const template = parseTemplate(templateText(input), input === "-" ? "standard input" : input);
  const secrets = await fetchedAll(await opened(context), template.names, options.reason);
  const text = template.filled((name) => secrets.get(name)?.reveal() ?? "");
  if (output === undefined) return context.out(text);
  const { writePrivate } = await import("../io/files.ts");
  try {
    writePrivate(output, text);
    if (told) context.out(`${JSON.stringify({ out: output, secrets: template.names })}\n`);
  } catch (cause) {
    if (cause instanceof KeywrightError) throw cause;
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError("configuration", `${output} cannot be written (${code})`, { cause });
  }
}

/** The new file takes the place of what is there: of a device or a pipe that would be a file with secrets for everybody. */
function assertReplaceable(output: string): void {
  const there = output !== "-" && statSync(output, { throwIfNoEntry: false });
  if (output !== "-" && (!there || there.isFile())) return;
  const fault = output === "-" ? "no name of a file" : "there and no regular file";
  throw new KeywrightError("usage", `the output ${output} is ${fault}`, {
    hint: "Leave out --out to write to standard output, or redirect that.",
  });
}

function templateText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      readFileSync(file === "-" ? 0 : file),
    );
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      cause instanceof TypeError ? "is not UTF-8 text" : `cannot be read (${code ?? "unknown error"})`;
    throw new KeywrightError("usage", `the template ${file} ${why}`, { cause });
  }
}
