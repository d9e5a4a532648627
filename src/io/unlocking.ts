// Runs a program that may have to ask a person for a passphrase, a touch or a PIN before it answers: with a time limit, as
// a group that ends as a whole, without standard input, and with no more of the environment than it needs.
import { delimiter } from "node:path";
import { KeywrightError } from "../errors.ts";
import { endPinentries } from "./pinentry.ts";
import { findProgram, programFolders } from "./programs.ts";
import { spawnCapture, type Captured, type Environment } from "./spawn.ts";
import { ownTerminal, type Terminal } from "./terminal.ts";
import { createTurns } from "./turns.ts";

export interface UnlockingOptions {
  /** The name to look for on the PATH of `env`. */
  readonly program: string;
  /** What is let through of it: PASSED, and the names in `also`. */
  readonly env: Environment;
  readonly also?: readonly string[] | undefined;
  /** How it is known to be the right one: what it writes for these arguments. */
  readonly proof: { readonly argv: readonly string[]; readonly says: RegExp };
  /** What to do when it is absent, and when it is another program of that name. */
  readonly remedies: { readonly absent: string; readonly other: string };
  /** Defaults to our own. */
  readonly terminal?: (() => Terminal | undefined) | undefined;
}

/** Throws `timed_out` past the limit, `backend` when it cannot be started or writes more than 4 MiB. */
export type Run = (argv: readonly string[], set?: Environment) => Promise<Captured>;

/**
 * What is returned gives the program, ready to be run; `limit` in seconds, undefined: 60 when a person sits at the
 * terminal, else 10. It throws `backend` when there is none, or another one of that name, which is looked at once.
 */
export function unlockingProgram(options: UnlockingOptions): (limit: number | undefined) => Promise<Run> {
  const { program, env, remedies } = options;
  const known = new Map<string, Promise<void>>();
  const turn = createTurns(MOST_AT_ONCE);
  return async (limit) => {
    const file = findProgram(program, env);
    if (file === undefined)
      throw new KeywrightError("backend", `${program} is not on the PATH`, { hint: remedies.absent });
    const run: Run = (argv, set) => turn(() => runLimited(file, argv, limit, set, options));
    let judged = known.get(file);
    if (judged === undefined) {
      judged = assertRight(file, run, options);
      known.set(file, judged);
      judged.catch(() => known.delete(file));
    }
    await judged;
    return run;
  };
}

async function assertRight(
  file: string,
  run: Run,
  { proof, program, remedies }: UnlockingOptions,
): Promise<void> {
  const { stdout } = await run(proof.argv);
  if (proof.says.test(stdout.toString())) return;
  throw new KeywrightError("backend", `${file} is another program than the ${program} that is meant`, {
    hint: remedies.other,
  });
}

/** The parts of the environment that GnuPG, a pinentry (on a terminal or a screen) and the user's characters need. */
const PASSED = [
  "HOME",
  "USER",
  "LOGNAME",
  "TERM",
  "TMPDIR",
  "GNUPGHOME",
  "GPG_TTY",
  "PINENTRY_USER_DATA",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "DBUS_SESSION_BUS_ADDRESS",
  "SSH_AUTH_SOCK",
];
const PASSED_FAMILIES = /^XDG_[A-Z_]+$/;

/** Each may ask a person, and an age store takes 256 MiB each time that its identity is opened (scrypt, 2^18). */
const MOST_AT_ONCE = 4;

/** A value may have 1 MiB or a little more; what is longer is none. */
const MOST_BYTES = 4 * 1024 * 1024;

async function runLimited(
  file: string,
  argv: readonly string[],
  limit: number | undefined,
  set: Environment | undefined,
  { program, env, also = [], terminal = ownTerminal }: UnlockingOptions,
): Promise<Captured> {
  const at = terminal();
  const seconds = limit ?? (at === undefined ? 10 : 60);
  try {
    return await spawnCapture(file, argv, {
      env: { ...passed(env, also), ...language(env), ...terminalOf(env, at), ...set },
      limit: seconds,
      most: MOST_BYTES,
      // The project in which we are asked has no say.
      cwd: "/",
      together: true,
      alsoEnd: endPinentries,
    });
  } catch (error) {
    if (!(error instanceof KeywrightError) || error.code !== "timed_out") throw error;
    throw new KeywrightError(
      "timed_out",
      `${program} gave no answer within ${seconds} s: its store is locked, or waiting for touch or PIN`,
      {
        hint: "Unlock it where you can be asked, then repeat; or give the store a longer `timeout` (seconds).",
      },
    );
  }
}

function passed(env: Environment, also: readonly string[]): Environment {
  const through = Object.entries(env).filter(
    ([name]) => PASSED.includes(name) || also.includes(name) || PASSED_FAMILIES.test(name),
  );
  return { ...Object.fromEntries(through), PATH: programFolders(env).join(delimiter) };
}

/** Characters as the user has them, messages in English: failures are told apart by them. */
function language(env: Environment): Environment {
  const characters = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(
    (one) => one !== undefined && one !== "",
  );
  return { LC_CTYPE: characters, LC_MESSAGES: "C", LANGUAGE: "C" };
}

/** Without standard input GnuPG cannot find the terminal by itself. */
function terminalOf(env: Environment, terminal: Terminal | undefined): Environment {
  return env["GPG_TTY"] === undefined && terminal?.device !== undefined ? { GPG_TTY: terminal.device } : {};
}
