// Ask: the question, as a front understood it. It says nothing about who asks or whether an answer is allowed.
import { KeywrightError } from "../errors.ts";

export type Action = "read" | "publish";

export interface SecretAsk {
  readonly kind: "secret";
  readonly name: string;
  readonly reason?: string | undefined;
}

export interface RegistryAsk {
  readonly kind: "registry";
  /** The address as the client gave it, unparsed: `address.ts` decides what it is. */
  readonly url: string;
  /** The user name that the client named; undefined: none. */
  readonly username?: string | undefined;
  readonly action: Action;
  readonly reason?: string | undefined;
  /** Seconds that the token should live at most: 900..43200, or 0 for as long as the session behind it; undefined: not said. */
  readonly duration?: number | undefined;
}

export type Ask = SecretAsk | RegistryAsk;

const SECRET_NAME = /^[a-z][a-z0-9_]*$/;

export function isSecretName(name: unknown): boolean {
  return typeof name === "string" && name.length <= 128 && SECRET_NAME.test(name);
}

/** A question for a secret by its public name. Throws `invalid_ask` for a name that no ref could have. */
export function secretAsk(name: string, reason?: string): SecretAsk {
  if (!isSecretName(name)) {
    throw new KeywrightError("invalid_ask", `not a secret name: ${JSON.stringify(name.slice(0, 80))}`, {
      hint: "A secret name has lower-case letters, digits and underscores, and begins with a letter.",
    });
  }
  return { kind: "secret", name, reason };
}
