// `keywright keyring-backend`: answers one question of the Python package keywright-keyring, on standard input, with one
// line on standard output. It never asks another keyring: the Python side goes on by itself, and there is no way back here.
import { readFileSync } from "node:fs";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import {
  answeredWith,
  asWords,
  backendAnswerText,
  backendAsk,
  parseBackendQuestion,
  type BackendAnswer,
  type BackendQuestion,
} from "../fronts/keyring-backend.ts";
import { openKeywright, type Keywright } from "../keywright.ts";
import type { CliContext } from "./context.ts";

/** Returns the exit code: 0 whenever there is an answer, also one that says what went wrong. */
export async function runKeyringBackend(context: CliContext): Promise<number> {
  context.out(backendAnswerText(await answer(context)));
  return 0;
}

async function answer(context: CliContext): Promise<BackendAnswer> {
  let service: string | undefined;
  try {
    const question = parseBackendQuestion(readFileSync(0, "utf8"));
    ({ service } = question);
    return await answered(question, await opened(context), context);
  } catch (thrown) {
    if (service !== undefined) {
      const { noteFailure } = await import("./why-log.ts"); // What the Python side raises may never be shown.
      noteFailure(context.home, { front: "python", service, now: context.clock.now(), thrown });
    }
    return { outcome: "failed", error: asKeywrightError(thrown) };
  }
}

/** Its parent is a program that may live for days: that it asks again says nothing about the token it had. */
function opened({ env, home, clock, log, err }: CliContext): Promise<Keywright> {
  const warn = (text: string): void => err(`keyring: ${text}\n`);
  return openKeywright({ env, home, clock, log, err, warn, parent: () => undefined });
}

async function answered(
  question: BackendQuestion,
  keywright: Keywright,
  context: CliContext,
): Promise<BackendAnswer> {
  const whose = whoseIs(question.service, keywright);
  if (whose === "foreign" || (whose === "ours" && question.operation === "whose")) return { outcome: whose };
  // A look-alike fails here, whatever was asked: it is nobody's, and the audit says so.
  const secret = await keywright.resolve(backendAsk(question));
  if (secret === undefined) throw new KeywrightError("not_found", NOTHING_HELD);
  const found = answeredWith(question, secret);
  if (found.outcome === "answered" && (question.username ?? found.username) !== found.username) {
    context.err(
      `keyring: this registry wants the user name ${found.username}; the client asked for another one\n`,
    );
  }
  return found;
}

function whoseIs(service: string, { classify }: Keywright): "ours" | "refused" | "foreign" {
  const whose = classify(service);
  return whose === "refused" ? classify(asWords(service)) : whose;
}

const NOTHING_HELD = "the address is keywright's and allowed, but its store holds nothing for it";
