// SecretRef: a public name (and, for a registry, the addresses) bound to a store and a policy.
import type { OptionValue } from "./store.ts";

export interface SecretRef {
  readonly name: string;
  /** The name of the store. */
  readonly store: string;
  /** Path below the store's root; undefined for a registry ref, whose location is the address itself. */
  readonly path: string | undefined;
  /** The name of the policy. */
  readonly policy: string;
  /** `host[:port][/path-prefix]`, see address.ts; undefined: not a registry. */
  readonly match: string | undefined;
  /** The user name that the registry wants with the value; undefined: none is known. */
  readonly username: string | undefined;
  /** What the store's backend should know about this one value; its backend says which keys there are. */
  readonly options: { readonly [key: string]: OptionValue };
  /** True when a configuration layer locked this ref: it wins over every ref that is not. */
  readonly locked: boolean;
  /** SHA-256 over the ref, its store and its policy: part of every lease's key. */
  readonly revision: string;
}

const SEGMENT = /^[^-\u0000-\u001f\u007f/\\][^\u0000-\u001f\u007f/\\]*$/;

/** What is wrong with a ref's path, as the rest of a sentence; undefined when it is fine. */
export function pathFault(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.startsWith("/")) return "is absolute; it must be relative to the store's root";
  for (const segment of path.split("/")) {
    if (segment === "") return "has an empty segment";
    if (segment === "." || segment === "..")
      return `has the segment '${segment}', which could leave the store's root`;
    if (segment.startsWith("-")) return "has a segment that begins with '-'";
    if (!SEGMENT.test(segment)) return "has a control character or a backslash";
  }
  return undefined;
}
