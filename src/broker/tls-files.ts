// TLS from files: reads the pair, and reads it again when the files change. A file that has just changed is given one
// more look, since certificate and key are hardly ever replaced in the same instant. It knows no server.
import { readFileSync, statSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import type { Tls } from "./listening.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface WatchedTls {
  readonly first: Tls;
  /** Hands a pair that is new to `apply`, once; what it throws goes to `fault`, and the old pair stays. */
  look(apply: (tls: Tls) => void, fault: (message: string) => void): void;
}

/** Throws `configuration` when they cannot be read. */
export function watchTls(files: TlsFiles): WatchedTls {
  const first = read(files);
  let applied = stampOf(files);
  let seen = applied;
  return {
    first,
    look(apply, fault) {
      const stamp = stampOf(files);
      const settled = stamp === seen;
      seen = stamp;
      if (stamp === applied || !settled) return;
      applied = stamp; // Also when it fails: it is told once, and tried again at the next change.
      try {
        apply(read(files));
      } catch (thrown) {
        fault(thrown instanceof KeywrightError ? thrown.message : "the certificate and the key are no pair");
      }
    },
  };
}

function read({ cert, key }: TlsFiles): Tls {
  return { cert: textOf(cert), key: textOf(key) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError("configuration", `${file} cannot be read (${code})`, { cause });
  }
}

function stampOf({ cert, key }: TlsFiles): string {
  return [cert, key]
    .map((file) => {
      const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stats === undefined ? "-" : `${stats.ino}.${stats.size}.${stats.mtimeNs}`;
    })
    .join("/");
}
