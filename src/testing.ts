// The door for other people's tests: stand-ins that check what they receive and need no disk and no network.
import type { Clock } from "./io/clock.ts";
import type { AuditLog, DecisionEntry, IssuedEntry } from "./resolver/audit-log.ts";
import type { Backend, RetrieveContext } from "./resolver/backend.ts";
import type { Location } from "./resolver/location.ts";
import { Secret } from "./secret.ts";

/** A clock that stands still until it is told otherwise. `start` and `seconds` are in seconds. */
export function fixedClock(start = 1_800_000_000): Clock & { advance(seconds: number): void } {
  let now = start;
  return {
    now: () => now,
    advance(seconds) {
      now += seconds;
    },
  };
}

export interface MemoryBackend extends Backend {
  /** Every retrieval, in order. */
  readonly retrieved: readonly { readonly location: Location; readonly context: RetrieveContext }[];
}

/** A backend over a table from path (for a registry: host and path) to value; what is not in it is not found. */
export function memoryBackend(values: Readonly<Record<string, string | Secret>>): MemoryBackend {
  const retrieved: { location: Location; context: RetrieveContext }[] = [];
  return {
    retrieved,
    async check() {},
    async retrieve(location, context) {
      retrieved.push({ location, context });
      const { address } = location;
      const key = location.path ?? `${address?.host ?? ""}${address?.path ?? ""}`;
      const value = Object.hasOwn(values, key) ? values[key] : undefined;
      return typeof value === "string" ? new Secret(value) : value;
    },
  };
}

export interface CollectingAudit extends AuditLog {
  readonly decisions: readonly DecisionEntry[];
  readonly issues: readonly IssuedEntry[];
}

/** An audit that keeps its entries in memory. */
export function collectingAudit(): CollectingAudit {
  const decisions: DecisionEntry[] = [];
  const issues: IssuedEntry[] = [];
  return {
    decisions,
    issues,
    async decision(entry) {
      return `decision-${decisions.push(entry)}`;
    },
    async issued(entry) {
      issues.push(entry);
    },
  };
}
