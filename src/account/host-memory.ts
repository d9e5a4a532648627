// What is remembered about menda hosts: for a day what metadata each one has, and for good that it once had some.
// The second is what keeps a host from being talked back into the older form. It asks no network.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import { readPrivate, writePrivate } from "../io/files.ts";

const DAY = 24 * 60 * 60;

export interface KnownHost {
  readonly host: string;
  /** Epoch seconds; undefined: it never had metadata. */
  readonly metadataSince: number | undefined;
  /** Epoch seconds; undefined: nothing is remembered of its last answer. */
  readonly askedAt: number | undefined;
  /** True: the user said that it speaks the menda form. */
  readonly saidMenda: boolean;
}

export interface HostMemory {
  /** The host's last answer, of at most a day ago, as JSON data; null: it has no metadata. undefined: not known. */
  answer(host: string, now: number): unknown;
  /** Keeps an answer; null: it has no metadata. A folder that cannot be written costs only the next question. */
  keep(host: string, answer: unknown, now: number): void;
  /** True when the host was ever seen with metadata, and the user has not said since that it speaks the menda form. */
  hadMetadata(host: string): boolean;
  /** True when the user has said that the host speaks the menda form. */
  saidMenda(host: string): boolean;
  /** Keeps that the user said so, until `forget`. Throws when it cannot be written. */
  sayMenda(host: string, now: number): void;
  list(): readonly KnownHost[];
  /** Forgets everything about the host. Returns false when nothing was known. */
  forget(host: string): boolean;
}

interface Entry {
  readonly host: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly answer?: unknown;
  /** What the user said. */
  readonly protocol?: "menda";
}

/** @param home undefined: there is no home folder, and nothing is remembered. */
export function hostMemory(home: string | undefined): HostMemory {
  const cache = home === undefined ? undefined : join(home, ".cache", "keywright", "hosts");
  const state = home === undefined ? undefined : join(home, ".local", "state", "keywright", "hosts");
  return {
    answer(host, now) {
      const entry = cache === undefined ? undefined : entryOf(fileIn(cache, host));
      if (entry === undefined || entry.host !== host) return undefined;
      return entry.at <= now && now - entry.at < DAY ? entry.answer : undefined;
    },
    keep(host, answer, now) {
      if (cache === undefined || state === undefined) return;
      const at = Math.floor(now);
      if (answer !== null && readFile(fileIn(state, host)) === undefined)
        write(fileIn(state, host), { host, at });
      write(fileIn(cache, host), { host, at, answer });
    },
    // A file that cannot be parsed is still the trace of a host that had metadata.
    hadMetadata: (host) =>
      state !== undefined && readFile(fileIn(state, host)) !== undefined && !saysMenda(state, host),
    saidMenda: (host) => state !== undefined && saysMenda(state, host),
    sayMenda(host, now) {
      if (state === undefined)
        throw new KeywrightError("configuration", "there is no home folder to keep it in");
      writePrivate(
        fileIn(state, host),
        `${JSON.stringify({ host, at: Math.floor(now), protocol: "menda" })}\n`,
      );
    },
    list() {
      const asked = entries(cache);
      const seen = entries(state);
      const hosts = [...new Set([...asked.keys(), ...seen.keys()])].sort();
      return hosts.map((host) => {
        const saidMenda = seen.get(host)?.protocol === "menda";
        const metadataSince = saidMenda ? undefined : seen.get(host)?.at;
        return { host, metadataSince, askedAt: asked.get(host)?.at, saidMenda };
      });
    },
    forget(host) {
      const files = [cache, state].flatMap((folder) => (folder === undefined ? [] : [fileIn(folder, host)]));
      const known = files.filter((file) => readFile(file) !== undefined);
      for (const file of known) rmSync(file, { force: true });
      return known.length > 0;
    },
  };
}

function saysMenda(state: string, host: string): boolean {
  const entry = entryOf(fileIn(state, host));
  return entry?.host === host && entry.protocol === "menda";
}

function fileIn(folder: string, host: string): string {
  return join(folder, `${sha256(host)}.json`);
}

/** Throws `configuration` when another user can write the file: what it says could not be relied on. */
function readFile(path: string): string | undefined {
  return readPrivate(path);
}

function entryOf(path: string): Entry | undefined {
  try {
    const entry: unknown = JSON.parse(readFile(path) ?? "");
    const { host, at } = (entry ?? {}) as Partial<Entry>;
    return typeof host === "string" && typeof at === "number" ? (entry as Entry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function entries(folder: string | undefined): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const name of folder === undefined ? [] : names(folder)) {
    const entry = name.endsWith(".json") ? entryOf(join(folder ?? "", name)) : undefined;
    if (entry !== undefined) found.set(entry.host, entry);
  }
  return found;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function write(path: string, entry: Entry): void {
  try {
    writePrivate(path, `${JSON.stringify(entry)}\n`);
  } catch (error) {
    // Read-only, full or absent: the answer is still good for this time. A folder open to others is refused.
    if (error instanceof KeywrightError) throw error;
  }
}
