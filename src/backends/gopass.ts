// gopass: the first line (or the whole) of an entry, from the program of that name: one process for a value. It writes
// nothing, synchronises nothing, and knows the stores only through the program.
import { KeywrightError } from "../errors.ts";
import type { Environment } from "../io/spawn.ts";
import type { Terminal } from "../io/terminal.ts";
import { unlockingProgram, type Run } from "../io/unlocking.ts";
import { textOf } from "../io/utf8.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf, type Location } from "../resolver/location.ts";
import { isFolder, notText } from "../resolver/secret-faults.ts";
import { Secret } from "../secret.ts";
import { looksLikeFolder, readAnswer, type Answer } from "./gopass-answer.ts";
import { gopassRef, gopassStore } from "./gopass-options.ts";

export interface GopassBackendOptions {
  readonly env: Environment;
  /** Defaults to our own. */
  readonly terminal?: (() => Terminal | undefined) | undefined;
}

/** Of gopass's own variables these two say where the store is and how it opens; PASSWORD_STORE_DIR would lead elsewhere. */
const OWN_VARIABLES = ["GOPASS_HOMEDIR", "GOPASS_AGE_PASSWORD"];

/**
 * The user's own settings must not take the value to the clipboard, hide it, make a read talk to the network, or let an
 * entry stand for one that lies elsewhere.
 */
const SETTINGS = [
  ["show.autoclip", "false"],
  ["show.safecontent", "false"],
  ["core.autosync", "false"],
  ["core.follow-references", "false"],
] as const;

const OVERRIDES: Environment = {
  GOPASS_CONFIG_COUNT: String(SETTINGS.length),
  ...Object.fromEntries(SETTINGS.map(([key], at) => [`GOPASS_CONFIG_KEY_${at}`, key])),
  ...Object.fromEntries(SETTINGS.map(([, value], at) => [`GOPASS_CONFIG_VALUE_${at}`, value])),
  GOPASS_GPG_OPTS: "--status-fd 2",
  GOPASS_NO_NOTIFY: "true",
  CHECKPOINT_DISABLE: "true",
  NO_COLOR: "true",
};

export function gopassBackend({ env, terminal }: GopassBackendOptions): Backend {
  const program = unlockingProgram({
    program: "gopass",
    env,
    terminal,
    also: OWN_VARIABLES,
    proof: { argv: ["--version"], says: /^gopass \d/ },
    remedies: {
      absent: "Install gopass (gopass.pw); of the PATH only absolute folders count.",
      other: "Debian's package gopass is a different program. Put the gopass of gopass.pw first on the PATH.",
    },
  });
  return {
    async retrieve(location) {
      const path = secretPathOf(location);
      const { timeout } = gopassStore(location.store);
      const { body } = gopassRef(location.ref, location.store);
      const entry = entryOf(await program(timeout), path, location);
      const bytes = body ? await wholeOf(entry, path, location) : await firstLineOf(entry, location);
      if (bytes === undefined) return undefined;
      const text = textOf(bytes);
      if (text === undefined) throw notText(location);
      return new Secret(text);
    },
    async check(store) {
      const run = await program(gopassStore(store).timeout);
      readAnswer(await run(["ls", "--flat"], OVERRIDES), store);
    },
  };
}

interface Entry {
  firstLine(): Promise<Answer>;
  whole(): Promise<Answer>;
}

function entryOf(run: Run, path: string, { store }: Location): Entry {
  const show = async (...flags: readonly string[]): Promise<Answer> =>
    readAnswer(await run(["show", "-n", ...flags, "--", path], OVERRIDES), store);
  return { firstLine: () => show("-o"), whole: () => show() };
}

async function firstLineOf(entry: Entry, location: Location): Promise<Buffer | undefined> {
  const line = await entry.firstLine();
  if (line.kind === "missing") return undefined;
  if (isTree(line)) throw isFolder(location);
  if (line.kind === "value") return line.bytes;
  const whole = await entry.whole();
  if (whole.kind === "missing") return undefined;
  if (whole.kind === "empty" || whole.bytes.every((byte) => byte === NEWLINE)) return Buffer.alloc(0);
  throw new KeywrightError("backend", `the entry of ref ${location.ref.name} has an empty first line`, {
    hint: "The option body: true of the ref gives all of it. What `gopass cat` wrote is binary, which keywright does not read.",
  });
}

async function wholeOf(entry: Entry, path: string, location: Location): Promise<Buffer | undefined> {
  const whole = await entry.whole();
  if (whole.kind === "missing") return undefined;
  if (whole.kind === "empty") return Buffer.alloc(0);
  // The body of an entry may look like a folder, but its first line does not.
  if (looksLikeFolder(whole.bytes, path) && isTree(await entry.firstLine())) throw isFolder(location);
  return whole.bytes;
}

const NEWLINE = 0x0a;

/** The first line of an entry comes without its newline; what gopass prints for a folder has one always. */
function isTree(firstLine: Answer): boolean {
  return firstLine.kind === "value" && firstLine.bytes.includes(NEWLINE);
}
