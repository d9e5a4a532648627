// A backend in front of another one: hands out a lease while it is good, lets one question mint when many ask at once.
// It lies below the policy, knows nothing of it, and keeps only what expires. Its own failures cost speed, not answers.
import { join } from "node:path";
import { KeywrightError, type ErrorCode } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { ensurePrivateFolder, orMiss } from "../io/files.ts";
import { preferLock } from "../io/lock.ts";
import type { Say } from "../io/log.ts";
import type { Parent } from "../io/parent.ts";
import type { Backend, RetrieveContext } from "../resolver/backend.ts";
import type { Location } from "../resolver/location.ts";
import type { Secret } from "../secret.ts";
import { askedName, readAnswered, wasRejected, writeAnswered } from "./cached-asked.ts";
import { leaseKey, prune, readLease, writeLease, type Lease } from "./cached-lease.ts";

export interface CacheOptions {
  /** undefined: there is none, so nothing is kept. */
  readonly home: string | undefined;
  readonly clock: Clock;
  /** The process that asks; undefined: unknown, or one whose repeated questions mean nothing (the Python shim). */
  parent(): Parent | undefined;
  /** How long a question waits for another one's mint, milliseconds. */
  readonly waitMs?: number | undefined;
  /** When this question began, epoch seconds; undefined: not known, so when it came here, which is `now`. */
  readonly began?: ((now: number) => number | undefined) | undefined;
  /** True: clients have something else for the host, which they try first, so a repeated question says nothing. */
  readonly tries?: ((host: string) => Promise<boolean>) | undefined;
  readonly debug?: Say | undefined;
}

/** Returns `inner` itself when it cannot say who asks upstream (nothing would separate the leases), or mints here. */
export function cachedBackend(inner: Backend, options: CacheOptions): Backend {
  const upstream = inner.upstream?.bind(inner);
  const { home, clock } = options;
  if (upstream === undefined || home === undefined || inner.local === true) return inner;
  const cache = join(home, ".cache", "keywright");
  const minted = mintOnce(inner, join(cache, "leases"), join(cache, "asked"), options);

  async function retrieve(location: Location, context: RetrieveContext): Promise<Secret | undefined> {
    const key = leaseKey(location, context, await upstream!(location, context));
    const file = join(cache, "leases", `${key}.json`);
    const name = askedName(options.parent(), context.ask);
    const asked = name === undefined ? undefined : join(cache, "asked", name);
    const before = asked === undefined ? undefined : readAnswered(asked);

    const now = clock.now();
    const lease = context.fresh === true ? undefined : readLease(file, now, location.store.minLife);
    const rejected =
      lease !== undefined &&
      wasRejected(before, lease.sha256, () => options.began?.(now) ?? now) &&
      !(await options.tries?.(location.address?.host ?? ""))
        ? lease.sha256
        : undefined;
    const good = lease !== undefined && now < lease.refreshAt && rejected === undefined;
    if (good) options.debug?.("lease: used");
    const answer: Answer = good ? { lease } : await minted({ file, location, context, rejected });

    const { secret } = answer.lease ?? answer;
    if (asked === undefined || secret === undefined) return secret;
    const sha256 = answer.lease?.sha256 ?? secret.fingerprint();
    const fromCache = answer.lease !== undefined;
    // The first time counts: a parent that polls faster than once a second must still be heard.
    if (good && before?.fromCache === true && before.sha256 === sha256) return secret;
    const replaced = rejected ?? before?.replaced;
    writeAnswered(asked, { sha256, answeredAt: clock.now(), fromCache, replaced });
    return secret;
  }

  return { ...inner, retrieve, upstream };
}

interface Question {
  readonly file: string;
  readonly location: Location;
  readonly context: RetrieveContext;
  /** SHA-256 of the token that the asking parent seems to have had rejected. */
  readonly rejected: string | undefined;
}

/** With `lease`: it came out of the cache. */
type Answer =
  | { readonly lease: Lease; readonly secret?: undefined }
  | { readonly lease?: undefined; readonly secret: Secret | undefined };

/** Mints, once for all who ask at the same time, in this process and in others. */
function mintOnce(
  inner: Backend,
  leases: string,
  asked: string,
  { clock, debug, waitMs = 20_000 }: CacheOptions,
) {
  const flights = new Map<string, Promise<Answer>>();

  async function underLock(question: Question): Promise<Answer> {
    if (question.context.fresh === true) return mint(question, undefined);
    orMiss(() => ensurePrivateFolder(leases));
    return preferLock(`${question.file}.lock`, { clock, timeoutMs: waitMs }, async () => {
      const lease = readLease(question.file, clock.now(), question.location.store.minLife);
      const good = lease !== undefined && clock.now() < lease.refreshAt && lease.sha256 !== question.rejected;
      if (good) debug?.("lease: used, somebody else fetched it meanwhile");
      return good ? { lease } : mint(question, lease);
    });
  }

  async function mint({ file, location, context }: Question, lease: Lease | undefined): Promise<Answer> {
    debug?.(lease === undefined ? "lease: none, one is fetched" : "lease: a new one is fetched");
    let secret: Secret | undefined;
    try {
      secret = await inner.retrieve(location, context);
    } catch (error) {
      if (lease !== undefined && isPassing(error) && clock.now() < lease.expiresAt) return { lease };
      throw error;
    }
    if (secret?.expiresAt !== undefined) {
      writeLease(file, secret, clock.now());
      const start = Number.parseInt(secret.fingerprint().slice(0, 8), 16) / 2 ** 32;
      prune(leases, clock.now(), 0, start);
      prune(asked, clock.now(), 86_400, start);
    }
    return { secret };
  }

  return (question: Question): Promise<Answer> => {
    const name = JSON.stringify([question.file, question.rejected, question.context.fresh === true]);
    const under = flights.get(name);
    if (under !== undefined) return under;
    const flight = underLock(question).finally(() => flights.delete(name));
    flights.set(name, flight);
    return flight;
  };
}

/** Failures after which a token that is still good is the better answer. "You are not who you were" is none of them. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["network", "timed_out", "backend", "locked"]);

function isPassing(error: unknown): boolean {
  return error instanceof KeywrightError && PASSING.has(error.code);
}
