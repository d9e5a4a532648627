// The JSON-lines protocol of exec stores, version 2: many questions to one program, answered in any order. It knows no store;
// docs/backends/exec.md has the protocol for those who write such a program.
import { KeywrightError, type ErrorCode } from "../errors.ts";
import { startLineProgram, type LineProgram } from "../io/line-program.ts";
import type { Environment } from "../io/spawn.ts";

export interface LineSession {
  /** undefined: the program has no such value. Throws `timed_out`, `locked`, `denied` or `backend`. */
  ask(path: string): Promise<string | undefined>;
}

export interface LineSessionOptions {
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Seconds for one answer. */
  readonly timeout: number;
}

const VERSION = 2;
/** Characters of an answer: 1 MB, each character escaped, with room. */
const MOST = 8 * 1024 * 1024;

interface Waiting {
  resolve(value: string | undefined): void;
  reject(error: KeywrightError): void;
}

/** The program is started by the first question, and again by the next one after it has ended. */
export function lineSession({ file, argv, env, timeout }: LineSessionOptions): LineSession {
  const waiting = new Map<string, Waiting>();
  let program: LineProgram | undefined;
  let asked = 0;

  function over(reason: KeywrightError): void {
    program?.end();
    program = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(reason);
  }
  function heard(line: string): void {
    const answer = parsed(line);
    const asker = answer === undefined ? undefined : waiting.get(answer.id);
    if (answer === undefined || asker === undefined) return over(unfit(file));
    waiting.delete(answer.id);
    if (answer.error === undefined) asker.resolve(answer.value);
    else asker.reject(answer.error);
  }
  return {
    ask(path) {
      const id = String((asked += 1));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => over(tooLate(file, timeout)), timeout * 1000);
        const settled =
          <T>(settle: (with_: T) => void) =>
          (with_: T): void => {
            clearTimeout(timer);
            settle(with_);
          };
        waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
        program ??= startLineProgram(file, argv, { env, cwd: "/", most: MOST, onLine: heard, onEnd: over });
        program.send(JSON.stringify({ v: VERSION, id, path }));
      });
    },
  };
}

type Answer = { readonly id: string } & (
  | { readonly value: string | undefined; readonly error?: undefined }
  | { readonly error: KeywrightError }
);

/** undefined: no answer of this protocol. */
function parsed(line: string): Answer | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("id" in answer) || typeof answer.id !== "string")
    return undefined;
  const { id } = answer;
  if ("value" in answer)
    return typeof answer.value === "string" && !("error" in answer) ? { id, value: answer.value } : undefined;
  if (!("error" in answer) || typeof answer.error !== "object" || answer.error === null) return undefined;
  const code = "code" in answer.error ? answer.error.code : undefined;
  return code === "not_found" ? { id, value: undefined } : { id, error: failure(code) };
}

const FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  locked: ["locked", "the program says that it is locked"],
  denied: ["denied", "the program says that it may not hand this out"],
  failed: ["backend", "the program says that it failed"],
};

/** What the program says in its own words is left out: it could hold the value. */
function failure(code: unknown): KeywrightError {
  const known = typeof code === "string" && Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  const [ours, message] = known ?? [
    "backend",
    "the program answered with an error that the protocol does not know",
  ];
  const hint =
    ours === "locked"
      ? "Unlock it, then repeat."
      : "Ask the program by hand to see what it says: keywright does not show that, since it could hold a value.";
  return new KeywrightError(ours, message, { hint });
}

function tooLate(file: string, seconds: number): KeywrightError {
  return new KeywrightError("timed_out", `${file} did not answer within ${seconds} s and was ended`, {
    hint: "Raise the store's option timeout, or look at what the program waits for.",
  });
}

function unfit(file: string): KeywrightError {
  return new KeywrightError(
    "backend",
    `${file} wrote a line that is no answer to a question, and was ended`,
    {
      hint: "See docs/backends/exec.md for the protocol, version 2; `protocol: summon` is for programs that print one value.",
    },
  );
}
