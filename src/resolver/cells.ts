// Cells: the finitely many situations that a policy can tell apart. A rule compares names, levels and times; one situation
// for each name that occurs, one for any other, and one for each side of each time stand for all there are.
import type { Action, Ask } from "./ask.ts";
import type { Attestation, Known, RuntimeIdentity } from "./identity.ts";
import type { Rule, SecretPolicy } from "./policy.ts";

/** One situation in which somebody could ask. */
export interface Cell {
  readonly identity: RuntimeIdentity;
  /** Epoch seconds. */
  readonly now: number;
  readonly reason: string | undefined;
  /** Which it is, in words, without what no rule tests. */
  readonly words: string;
}

/** Stands for every name that no rule has. It is no identifier, so no rule can have it. */
const OTHER = "(other)";
const FIELDS = ["environments", "machines", "substrates", "apps"] as const;
const NAMED = {
  environments: "environment",
  machines: "machine",
  substrates: "substrate",
  apps: "app",
} as const;

/** How identities come about: said by a configuration, machine and substrate found on the host, all of it proved. */
const KNOWING = ["said", "discovered", "verified"] as const;
type Knowing = (typeof KNOWING)[number];
/** What it comes to where no rule asks how well something is known. */
const USUAL = ["discovered"] as const;

const MOST_CELLS = 200_000;

/**
 * All cells that these policies tell apart for a principal; undefined: too many to look at each. The times are those
 * at and just before each bound.
 */
export function cellsFor(policies: readonly SecretPolicy[], principal: string): readonly Cell[] | undefined {
  // What cannot meet this principal tells nothing apart for it.
  const rules = policies
    .flatMap(({ grants, deny }) => [...grants, ...deny])
    .filter(({ principals }) => principals.length === 0 || principals.includes(principal));
  const names = FIELDS.map((field) => namesIn(rules, field));
  const knowing = rules.some(({ attestation }) => attestation !== "asserted") ? KNOWING : USUAL;
  const times = timesIn(rules);
  const reasons = rules.some(({ reasonRequired }) => reasonRequired) ? [undefined, "a reason"] : [undefined];
  const size =
    names.reduce((all, { length }) => all * length, 1) * knowing.length * times.length * reasons.length;
  if (size > MOST_CELLS) return undefined;
  const cells: Cell[] = [];
  for (const values of product(names)) {
    for (const how of knowing) {
      const identity = identityOf(principal, values, how);
      for (const now of times) {
        for (const reason of reasons) {
          cells.push({
            identity,
            now,
            reason,
            words: wordsOf({ values, how, knowing, now, times, reason, reasons }),
          });
        }
      }
    }
  }
  return cells;
}

/** The ask of a cell for this secret, or of a registry by its match. */
export function askIn(
  cell: Cell,
  ref: { readonly name: string; readonly match: string | undefined },
  action: Action,
): Ask {
  const { reason } = cell;
  return ref.match === undefined
    ? { kind: "secret", name: ref.name, reason }
    : { kind: "registry", url: `https://${ref.match}/`, action, reason };
}

function namesIn(rules: readonly Rule[], field: (typeof FIELDS)[number]): readonly string[] {
  return [...new Set([...rules.flatMap((rule) => rule[field]), OTHER])];
}

function timesIn(rules: readonly Rule[]): readonly number[] {
  const bounds = rules
    .flatMap(({ notBefore, notAfter }) => [notBefore, notAfter])
    .filter((time) => time !== undefined);
  const all = new Set(bounds.flatMap((time) => [time - 1, time]));
  return all.size === 0 ? [0] : [...all].sort((a, b) => a - b);
}

const as = (value: string, attestation: Attestation): Known => ({ value, attestation });

function identityOf(principal: string, values: readonly string[], how: Knowing): RuntimeIdentity {
  const [environment = OTHER, machine = OTHER, substrate = OTHER, app = OTHER] = values;
  const said: Attestation = how === "verified" ? "verified" : "asserted";
  const host: Attestation = how === "discovered" ? "discovered" : said;
  return {
    role: as(principal, said),
    environment: as(environment, said),
    app: as(app, said),
    machine: as(machine, host),
    substrate: as(substrate, host),
  };
}

const HOW: Readonly<Record<Knowing, string>> = {
  said: "nothing discovered",
  discovered: "machine and substrate discovered",
  verified: "everything verified",
};

interface Situation {
  readonly values: readonly string[];
  readonly how: Knowing;
  readonly knowing: readonly Knowing[];
  readonly now: number;
  readonly times: readonly number[];
  readonly reason: string | undefined;
  readonly reasons: readonly unknown[];
}

function wordsOf({ values, how, knowing, now, times, reason, reasons }: Situation): string {
  const fields = FIELDS.flatMap((field, index) => {
    const value = values[index];
    return value === undefined || value === OTHER ? [] : [`${NAMED[field]} ${value}`];
  });
  return [
    ...fields,
    ...(knowing.length > 1 ? [HOW[how]] : []),
    ...(times.length > 1 ? [`at ${new Date(now * 1000).toISOString()}`] : []),
    ...(reasons.length > 1 ? [reason === undefined ? "without a reason" : "with a reason"] : []),
  ].join(", ");
}

function product(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );
}
