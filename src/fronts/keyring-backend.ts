// Speaks with the Python package keywright-keyring: one JSON object with a question in, one with the answer out. It knows
// no policy and no backend, and the format is nobody else's: both ends are of one release.
import {
  InvalidCachedTokenError,
  KeywrightError,
  M2MProfileWithoutClientCredentialsError,
  MendaCloudAPIError,
  MendaKeyRingError,
  NoCachedLoginError,
  ProfileNotFoundError,
  ProfileWithoutHostError,
} from "../errors.ts";
import { actionOf } from "../resolver/action.ts";
import type { RegistryAsk } from "../resolver/ask.ts";
import type { Secret } from "../secret.ts";

export interface BackendQuestion {
  /** `whose`: nothing is fetched; what the Python side asks before it lets anybody store or delete. */
  readonly operation: "get" | "whose";
  readonly service: string;
  /** undefined: the client has none, or an empty one. */
  readonly username: string | undefined;
}

export type BackendAnswer =
  | { readonly outcome: "foreign" }
  | { readonly outcome: "ours" }
  | { readonly outcome: "answered"; readonly secret: Secret; readonly username: string }
  | { readonly outcome: "failed"; readonly error: KeywrightError };

/** Throws `usage` for what is no question of this format. */
export function parseBackendQuestion(text: string): BackendQuestion {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw notUnderstood(); // What the parser says would quote the text, which may hold a password.
  }
  if (typeof read !== "object" || read === null) throw notUnderstood();
  const { v, operation, service, username } = read as Readonly<Record<string, unknown>>;
  const known = (["get", "whose"] as const).find((one) => one === operation);
  if (v !== FORMAT || known === undefined || typeof service !== "string") throw notUnderstood();
  if (username !== null && typeof username !== "string") throw notUnderstood();
  return { operation: known, service, username: username === "" || username === null ? undefined : username };
}

/** The question behind a `get`. */
export function backendAsk({ service, username }: BackendQuestion): RegistryAsk {
  return { kind: "registry", url: service, username, action: actionOf(service) };
}

/** What a question of ours is answered with. Throws `configuration` when nobody says which user name belongs to it. */
export function answeredWith(question: BackendQuestion, secret: Secret): BackendAnswer {
  const username = [secret.username, question.username].find((name) => name !== undefined && name !== "");
  if (username !== undefined) return { outcome: "answered", secret, username };
  throw new KeywrightError("configuration", "no user name is known for this registry", {
    hint: "Set `username` of the ref, or put one into the URL (https://NAME@host/…).",
  });
}

/** One line for standard output, ASCII only. */
export function backendAnswerText(answer: BackendAnswer): string {
  const text = JSON.stringify({ v: FORMAT, ...written(answer) });
  return `${text.replace(/[\u007f-\uffff]/g, escaped)}\n`;
}

/**
 * The name of an entry as words, so that only the search for look-alikes looks at it: programs name what they store in
 * any characters, and a name that cannot be an address, nor look like one of ours, is none of our business.
 */
export function asWords(service: string): string {
  const plain = service.normalize("NFKC").replaceAll("\u3002", ".").replaceAll("\\", "/");
  return `? ${plain.replace(/[^\x20-\x7e]/g, " ")}`;
}

const FORMAT = 1;

function written(answer: BackendAnswer): object {
  if (answer.outcome === "answered") {
    const { outcome, secret, username } = answer;
    return { outcome, username, password: secret.reveal() };
  }
  if (answer.outcome !== "failed") return answer;
  const { outcome, error } = answer;
  const { code, message, hint = null } = error;
  const status = error instanceof MendaKeyRingError ? error.statusCode : undefined;
  return { outcome, error: { name: nameOf(error), code, message, hint, status_code: status ?? null } };
}

/** Written out, because the executable's minifier shortens the names of classes. */
const NAMES: Readonly<Record<string, new (...words: never[]) => Error>> = {
  MendaCloudAPIError,
  NoCachedLoginError,
  ProfileNotFoundError,
  ProfileWithoutHostError,
  M2MProfileWithoutClientCredentialsError,
  InvalidCachedTokenError,
};

function nameOf(error: KeywrightError): string {
  return Object.keys(NAMES).find((name) => error instanceof NAMES[name]!) ?? "MendaKeyRingError";
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function notUnderstood(): KeywrightError {
  return new KeywrightError("usage", "this is no question of the Python package keywright-keyring", {
    hint: "Install keywright and keywright-keyring of one release.",
  });
}
