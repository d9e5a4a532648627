// One hash over an effective configuration: two that say the same have the same, whatever files they come from.
import { sha256 } from "../../digest.ts";
import type { Plain } from "../tree.ts";
import { toConfigData, type MXMConfig } from "./view.ts";

/** SHA-256, hexadecimal, of what a configuration or a view of it says. Throws `not_a_mapping` for anything else. */
export function digestOf(config: MXMConfig): string {
  return digestOfData(toConfigData(config) as Plain);
}

/** SHA-256, hexadecimal, of the canonical JSON (RFC 8785): keys sorted, no space, 1.0 and 1 alike. */
export function digestOfData(data: Plain): string {
  return sha256(canonical(data));
}

function canonical(data: Plain): string {
  if (typeof data !== "object" || data === null) return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map(canonical).join(",")}]`;
  const entries = Object.entries(data as { readonly [key: string]: Plain });
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(",")}}`;
}
