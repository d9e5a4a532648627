// Limits of a broker: the section `limits`, from its mapping to typed data. What is not there keeps its default, which
// this file does not know.
import { fieldsOf } from "./fields.ts";
import type { Tree } from "./tree.ts";

/** By the names of src/broker/limits.ts, which says what they mean. */
export interface LimitSettings {
  readonly requestsPerClient?: number;
  readonly requestsPerAddress?: number;
  readonly failuresPerAddress?: number;
  readonly connections?: number;
  readonly connectionsPerAddress?: number;
  readonly headerSeconds?: number;
  readonly requestSeconds?: number;
  readonly idleSeconds?: number;
  readonly stopSeconds?: number;
}

const MANY = 1_000_000;

const KEYS: readonly (readonly [string, keyof LimitSettings, number, number])[] = [
  ["requests_per_client", "requestsPerClient", 1, MANY],
  ["requests_per_address", "requestsPerAddress", 1, MANY],
  ["failures_per_address", "failuresPerAddress", 1, MANY],
  ["connections", "connections", 1, MANY],
  ["connections_per_address", "connectionsPerAddress", 1, MANY],
  ["header_seconds", "headerSeconds", 1, 300],
  ["request_seconds", "requestSeconds", 1, 300],
  ["idle_seconds", "idleSeconds", 1, 3600],
  ["stop_seconds", "stopSeconds", 0, 300],
];

export function readLimits(tree: Tree | undefined): LimitSettings | undefined {
  if (tree === undefined) return undefined;
  const fields = fieldsOf(
    tree,
    "limits",
    KEYS.map(([key]) => key),
  );
  const read = KEYS.map(([key, name, least, most]) => [name, fields.whole(key, least, most)] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}
