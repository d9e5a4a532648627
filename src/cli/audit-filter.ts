// Which entries somebody wants to see: by principal, ref, time and decision. It changes and judges none of them.
import { KeywrightError } from "../errors.ts";

export const DECISIONS = ["granted", "denied", "refused", "unknown", "issued"] as const;

export interface FilterOptions {
  readonly principal?: string;
  readonly ref?: string;
  readonly since?: string;
  readonly until?: string;
  readonly decision?: (typeof DECISIONS)[number];
}

/** Takes the lines in their order: what was issued for a decision that was asked for is asked for, too. */
export function entryFilter(options: FilterOptions, now: number): (line: string) => boolean {
  const { principal, ref, decision } = options;
  const since = options.since === undefined ? -Infinity : timeOf(options.since, now);
  const until = options.until === undefined ? Infinity : timeOf(options.until, now);
  const decisions = new Set<unknown>();
  if ([principal, ref, options.since, options.until, decision].every((one) => one === undefined))
    return () => true;

  const isOf = (entry: Entry): boolean => {
    if (entry["kind"] === "issued" && principal !== undefined && entry["principal"] === undefined)
      return decisions.delete(entry["decision"]);
    return principal === undefined || entry["principal"] === principal;
  };
  return (line) => {
    const entry = parsed(line);
    if (entry === undefined || !isOf(entry)) return false;
    if (principal !== undefined && entry["kind"] === "decision") decisions.add(entry["id"]);
    if (ref !== undefined && entry["ref"] !== ref) return false;
    const outcome = entry["kind"] === "issued" ? "issued" : entry["outcome"];
    if (decision !== undefined && outcome !== decision) return false;
    const time = Date.parse(String(entry["time"])) / 1000;
    return time >= since && time <= until;
  };
}

type Entry = Readonly<Record<string, unknown>>;

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** `2h` is two hours ago; everything else a date or a time of ISO 8601, without a zone in UTC. Epoch seconds. */
export function timeOf(text: string, now: number): number {
  const [, count, unit] = /^([0-9]{1,6})([smhdw])$/.exec(text) ?? [];
  if (unit !== undefined) return now - Number(count) * SECONDS[unit as keyof typeof SECONDS];
  const [, date, time, zone = "Z"] =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?)(Z|[+-][0-9]{2}:[0-9]{2})?)?$/.exec(
      text,
    ) ?? [];
  const at = date === undefined ? Number.NaN : Date.parse(`${date}T${time ?? "00:00"}${zone}`);
  if (!Number.isNaN(at)) return at / 1000;
  throw new KeywrightError("usage", `not a time: ${text.slice(0, 40)}`, {
    hint: "Give 2027-01-31, 2027-01-31T08:00, or how long ago: 90s, 30m, 2h, 7d, 1w.",
  });
}
