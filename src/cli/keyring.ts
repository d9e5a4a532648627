// The `keyring` executable: answers for our own registries, and leaves everything else to the next keyring on the PATH.
// It imports next to nothing, because package managers start it once for every question.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import {
  KEYRING_USAGE,
  keyringAnswer,
  parseKeyringArguments,
  toAsk,
  type KeyringChange,
  type KeyringGet,
} from "../fronts/keyring.ts";
import type { RegistryAsk } from "../resolver/ask.ts";
import type { Secret } from "../secret.ts";
import type { CliContext } from "./context.ts";

export interface KeyringDependencies {
  /** Undefined: ours and allowed, but there is no such value. Throws a KeywrightError; `unknown` means that the address is foreign. */
  resolve(ask: RegistryAsk): Promise<Secret | undefined>;
  /** Whose address it is, without network. Throws a KeywrightError when the configuration cannot be read. */
  classify(service: string): Promise<"ours" | "refused" | "foreign">;
  /** The real path of our own executable or wrapper, which is never asked again. */
  readonly self: string;
}

/** Returns the exit code: 0 answered or done, 1 no answer, 2 the words cannot be understood. Writes nothing but the answer to standard output. */
export async function runKeyring(
  argv: readonly string[],
  context: CliContext,
  deps: KeyringDependencies,
): Promise<number> {
  const turn: Turn = { argv, context, deps };
  try {
    return await run(turn);
  } catch (thrown) {
    return failed(turn, asKeywrightError(thrown));
  }
}

interface Turn {
  readonly argv: readonly string[];
  readonly context: CliContext;
  readonly deps: KeyringDependencies;
}

const OUR_BACKENDS: readonly string[] = ["keywright", "keywright.Keyring"];
const OURS_LISTED = "keywright.Keyring (priority: 9.95)\n";

async function run(turn: Turn): Promise<number> {
  const { argv, context } = turn;
  const call = parseKeyringArguments(argv);
  switch (call.operation) {
    case "misuse":
      return misused(turn, call.message);
    case "help":
      context.out((await import("./keyring-help.ts")).KEYRING_HELP);
      return 0;
    case "diagnose":
      context.out((await import("./keyring-help.ts")).keyringPlaces(context.home));
      return (await next(turn)) ?? 0;
    case "list-backends":
      context.out(OURS_LISTED);
      return (await next(turn)) ?? 0;
    case "disable":
      return (await next(turn)) ?? failed(turn, noNext("there is no other keyring on the PATH to disable"));
    case "print-completion":
      return (
        (await next(turn)) ??
        failed(turn, noNext("there is no other keyring on the PATH that could complete"))
      );
    case "get":
    case "set":
    case "del":
      if (call.backend !== undefined && !OUR_BACKENDS.includes(call.backend)) return elsewhere(turn, call);
      return call.operation === "get" ? get(turn, call) : change(turn, call);
  }
}

async function get(turn: Turn, call: KeyringGet): Promise<number> {
  const ask = toAsk(call);
  let secret: Secret | undefined;
  try {
    secret = await turn.deps.resolve(ask);
  } catch (thrown) {
    const error = asKeywrightError(thrown);
    if (error.code !== "unknown") return failed(turn, error);
    // Not ours: as silent as the original when it has nothing.
    return (await passedOn(turn, call)) ?? 1;
  }
  if (secret === undefined) return failed(turn, new KeywrightError("not_found", NOTHING_HELD));
  turn.context.out(keyringAnswer(call, secret));
  const { username } = secret;
  if (
    call.mode === "password" &&
    ask.username !== undefined &&
    username !== undefined &&
    username !== ask.username
  ) {
    turn.context.err(
      `keyring: this registry wants the user name ${username}; the client asked for another one\n`,
    );
  }
  return 0;
}

async function change(turn: Turn, call: KeyringChange): Promise<number> {
  switch (await turn.deps.classify(call.service)) {
    case "ours":
      turn.context.err(
        "keyring: nothing is stored or deleted, because keywright itself answers for this address\n",
      );
      return 0;
    case "refused":
      return failed(turn, refused());
    case "foreign":
      return (await passedOn(turn, call)) ?? failed(turn, noNext(NOWHERE[call.operation]));
  }
}

const NOTHING_HELD = "the address is keywright's and allowed, but its store holds nothing for it";

const NOWHERE = {
  set: "nothing was stored: the address is not keywright's, and there is no other keyring to give it to",
  del: "nothing was deleted: the address is not keywright's, and there is no other keyring to ask",
} as const;

/** `-b` with a backend that is not ours: the user chose who is asked. A refused address goes nowhere all the same. */
async function elsewhere(turn: Turn, call: KeyringGet | KeyringChange): Promise<number> {
  if ((await turn.deps.classify(call.service)) === "refused") return failed(turn, refused());
  if (holdsPassword(call.service)) return failed(turn, withPassword());
  return (
    (await next(turn)) ??
    misused(turn, "Unable to load specified keyring: there is no other keyring on the PATH")
  );
}

/** A foreign question, to whoever comes after us; undefined: nobody. */
async function passedOn(turn: Turn, call: KeyringGet | KeyringChange): Promise<number | undefined> {
  if (call.backend !== undefined) return undefined;
  if (!holdsPassword(call.service)) return next(turn);
  return call.operation === "get" ? undefined : failed(turn, withPassword());
}

async function next({ argv, context, deps }: Turn): Promise<number | undefined> {
  const { askNextKeyring } = await import("./next-keyring.ts");
  return askNextKeyring(argv, context.env, deps.self);
}

/** True when there may be a password in front of the host, by any reading: also without a scheme, and with `\` or `/` in it. */
function holdsPassword(service: string): boolean {
  const authority = service.replace(/^(?:[^/\\?#:@]*:)?[/\\]+/, "");
  return /^[^/\\?#:]*:(?![0-9]*(?:[/\\?#]|$))[^]*@/.test(authority);
}

function failed({ context }: Turn, error: KeywrightError): number {
  context.err(`keyring: ${error.message}\n${error.hint === undefined ? "" : `  ${error.hint}\n`}`);
  return 1;
}

function misused({ context }: Turn, message: string): number {
  context.err(`${KEYRING_USAGE}keyring: error: ${message}\n`);
  return 2;
}

function refused(): KeywrightError {
  return new KeywrightError(
    "refused",
    "the address looks like one of ours and is none, so no keyring is asked",
    {
      hint: "Check its spelling against `match` in the configuration.",
    },
  );
}

function withPassword(): KeywrightError {
  return new KeywrightError(
    "refused",
    "the address holds a password, so it is not given to another program",
    {
      hint: "Leave the password out of the address.",
    },
  );
}

function noNext(message: string): KeywrightError {
  return new KeywrightError("not_found", message, {
    hint: "Install the Python package keyring (`pipx install keyring`) somewhere later on the PATH.",
  });
}
