// Speaks the `keyring` executable of jaraco/keyring 25.7: words in, a call; a secret in, the lines that pip, uv and PDM read.
// It knows no policy and no backend, and does not look at the address.
import { KeywrightError } from "../errors.ts";
import { actionOf } from "../resolver/action.ts";
import type { RegistryAsk } from "../resolver/ask.ts";
import type { Secret } from "../secret.ts";
import { readKeyringWords, WordsError, type KeyringWords } from "./keyring-grammar.ts";

/** `-b`: only this backend is meant; undefined: whichever answers. */
type Backend = string | undefined;

export interface KeyringGet {
  readonly operation: "get";
  readonly service: string;
  /** As given: "" means none, as undefined does. */
  readonly username: string | undefined;
  readonly mode: KeyringWords["mode"];
  readonly output: KeyringWords["output"];
  readonly backend: Backend;
}

export interface KeyringChange {
  readonly operation: "set" | "del";
  readonly service: string;
  readonly username: string;
  readonly backend: Backend;
}

export interface KeyringNotice {
  readonly operation: "diagnose" | "list-backends" | "disable" | "help" | "print-completion";
}

/** The command line cannot be understood; the message is what stands after `keyring: error: `. */
export interface KeyringMisuse {
  readonly operation: "misuse";
  readonly message: string;
}

export type KeyringCall = KeyringGet | KeyringChange | KeyringNotice;

/** Never throws for any words: what does not fit comes back as a misuse (exit code 2). */
export function parseKeyringArguments(argv: readonly string[]): KeyringCall | KeyringMisuse {
  try {
    return called(readKeyringWords(argv));
  } catch (thrown) {
    if (thrown instanceof WordsError) return { operation: "misuse", message: masked(thrown.message) };
    throw thrown;
  }
}

/** The question behind a `get`. */
export function toAsk(call: KeyringGet): RegistryAsk {
  const username = call.username === "" ? undefined : call.username;
  return { kind: "registry", url: call.service, username, action: actionOf(call.service) };
}

/** The text for standard output. Throws when the value does not survive the way to the client as it is. */
export function keyringAnswer(call: KeyringGet, secret: Secret): string {
  const password = secret.reveal();
  if (call.mode === "password") return written(call, { password });
  // "" is no user name, neither as a question nor as an answer.
  const username = [secret.username, call.username].find((name) => name !== undefined && name !== "");
  if (username === undefined) {
    throw new KeywrightError("configuration", "no user name is known for this registry", {
      hint: "Set `username` of the ref, or put one into the URL (https://NAME@host/…).",
    });
  }
  return written(call, { username, password });
}

export const KEYRING_USAGE = `usage: keyring [-h] [-p KEYRING_PATH] [-b KEYRING_BACKEND] [--list-backends]
               [--disable] [--mode {password,creds}] [--output {plain,json}]
               [--print-completion {bash,zsh,tcsh}]
               [{get,set,del,diagnose}] [service] [username]
`;

/** The order of the tests is that of keyring's own `run`. */
function called(words: KeyringWords): KeyringCall {
  const { operation, service, username, backend } = words;
  if (words.ended !== undefined) return { operation: words.ended };
  if (words.listBackends) return { operation: "list-backends" };
  if (words.disable) return { operation: "disable" };
  if (operation === "diagnose") return { operation };
  if (operation === undefined) throw new WordsError("Specify operation (get, set, del, diagnose).");
  if (operation === "get" && words.mode === "creds") {
    if (service === undefined) throw new WordsError("get requires service");
    return { operation, service, username, mode: words.mode, output: words.output, backend };
  }
  if (service === undefined || username === undefined) {
    throw new WordsError(`${operation} requires service and username`);
  }
  if (operation !== "get") return { operation, service, username, backend };
  return { operation, service, username, mode: words.mode, output: words.output, backend };
}

// What ends a line for somebody: C0, DEL and C1 controls (Python's splitlines takes some of them for a line end), and the two
// Unicode separators.
const ENDS_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

function written(call: KeyringGet, fields: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(fields)) {
    const fault = faultOf(value, call.output);
    if (fault === undefined) continue;
    throw new KeywrightError("backend", `the ${name} ${fault}, which the keyring protocol cannot carry`);
  }
  if (call.output === "plain")
    return Object.values(fields)
      .map((value) => `${value}\n`)
      .join("");
  const members = Object.entries(fields).map(([name, value]) => `"${name}": ${asciiJson(value)}`);
  return `{${members.join(", ")}}\n`;
}

function faultOf(value: string, output: KeyringWords["output"]): string | undefined {
  if (!value.isWellFormed()) return "is not valid Unicode";
  if (output === "plain" && ENDS_A_LINE.test(value)) return "has a line end or a control character";
  return undefined;
}

/** Python's json.dumps: everything that is not printable ASCII becomes an escape. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** What is echoed may hold an address with a password in it. */
function masked(text: string): string {
  return text.replace(/:[^:@\s]*@/g, ":***@");
}
