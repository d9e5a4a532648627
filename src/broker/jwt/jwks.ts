// The keys of an issuer (RFC 7517 section 5): fetched when they are needed, remembered, and never lost to an issuer that
// is down or answers nonsense. Which issuers are believed is for the caller.
import { KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import type { Http } from "../../io/http.ts";
import { readJsonObject } from "./json-object.ts";
import { readKeySet, type KeySet } from "./key-set.ts";
import type { KeySource } from "./verify.ts";

export interface JwksOptions {
  /** As issuerHttp gives it. */
  readonly http: Http;
  readonly clock: Clock;
  /** Of the key set; undefined: the issuer's discovery document says it. */
  readonly url?: string | undefined;
  /** Needed without `url`. */
  readonly issuer?: string | undefined;
  /** Bytes of the key set; 256 KiB when undefined. */
  readonly most?: number | undefined;
}

const LARGEST = 256 * 1024;
/** Seconds for one request. */
const TIMEOUT = 5;
/** How long keys are fresh, in seconds; `max-age` in between counts. */
const FRESH = { least: 30, most: 600 };
/** Seconds between two requests that an unknown `kid`, or a failure, causes. */
const PAUSE = 30;
/** Seconds between two requests while there are no keys at all. */
const PAUSE_WITHOUT = 5;
/** How long after they were fetched keys count while no newer ones can be had. */
const STALE = 3600;

interface Kept {
  readonly keys: KeySet;
  readonly at: number;
  readonly freshUntil: number;
}

export function createJwks(options: JwksOptions): KeySource {
  const { clock } = options;
  let kept: Kept | undefined;
  let tried = -Infinity;
  let failure: unknown;
  let fetching: Promise<void> | undefined;

  async function refetch(): Promise<void> {
    tried = clock.now();
    try {
      kept = await fetchKeys(options);
      failure = undefined;
    } catch (thrown) {
      failure = thrown;
    }
  }

  /** However many ask at once, and however often: one request at a time, and a pause after it. */
  async function renew(): Promise<void> {
    const since = clock.now() - tried;
    if (fetching === undefined && since >= 0 && since < (kept === undefined ? PAUSE_WITHOUT : PAUSE)) return;
    fetching ??= refetch().finally(() => (fetching = undefined));
    await fetching;
  }

  const current = (): KeySet => {
    if (kept !== undefined && Math.abs(clock.now() - kept.at) <= STALE) return kept.keys;
    throw failure ?? backend("the keys of the issuer are too old, and there are no newer ones");
  };

  return {
    async key(header) {
      const fresh = kept !== undefined && clock.now() < kept.freshUntil && clock.now() >= kept.at;
      if (!fresh) await renew();
      const known = await current().key(header);
      if (known !== undefined || !fresh) return known;
      await renew();
      return current().key(header);
    },
  };
}

/** The keys of a set that is at hand. Throws `configuration`. */
export function staticJwks(text: string): KeySource {
  const keys = readKeySet(text);
  if (keys === undefined)
    throw new KeywrightError("configuration", "a key set has no key that could be used");
  return keys;
}

async function fetchKeys(options: JwksOptions): Promise<Kept> {
  const { http, clock, most = LARGEST } = options;
  const url = options.url ?? (await discoveredUrl(options));
  const reply = await http.request({ method: "GET", url, timeout: TIMEOUT, most, headers: JSON_ONLY });
  const { origin } = new URL(url);
  if (reply.status !== 200)
    throw backend(`${origin} answered ${reply.status} when it was asked for its keys`);
  const keys = readKeySet(reply.body);
  if (keys === undefined)
    throw backend(`${origin} answered with a key set that has no usable key, or too many`);
  const at = clock.now();
  return { keys, at, freshUntil: at + freshFor(reply.headers["cache-control"]) };
}

const JSON_ONLY = { Accept: "application/json" };

/** OpenID Connect Discovery 1.0, section 4: only a document that names this very issuer counts. */
async function discoveredUrl({ http, issuer = "" }: JwksOptions): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const reply = await http.request({
    method: "GET",
    url,
    timeout: TIMEOUT,
    most: LARGEST,
    headers: JSON_ONLY,
  });
  const { origin } = new URL(url);
  if (reply.status !== 200)
    throw backend(`${origin} answered ${reply.status} when it was asked for its metadata`);
  const document = readJsonObject(reply.body);
  if (document?.["issuer"] !== issuer)
    throw backend(`${origin} answered with the metadata of another issuer`);
  const found = document["jwks_uri"];
  if (typeof found !== "string") throw backend(`${origin} does not say where its keys are`);
  return found;
}

function freshFor(cacheControl = ""): number {
  const [, seconds] = /(?:^|[\s,])max-age="?([0-9]{1,9})/i.exec(cacheControl) ?? [];
  const wanted = seconds === undefined ? FRESH.most : Number(seconds);
  return Math.min(FRESH.most, Math.max(FRESH.least, wanted));
}

function backend(message: string): KeywrightError {
  return new KeywrightError("backend", message, {
    hint: "Look at the issuer; until then its tokens are refused.",
  });
}
