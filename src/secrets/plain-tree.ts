// Plain data of a program as the Tree that src/config validates. It copies, so that nobody changes the data afterwards,
// and takes nothing that JSON could not say.
import { KeywrightError } from "../errors.ts";
import { shown, where } from "../config/fault.ts";
import type { Origin, ScalarValue, Tree } from "../config/tree.ts";

/** Where a value comes from, by its dotted path (`refs.api_key.path`); undefined: only the program knows. */
export type OriginOf = (path: string) => Origin | undefined;

const DEEPEST = 32;

/**
 * `name` says in errors what the data is. A key whose value is undefined is left out. Throws `configuration` for a
 * function, a class's object, a number that is not finite, or data that is deeper than 32.
 */
export function treeOfData(data: unknown, name: string, originOf: OriginOf = () => undefined): Tree {
  const convert = (value: unknown, path: string, above: Origin, depth: number): Tree => {
    const origin = originOf(path) ?? above;
    if (isScalar(value)) return { kind: "scalar", value, origin };
    const fault = (is: string): KeywrightError =>
      new KeywrightError("configuration", `${where(origin)}: ${path === "" ? "it" : path} ${is}`, {
        hint: "Only mappings, lists, texts, numbers, true, false and null make a configuration.",
      });
    if (depth >= DEEPEST) throw fault("is too deep, or holds itself");
    if (Array.isArray(value)) {
      const items = value.map((item, at) => convert(item, `${path}[${at}]`, origin, depth + 1));
      return { kind: "list", items, origin };
    }
    if (!isMapping(value)) throw fault("is no plain data");
    const kept = Object.entries(value).filter(([, entry]) => entry !== undefined);
    const entries = kept.map(([key, entry]): [string, Tree] => [
      key,
      convert(entry, path === "" ? key : `${path}.${printable(key)}`, origin, depth + 1),
    ]);
    return { kind: "map", entries: new Map(entries), origin };
  };
  return convert(data, "", { file: name, line: 0 }, 0);
}

function printable(key: string): string {
  return shown(key).slice(1, -1);
}

function isScalar(value: unknown): value is ScalarValue {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
