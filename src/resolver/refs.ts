// Refs: finds the ref that answers to an ask. For an address there are three outcomes: ours, refused, foreign.
import { LONGEST_ADDRESS, parseAddress, type Address } from "./address.ts";
import type { Ask } from "./ask.ts";
import { compileMatch, type Match } from "./match.ts";
import type { SecretRef } from "./ref.ts";

export type Found =
  | { readonly outcome: "ours"; readonly ref: SecretRef; readonly address: Address | undefined }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "foreign" };

export interface Refs {
  find(ask: Ask): Found;
}

interface Registry {
  readonly ref: SecretRef;
  readonly match: Match;
}

/** `12345` is some program's service name, even if a URL parser would call it an IP address. */
const OPAQUE_NAME = /^[A-Za-z0-9-]+$/;

const FOREIGN: Found = { outcome: "foreign" };

/** `refs` have been validated: names are unique, every `match` compiles. */
export function createRefs(refs: readonly SecretRef[]): Refs {
  let registries: readonly Registry[] | undefined;
  let secrets: ReadonlyMap<string, SecretRef> | undefined;
  return {
    find(ask) {
      if (ask.kind === "secret") {
        secrets ??= new Map(refs.flatMap((one) => (one.match === undefined ? [[one.name, one]] : [])));
        const ref = secrets.get(ask.name);
        return ref === undefined ? FOREIGN : { outcome: "ours", ref, address: undefined };
      }
      registries ??= refs.flatMap((ref) =>
        ref.match === undefined ? [] : [{ ref, match: compileMatch(ref.match) }],
      );
      return findRegistry(ask.url, registries);
    },
  };
}

function findRegistry(text: string, registries: readonly Registry[]): Found {
  if (text.length > LONGEST_ADDRESS) return refused(`it is longer than ${LONGEST_ADDRESS} characters`);
  if (/[^\x20-\x7e]/.test(text)) return refused("it has control or non-ASCII characters");
  if (text.includes("\\")) return refused("it has a backslash");
  const address = parseAddress(text);
  if (address === "disagree" && !OPAQUE_NAME.test(text))
    return refused("URL parsers disagree about its host");
  if (address === "disagree" || address === undefined) return imitates(text, registries);
  const onHost = registries.filter(({ match }) => match.hostFits(address));
  if (onHost.length === 0) return imitates(text, registries);
  if (address.scheme === undefined) return bareHost(onHost, address);
  return mostSpecific(
    onHost.filter(({ match }) => match.pathFits(address)),
    address,
  );
}

/** A bare host is answered only when one ref covers all of it. */
function bareHost(onHost: readonly Registry[], address: Address): Found {
  const [only, ...others] = onHost;
  return only === undefined || others.length > 0 || only.match.hasPath ? FOREIGN : ours(only, address);
}

function mostSpecific(fitting: readonly Registry[], address: Address): Found {
  const locked = fitting.filter(({ ref }) => ref.locked);
  const ranked = (locked.length > 0 ? [...locked] : [...fitting]).sort((a, b) => rankOrder(b.match, a.match));
  const [best, next] = ranked;
  if (best === undefined) return FOREIGN;
  if (next !== undefined && rankOrder(best.match, next.match) === 0) {
    return refused(`the refs ${best.ref.name} and ${next.ref.name} fit it equally well`);
  }
  return ours(best, address);
}

function rankOrder(a: Match, b: Match): number {
  return a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1];
}

function ours({ ref }: Registry, address: Address): Found {
  if (address.username !== undefined && address.username !== ref.username) {
    return refused(
      ref.username === undefined
        ? "it names a user, and the ref has none"
        : `it names a user other than '${ref.username}'`,
    );
  }
  return { outcome: "ours", ref, address };
}

/** Not ours: refused when it looks like ours under any reading that some other program might make of it. */
function imitates(text: string, registries: readonly Registry[]): Found {
  for (const reading of readings(text)) {
    const like = registries.find(({ match }) => match.imitatedBy(reading));
    if (like !== undefined) return refused(`it looks like an address of ref ${like.ref.name}, but is none`);
  }
  return FOREIGN;
}

function readings(text: string): readonly string[] {
  const all = new Set<string>();
  let reading = text.toLowerCase();
  for (let round = 0; round < 3; round += 1) {
    all.add(reading);
    all.add(reading.replace(/[^\x21-\x7e]/g, ""));
    reading = reading.replace(/%([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    reading = reading.toLowerCase();
  }
  return [...all];
}

function refused(reason: string): Found {
  return { outcome: "refused", reason };
}
