// A JSON Web Key Set (RFC 7517 section 5) as text, and the key in it that a header means. It fetches nothing.
import type { JwtHeader } from "./compact.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { fitsAlgorithm, publicJwk, type PublicJwk } from "./public-jwk.ts";
import { importKey, type VerifyKey } from "./signature.ts";

export interface KeySet {
  /** undefined: none is meant, or more than one. */
  key(header: JwtHeader): Promise<VerifyKey | undefined>;
}

const MOST_KEYS = 100;

interface Entry {
  /** As it was published. */
  readonly jwk: JsonObject;
  readonly key: PublicJwk;
  readonly imported: Map<string, VerifyKey | undefined>;
}

/** undefined: no key set, none of its keys can be used, or there are too many. Keys of unknown kinds are left out. */
export function readKeySet(text: string): KeySet | undefined {
  const found = listOf(text);
  if (found === undefined || found.length > MOST_KEYS) return undefined;
  const entries = found.filter(isJsonObject).flatMap((jwk): readonly Entry[] => {
    const key = publicJwk(jwk);
    return key === undefined ? [] : [{ jwk, key, imported: new Map() }];
  });
  if (entries.length === 0) return undefined;
  return {
    async key({ alg, kid }) {
      const named = ({ kid: own }: JsonObject): boolean =>
        kid === undefined || own === undefined || own === kid;
      const meant = entries.filter(({ jwk }) => named(jwk) && fitsAlgorithm(jwk, alg));
      const [entry] = meant;
      return entry === undefined || meant.length > 1 ? undefined : usable(entry, alg);
    },
  };
}

function listOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const keys = isJsonObject(value) ? value["keys"] : undefined;
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

function usable({ key, imported }: Entry, alg: string): VerifyKey | undefined {
  if (!imported.has(alg)) imported.set(alg, importKey(key, alg));
  return imported.get(alg);
}
