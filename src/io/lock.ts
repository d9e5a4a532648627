// A lock that is a file and outlives its holder's crash without locks of the operating system (which Node does not
// have). The file is a symbolic link whose target says who holds it: one system call makes it, whole, or fails.
// It is no lock between machines: there, and between PID namespaces, it only expires.
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { randomHex } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { startTimeOf } from "./process.ts";

export interface LockOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** A lock whose holder cannot be looked at is held to be abandoned after this many seconds. */
const STALE_AFTER = 30;

/** Runs `work` while nobody else does. Throws `timed_out`, or what the system throws when the lock cannot be made. */
export function withLock<T>(path: string, options: LockOptions, work: () => T): T {
  const claim = claimOf(path, options.clock);
  const end = performance.now() + options.timeoutMs;
  for (let delay = 1; !take(path, claim); delay = Math.min(delay * 2, 10)) {
    if (performance.now() >= end) throw tooLong(path, options);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delay * (0.5 + Math.random()));
  }
  try {
    return work();
  } finally {
    giveBack(path, claim);
  }
}

/** As `withLock`, for work that waits: it is done by nobody else meanwhile, or not at all. */
export async function holdLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const claim = claimOf(path, options.clock);
  const end = performance.now() + options.timeoutMs;
  for (let delay = 5; !take(path, claim); delay = Math.min(delay * 2, 100)) {
    if (performance.now() >= end) throw tooLong(path, options);
    await new Promise((wake) => setTimeout(wake, delay * (0.5 + Math.random())));
  }
  try {
    return await work();
  } finally {
    giveBack(path, claim);
  }
}

/**
 * For work that is only better done alone: runs it under the lock, and without it when the lock
 * cannot be made or is not free in time.
 */
export async function preferLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const claim = claimOf(path, options.clock);
  const end = performance.now() + options.timeoutMs;
  let held = takeIfPossible(path, claim);
  for (let delay = 10; held === false && performance.now() < end; delay = Math.min(delay * 2, 100)) {
    await new Promise((wake) => setTimeout(wake, delay * (0.5 + Math.random())));
    held = takeIfPossible(path, claim);
  }
  if (held !== true) return work();
  try {
    return await work();
  } finally {
    giveBack(path, claim);
  }
}

interface Claim {
  /** The path of the lock itself, also in the claim of a guard. */
  readonly base: string;
  readonly nonce: string;
  /** What the lock file says: pid, start time, PID namespace, boot, nonce. */
  readonly text: string;
  readonly clock: Clock;
}

function claimOf(base: string, clock: Clock): Claim {
  const nonce = randomHex(8);
  return { base, nonce, text: [process.pid, ...ourselves(), nonce].join(" "), clock };
}

function take(path: string, claim: Claim): boolean {
  if (create(path, claim.text)) return true;
  const holder = read(path);
  if (holder === claim.text) return true; // A network file system lost the answer to our own call.
  if (holder !== undefined && !isGone(path, holder, claim.clock)) return false;
  if (holder !== undefined && !breakOpen(path, holder, claim)) return false;
  const taken = create(path, claim.text);
  if (taken && path === claim.base && holder !== undefined) sweep(claim);
  return taken;
}

/** undefined: it cannot be made here at all. */
function takeIfPossible(path: string, claim: Claim): boolean | undefined {
  try {
    return take(path, claim);
  } catch {
    return undefined;
  }
}

/**
 * Removes a dead holder's lock. Between reading and removing, another process could do the same and a third take the
 * lock anew; so only the holder of a guard, named by the dead claim and itself such a lock, may remove that claim.
 */
function breakOpen(path: string, holder: string, { base, clock }: Claim): boolean {
  const guard = `${base}.break-${nonceOf(holder)}`;
  const claim = claimOf(base, clock);
  if (!take(guard, claim)) return false;
  try {
    if (read(path) === holder) unlinkSync(path);
    return true;
  } finally {
    giveBack(guard, claim);
  }
}

function giveBack(path: string, claim: Claim): void {
  try {
    if (read(path) === claim.text) unlinkSync(path);
  } catch {
    // It has become unwritable meanwhile: others see that we are gone.
  }
}

/** Guards that killed processes left. Called by the holder of the lock: guards of other claims have no more meaning. */
function sweep({ base, nonce, clock }: Claim): void {
  const guards = `${basename(base)}.break-`;
  try {
    for (const name of readdirSync(dirname(base))) {
      if (!name.startsWith(guards) || name === guards + nonce) continue;
      const path = join(dirname(base), name);
      const holder = read(path);
      if (holder !== undefined && isGone(path, holder, clock)) unlinkSync(path);
    }
  } catch {
    // Another one was quicker, or the folder cannot be listed; the next sweep will do it.
  }
}

function isGone(path: string, holder: string, clock: Clock): boolean {
  const [pid = "", start, ...place] = holder.split(" ");
  const [ourStart, ...ourPlace] = ourselves();
  if (place.slice(0, 2).join(" ") === ourPlace.join(" ") && /^[1-9][0-9]*$/.test(pid)) {
    if (ourStart !== "-" && startTimeOf(Number(pid)) === start) return false;
    // Without an answer from /proc it is dead, or a zombie (which can still be signalled), or of another user's (EPERM).
    const signal = signalOf(Number(pid));
    if (signal === "ESRCH" || (ourStart !== "-" && signal === undefined)) return true;
  }
  const made = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && clock.now() - made / 1000 > STALE_AFTER;
}

function signalOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

let known: readonly [start: string, namespace: string, boot: string] | undefined;

/** Our start time, PID namespace and boot; `-` for what this system does not tell. They do not change while we run. */
function ourselves(): readonly [string, string, string] {
  known ??= [
    // A /proc of another PID namespace would tell us about the wrong processes.
    (said(() => readlinkSync("/proc/self")) === String(process.pid) && startTimeOf("self")) || "-",
    /[0-9]+/.exec(said(() => readlinkSync("/proc/self/ns/pid")))?.[0] ?? "-",
    said(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1")) || hostname(),
  ];
  return known;
}

function said(ask: () => string): string {
  try {
    return ask().trim();
  } catch {
    return "";
  }
}

function nonceOf(holder: string): string {
  return /[0-9a-f]{16}$/.exec(holder)?.[0] ?? "unknown";
}

/** True when it was made; false when there is one already. */
function create(path: string, text: string): boolean {
  try {
    symlinkSync(text, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code === undefined || !NO_LINKS.has(code)) throw error;
    return createFile(path, text);
  }
}

/** What Windows and file systems without symbolic links answer; there the lock is a plain file. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EINVAL",
  "UNKNOWN",
]);

function createFile(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    return said(() => readFileSync(path, "utf8"));
  }
}

function tooLong(path: string, options: LockOptions): KeywrightError {
  return new KeywrightError("timed_out", `${path} was not free within ${options.timeoutMs} ms`, {
    hint: `If no keywright is at work, remove it: rm '${path}'`,
  });
}
