// `keywright resolve --jsonl`: answers many questions for one program, over standard input and output: what the Python client
// keeps as its child. Nothing of a question or an answer is ever in an argument. It ends with its input.
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import {
  errorLine,
  openedLine,
  parseResolveLine,
  readyLine,
  valueLine,
  type LineQuestion,
  type ResolveLine,
} from "../fronts/resolve-lines.ts";
import { secretAsk } from "../resolver/ask.ts";
import { IDENTITY_FIELDS } from "../resolver/identity.ts";
import type { Secret } from "../secret.ts";
import type { RuntimeIdentity } from "../secrets/identity.ts";
import type { SecretsConfigData } from "../secrets/names.ts";
import type { SecretsApi as Api } from "../secrets/secrets-api.ts";
import type { CliContext } from "./context.ts";
import { opened } from "./opened.ts";

const EXAMPLES = `
One JSON object a line. {"id":1,"op":"get","secret":"NAME"} is answered by {"id":1,"value":…}, {"id":1,"missing":true} or
{"id":1,"error":{"code":…,"message":…,"hint":…}}; docs/resolve-protocol.md has the rest. Programs use it through a client, for
example the Python package keywright-secrets.

Example:
  printf '{"id":1,"op":"get","secret":"databento_api_key"}\\n' | keywright resolve --jsonl`;

export function addResolve(program: Command, context: CliContext): void {
  program
    .command("resolve")
    .description("answer many questions for secrets over standard input and output, for programs")
    .requiredOption("--jsonl", "one JSON object a line")
    .addHelpText("after", EXAMPLES)
    .action(() => resolveLines(context));
}

/** One set of stores, refs and policies that questions can be put to. */
interface Answering {
  get(question: LineQuestion): Promise<Secret | undefined>;
  ready(): Promise<boolean>;
}

async function resolveLines(context: CliContext): Promise<void> {
  const apis: Answering[] = [];
  let configured: Promise<Answering> | undefined;
  const api = (number: number | undefined): Promise<Answering> | Answering => {
    if (number === undefined) return (configured ??= fromFiles(context));
    const found = apis[number];
    if (found === undefined) throw new KeywrightError("invalid_ask", `there is no api ${number}`);
    return found;
  };
  const answer = async (line: ResolveLine): Promise<string> => {
    switch (line.op) {
      case "open":
        return openedLine(line.id, apis.push(await fromData(line.config, context)) - 1);
      case "get":
        return valueLine(line.id, await (await api(line.api)).get(line.question));
      case "check":
        return readyLine(line.id, await (await api(line.api)).ready());
    }
  };
  const under = new Set<Promise<void>>();
  for await (const text of linesOf(process.stdin)) {
    const line = parseResolveLine(text);
    if (line.op === "bad") {
      context.out(errorLine(line.id, line.error));
      continue;
    }
    const turn = answer(line)
      .catch((thrown: unknown) => errorLine(line.id, thrown))
      .then((reply) => context.out(reply))
      .finally(() => under.delete(turn));
    under.add(turn);
  }
  await Promise.all(under);
}

async function fromFiles(context: CliContext): Promise<Answering> {
  const keywright = await opened(context);
  return {
    async get({ secretName, identity, reason }) {
      if (identity !== undefined)
        throw new KeywrightError(
          "invalid_ask",
          "the identity is that of the configuration, none can be given",
        );
      return keywright.resolve(secretAsk(secretName, reason));
    },
    ready: async () => (await keywright.check()).every(({ fault }) => fault === undefined),
  };
}

async function fromData(config: unknown, { env, home, clock, err }: CliContext): Promise<Answering> {
  const { SecretsApi } = await import("../secrets/secrets-api.ts");
  const { attestedAsFound } = await import("../runtime/identity.ts");
  const warn = (text: string): void => err(`keywright: ${text}\n`);
  const api: Api = SecretsApi.fromConfigData(config as SecretsConfigData, { env, home, clock, warn });
  return {
    async get({ secretName, identity, reason }) {
      const as = attestedAsFound(wordsFrom(identity));
      return (await api.getSecret({ secretName, identity: as, reason, default: null })) ?? undefined;
    },
    ready: () => api.checkReady(),
  };
}

/** Five texts and nothing about how well they are known: machine and substrate are looked at here, the rest is asserted. */
function wordsFrom(identity: unknown): RuntimeIdentity {
  const said = typeof identity === "object" && identity !== null ? (identity as Record<string, unknown>) : {};
  const words = IDENTITY_FIELDS.map((field) => [field, said[field] ?? ""] as const);
  const known = Object.keys(said).every((key) => IDENTITY_FIELDS.some((field) => field === key));
  if (known && words.every(([, word]) => typeof word === "string"))
    return Object.fromEntries(words) as RuntimeIdentity;
  throw new KeywrightError("invalid_ask", `an identity is { ${IDENTITY_FIELDS.join(", ")} }, each a text`);
}

const LONGEST_LINE = 4 * 1024 * 1024;

async function* linesOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  let rest = "";
  input.setEncoding("utf8");
  for await (const chunk of input as AsyncIterable<string>) {
    rest += chunk;
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
    if (rest.length > LONGEST_LINE)
      throw new KeywrightError("invalid_ask", `a line is longer than ${LONGEST_LINE} characters`);
  }
  if (rest.trim() !== "") yield rest;
}
