// What an interpolation sees from where it stands, and what it gives. It resolves nothing itself.
import type { Origin, ScalarTree, Tree } from "../tree.ts";
import type { ConfigStoreError } from "./fault.ts";
import type { Part } from "./interpolation.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** A value, and where it stands in the merged tree; undefined: an interpolation made it. */
export interface Found {
  readonly tree: Tree;
  readonly path: readonly string[] | undefined;
}

/** What `${…}` sees from where it stands. */
export interface Scope {
  readonly env: Env;
  /** The value at a key, absolute or with leading dots; undefined: there is none. */
  select(key: string): Found | undefined;
  /** The parts as one text, or what a single interpolation gives, as it is. */
  evaluate(parts: readonly Part[]): Found | string;
  /** The parts as one text. */
  text(parts: readonly Part[]): string;
  fault(message: string, hint?: string): ConfigStoreError;
}

export function made(value: ScalarTree["value"], origin: Origin): Found {
  return { tree: { kind: "scalar", value, origin }, path: undefined };
}

export function isInterpolation(tree: Tree): tree is ScalarTree & { readonly value: string } {
  return tree.kind === "scalar" && typeof tree.value === "string" && tree.value.includes("${");
}

export function isUnset(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === "???";
}
