// Secret holds a value that must not be shown: whatever prints it prints [secret]. It does not encrypt or wipe memory.
import { sha256 } from "./digest.ts";

const SHOWN = "[secret]";

export interface SecretOptions {
  /** Epoch seconds after which the value is worthless; undefined: a static value, which is never cached. */
  readonly expiresAt?: number | undefined;
  /** The user name that belongs to the value; undefined: the ref says it, or there is none. */
  readonly username?: string | undefined;
  /** Whom the upstream knows as the holder (for the audit); undefined: not known. */
  readonly upstream?: string | undefined;
}

export class Secret {
  readonly #value: string;
  readonly expiresAt: number | undefined;
  readonly username: string | undefined;
  readonly upstream: string | undefined;

  constructor(value: string, options: SecretOptions = {}) {
    this.#value = value;
    this.expiresAt = options.expiresAt;
    this.username = options.username;
    this.upstream = options.upstream;
  }

  /** The value itself. Call it where it leaves the program, nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /** SHA-256 of the value, hexadecimal: what the audit knows it by. */
  fingerprint(): string {
    return sha256(this.#value);
  }

  /** The same value with this user name; undefined leaves the one it has. */
  withUsername(username: string | undefined): Secret {
    const { expiresAt, upstream } = this;
    return username === undefined ? this : new Secret(this.#value, { expiresAt, upstream, username });
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}
