// Reads what strace saw of a broker: its writes, its fsyncs and its answers. It keeps, of the database and its log, what
// was on the disk for certain at each moment: what was written since the last fsync of a file counts as lost.
import { createHash } from "node:crypto";

/** In front of the command; the trace goes to `file`. */
export function strace(file: string): readonly string[] {
  return [
    "strace",
    "-f",
    "-y",
    "-xx",
    "-s",
    "8192",
    "-e",
    `trace=${TRACED}`,
    "-e",
    "signal=none",
    "-o",
    file,
  ];
}

const TRACED = "pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate";

export interface Answer {
  /** SHA-256 of the tokens that it carried, hexadecimal. */
  readonly tokens: readonly string[];
  /** Those of them whose entry was not in a part of the log that a sync, begun afterwards, had completed on. */
  readonly early: readonly string[];
}

export interface Disk {
  /** Every answer with a token, in order. */
  readonly answers: readonly Answer[];
  /** What a crash of the machine right before this answer would have left of each file. */
  survivors(answer: number): ReadonlyMap<string, Buffer>;
}

interface Call {
  readonly kind: "write" | "cut" | "sync began" | "sync done";
  readonly file: string;
  readonly bytes: Buffer;
  /** Offset of a write, or the new length. */
  readonly at: number;
  readonly thread: string;
}

/** `initial`: the files, by path, as they were before the broker was started. */
export function readTrace(trace: string, initial: ReadonlyMap<string, Buffer>): Disk {
  const calls = [...callsOf(trace)];
  const log = [...initial.keys()].find((path) => path.endsWith("-wal")) ?? "";
  const answers: (Answer & { readonly place: number })[] = [];
  const syncs = createSyncs<string>();
  const durable = new Set<string>();
  for (const [place, call] of calls.entries()) {
    if (call.file === log) {
      const entries = call.bytes.toString("latin1").matchAll(/"sha256":"([0-9a-f]{64})"/g);
      for (const done of syncs.step(
        call,
        [...entries].map(([, hash = ""]) => hash),
      ))
        durable.add(done);
    } else if (!initial.has(call.file)) {
      const found = call.bytes.toString("latin1").matchAll(/"access_token":"(kw_[A-Za-z0-9_-]{49})"/g);
      const tokens = [...found].map(([, token]) => sha256(token));
      const early = tokens.filter((hash) => !durable.has(hash));
      if (tokens.length > 0) answers.push({ tokens, early, place });
    }
  }
  return { answers, survivors: (answer) => replay(calls.slice(0, answers[answer]?.place ?? 0), initial) };
}

/** A sync covers what was written before it began, once it is over. */
function createSyncs<T>(): { step(call: Call, written: readonly T[]): readonly T[] } {
  let pending: T[] = [];
  const covered = new Map<string, T[]>();
  return {
    step({ kind, thread }, written) {
      if (kind === "sync began") {
        covered.set(thread, pending);
        pending = [];
      } else if (kind === "sync done") {
        return covered.get(thread) ?? [];
      } else pending.push(...written);
      return [];
    },
  };
}

/** What was written is applied when it is synced, and only then. */
function replay(calls: readonly Call[], initial: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Buffer> {
  const disk = new Map(initial);
  const syncs = new Map([...initial.keys()].map((path) => [path, createSyncs<Call>()]));
  for (const call of calls) {
    const done = syncs.get(call.file)?.step(call, [call]) ?? [];
    if (done.length > 0) disk.set(call.file, applied(disk.get(call.file) ?? Buffer.alloc(0), done));
  }
  return disk;
}

function applied(content: Buffer, calls: readonly Call[]): Buffer {
  let next: Buffer = Buffer.from(content);
  for (const { kind, bytes, at } of calls) {
    if (kind === "cut") next = sized(next, at);
    else {
      if (next.length < at + bytes.length) next = sized(next, at + bytes.length);
      bytes.copy(next, at);
    }
  }
  return next;
}

function isSync(name: string): boolean {
  return name === "fsync" || name === "fdatasync";
}

function sized(content: Buffer, length: number): Buffer {
  const next = Buffer.alloc(length);
  content.copy(next, 0, 0, Math.min(length, content.length));
  return next;
}

/** A write counts from where it begins. */
function* callsOf(trace: string): Generator<Call> {
  const syncing = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, thread = "", rest = ""] = /^([0-9]+) +(.*)$/.exec(line) ?? [];
    const [, name = "", path = "", args = ""] = /^([a-z0-9]+)\([0-9]+<([^>]*)>(.*)$/.exec(rest) ?? [];
    const file = unhex(path).toString();
    const nothing = { bytes: Buffer.alloc(0), at: 0, thread };
    if (isSync(name)) {
      syncing.set(thread, file);
      yield { kind: "sync began", file, ...nothing };
    }
    const over = isSync(name)
      ? /\) += 0$/.test(args)
      : /^<\.\.\. (?:fsync|fdatasync) resumed>\) += 0$/.test(rest);
    if (over) yield { kind: "sync done", file: syncing.get(thread) ?? "", ...nothing };
    if (isSync(name) || name === "") continue;
    const numbers =
      args
        .replace(/"[^"]*"/g, "")
        .split(")")[0]
        ?.match(/\b[0-9]+\b/g) ?? [];
    const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text]) => unhex(text));
    const kind = name === "ftruncate" ? "cut" : "write";
    yield { kind, file, bytes: Buffer.concat(texts), at: Number(numbers.at(-1) ?? 0), thread };
  }
}

function unhex(text = ""): Buffer {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}

function sha256(text = ""): string {
  return createHash("sha256").update(text).digest("hex");
}
