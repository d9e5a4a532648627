// What the sources of credentials ask with, and how they read what is answered. It knows none of them.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Http } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import { Secret } from "../secret.ts";
import type { AwsCredentials } from "./credentials.ts";
import { epochOf } from "./iso-time.ts";
import type { ProfileSettings } from "./profile-settings.ts";
import type { Place } from "./shared-config.ts";

export interface Asking extends Place {
  readonly clock: Clock;
  readonly http: Http;
  readonly settings: ProfileSettings;
  readonly debug?: Say | undefined;
  /** Waits that many seconds between two attempts; undefined: really. */
  readonly sleep?: ((seconds: number) => Promise<void>) | undefined;
}

/** What the answers of a container, an instance and a program are called. */
export interface AnswerNames {
  readonly token: "Token" | "SessionToken";
  /** True: without a token or an expiry it is no answer. */
  readonly temporary: boolean;
}

/**
 * Credentials out of an answer; `source` says whose it is. Throws `backend` when it is none, without a word of it, and
 * `authentication` when they have expired already.
 */
export function answeredCredentials(
  answer: Readonly<Record<string, unknown>>,
  { token, temporary }: AnswerNames,
  source: string,
  now: number,
): AwsCredentials {
  const text = (name: string): string | undefined => {
    const value = answer[name] ?? undefined;
    if (value === undefined || value === "") return undefined;
    if (typeof value !== "string" || !/^[\u0021-\u007e]{1,65536}$/.test(value)) throw unusable(source, name);
    return value;
  };
  const needed = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw unusable(source, name);
    return value;
  };
  const sessionToken = temporary ? needed(token) : text(token);
  const expiresAt = epochOf(answer["Expiration"]);
  if (expiresAt === undefined && (temporary || (answer["Expiration"] ?? undefined) !== undefined))
    throw unusable(source, "Expiration");
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new KeywrightError("authentication", `the AWS credentials from ${source} have expired already`, {
      hint: "Let what provides them renew them, and check this machine's clock.",
    });
  }
  return {
    accessKeyId: needed("AccessKeyId"),
    secretAccessKey: new Secret(needed("SecretAccessKey")),
    sessionToken: sessionToken === undefined ? undefined : new Secret(sessionToken),
    expiresAt,
    source,
    role: undefined,
  };
}

function unusable(source: string, name: string): KeywrightError {
  return new KeywrightError("backend", `what ${source} answered has no usable ${name}`, {
    hint: "Check that nothing else answers in its place.",
  });
}
