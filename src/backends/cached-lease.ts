// Lease: a token kept on disk until shortly before it expires, under a key that names everything it was minted for.
// It decides nothing: a lease is looked for only after the policy has granted.
import { lstatSync, readdirSync, unlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../digest.ts";
import { orMiss, readPrivate, writePrivate } from "../io/files.ts";
import type { RetrieveContext, Upstream } from "../resolver/backend.ts";
import { codeArtifactTarget } from "../resolver/codeartifact.ts";
import type { Location } from "../resolver/location.ts";
import { PARTITION_NAMES } from "../resolver/partitions.ts";
import { Secret } from "../secret.ts";

export interface Lease {
  readonly secret: Secret;
  readonly sha256: string;
  readonly expiresAt: number;
  /** Until when it is handed out without a thought. */
  readonly refreshAt: number;
}

/** SHA-256 of all that separates one lease from another; what the ref's store and policy say is in its revision. */
export function leaseKey(location: Location, context: RetrieveContext, upstream: Upstream): string {
  const { backend, store, ref, action } = location;
  const asked = context.ask.kind === "registry" ? context.ask.duration : undefined;
  const said = upstream.duration;
  return sha256(
    JSON.stringify([
      backend,
      upstream.endpoint,
      upstream.principal,
      context.principal.name,
      store.name,
      ref.name,
      ref.revision,
      targetOf(location),
      action,
      ...(asked === undefined ? [] : [asked]),
      ...(said === undefined ? [] : [["said", said]]),
    ]),
  );
}

/** What the token is good for: a CodeArtifact domain whole (by one form of host), elsewhere the ref's part of one host and port. */
function targetOf({ address, path, ref }: Location): readonly (string | number)[] {
  if (address === undefined) return ["secret", path ?? ""];
  const target = codeArtifactTarget(address, PARTITION_NAMES);
  if (target !== undefined) {
    const { domain, owner, region, partition, form } = target;
    return ["codeartifact", domain, owner, region, partition, form === "vpce" ? address.host : form];
  }
  const slash = ref.match?.indexOf("/") ?? -1;
  return ["registry", address.host, address.port, slash === -1 ? "" : (ref.match?.slice(slash) ?? "")];
}

/** Returns undefined for no lease, an expired one, and whatever cannot be read or understood. Throws `configuration`. */
export function readLease(path: string, now: number, minLife?: number): Lease | undefined {
  const text = orMiss(() => readPrivate(path));
  return text === undefined ? undefined : parseLease(text, now, minLife);
}

export function parseLease(text: string, now: number, minLife = 0): Lease | undefined {
  const kept = orMiss(() => JSON.parse(text) as unknown);
  if (typeof kept !== "object" || kept === null) return undefined;
  const {
    v,
    token,
    username,
    upstream,
    sha256: digest,
    expires_at,
    minted_at,
  } = kept as Readonly<Record<string, unknown>>;
  if (v !== 1 || typeof token !== "string" || token === "" || sha256(token) !== digest) return undefined;
  if (typeof expires_at !== "number" || typeof minted_at !== "number" || now >= expires_at) return undefined;
  if (minted_at > now + 60 || minted_at >= expires_at) return undefined; // The clock was set back: nothing is known.
  if (!isOptionalText(username) || !isOptionalText(upstream)) return undefined;
  const secret = new Secret(token, { expiresAt: expires_at, username, upstream });
  const refreshAt = expires_at - margin(expires_at - minted_at, minLife);
  return { secret, sha256: digest, expiresAt: expires_at, refreshAt };
}

/**
 * Seconds before its end at which a lease is renewed: a tenth of its life or a minute, or what the store wants it to live
 * on (uv and poetry ask once and never again). Of a source whose tokens live no longer than that, it is the most that it gives.
 */
function margin(life: number, minLife: number): number {
  const least = Math.min(60, life / 10);
  return Math.max(least, Math.min(minLife, life - least));
}

/** Keeps a token. A cache that cannot be written costs only speed. Throws `configuration` when others can write it. */
export function writeLease(path: string, secret: Secret, now: number): void {
  const { expiresAt, username, upstream } = secret;
  if (expiresAt === undefined || expiresAt <= now) return;
  const kept = { v: 1, token: secret.reveal(), username, upstream, sha256: secret.fingerprint() };
  orMiss(() => {
    writePrivate(path, JSON.stringify({ ...kept, expires_at: expiresAt, minted_at: now }));
    utimesSync(path, expiresAt, expiresAt); // So that `prune` need not open it.
  });
}

/**
 * Removes `.json` files older than `age` seconds (by the time that their writer gave them), and after a day whatever
 * killed processes left. It looks at 300 at most, from `start` (a fraction) on: a full folder must delay nobody.
 */
export function prune(folder: string, now: number, age: number, start: number): void {
  orMiss(() => {
    const names = readdirSync(folder);
    const from = Math.floor(start * Math.max(0, names.length - 300));
    for (const name of names.slice(from, from + 300)) {
      const path = join(folder, name);
      const time = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
      const limit = name.endsWith(".json") ? age : 86_400;
      if (time !== undefined && now - time / 1000 > limit) unlinkSync(path);
    }
  });
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
