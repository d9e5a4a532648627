// Fields: reads typed values out of one mapping of a Tree, and says file and line of what is wrong. It knows no setting.
import type { KeywrightError } from "../errors.ts";
import { faultAt, shown, suggestion } from "./fault.ts";
import type { MapTree, Tree } from "./tree.ts";

export interface Fields {
  /** Dotted, for messages. */
  readonly path: string;
  text(key: string): string | undefined;
  requiredText(key: string): string;
  /** undefined: absent. Never a single text in place of a list. */
  texts(key: string): readonly string[] | undefined;
  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined;
  flag(key: string): boolean | undefined;
  whole(key: string, least: number, most: number): number | undefined;
  tree(key: string): Tree | undefined;
  /** An error at the key's place, or at the mapping's when there is none. The message continues the key's name. */
  fault(key: string | undefined, message: string, hint?: string): KeywrightError;
}

/** Throws `configuration` when it is no mapping, or has a key that is not among `known`. */
export function fieldsOf(tree: Tree, path: string, known: readonly string[]): Fields {
  const { entries, origin } = asMap(tree, path);
  for (const [key, value] of entries) {
    if (!known.includes(key))
      throw faultAt(value.origin, `unknown key ${shown(key)} in ${path}`, suggestion(key, known));
  }
  const fault = (key: string | undefined, message: string, hint?: string): KeywrightError => {
    const place = (key === undefined ? undefined : entries.get(key)?.origin) ?? origin;
    return faultAt(place, `${key === undefined ? path : `${path}.${key}`} ${message}`, hint);
  };
  const scalar = (key: string, type: "string" | "number" | "boolean", is: string) => {
    const value = entries.get(key);
    if (value === undefined) return undefined;
    if (value.kind !== "scalar" || value.value === null) throw fault(key, notThis(value, is), EMPTY);
    if (typeof value.value !== type)
      throw fault(key, notThis(value, is), type === "string" ? QUOTES : undefined);
    return value.value;
  };
  const text = (key: string): string | undefined => {
    const value = scalar(key, "string", "text") as string | undefined;
    if (value !== undefined && !isClean(value)) throw fault(key, UNCLEAN);
    return value;
  };
  return {
    path,
    text,
    requiredText(key) {
      const value = text(key);
      if (value === undefined) throw fault(undefined, `has no ${key}`);
      return value;
    },
    texts(key) {
      const list = entries.get(key);
      return list === undefined ? undefined : textsOf(list, (message, hint) => fault(key, message, hint));
    },
    oneOf(key, values) {
      const value = text(key);
      const found = values.find((one) => one === value);
      if (value !== undefined && found === undefined)
        throw fault(key, `is none of ${values.join(", ")}`, suggestion(value, values));
      return found;
    },
    flag: (key) => scalar(key, "boolean", "true or false") as boolean | undefined,
    whole(key, least, most) {
      const value = scalar(key, "number", "a whole number") as number | undefined;
      if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most)) {
        throw fault(key, `is no whole number from ${least} to ${most}`);
      }
      return value;
    },
    tree: (key) => entries.get(key),
    fault,
  };
}

/** Throws `configuration` when it is no mapping. */
export function asMap(tree: Tree, path: string): MapTree {
  if (tree.kind === "map") return tree;
  throw faultAt(tree.origin, `${path} ${notThis(tree, "a mapping")}`, EMPTY_MAP);
}

const NAME = /^[a-z][a-z0-9_]*$/;

/** Each entry of a section whose keys are names, with the tree of its value. */
export function named(section: Tree | undefined, path: string): readonly (readonly [string, Tree])[] {
  if (section === undefined) return [];
  const entries = [...asMap(section, path).entries];
  for (const [name, { origin }] of entries) {
    if (!NAME.test(name) || name.length > 128) {
      throw faultAt(origin, `${path} has the name ${shown(name)}`, NAMES);
    }
  }
  return entries;
}

const NAMES = "A name has lower-case letters, digits and underscores, and begins with a letter.";
const EMPTY = "Give it a value, or take the key out.";
const EMPTY_MAP = "Write {} for an empty mapping, or take the key out.";
const QUOTES = 'Put it into quotes if it is meant as text: "1".';
const UNCLEAN = "is empty, or has surrounding white space or control characters";

function textsOf(list: Tree, fault: (message: string, hint?: string) => KeywrightError): readonly string[] {
  if (list.kind !== "list") throw fault(notThis(list, "a list"), "Write it in brackets: [one, two].");
  const texts = list.items.map((item) => {
    if (item.kind !== "scalar" || typeof item.value !== "string")
      throw fault("has an entry that is not text", QUOTES);
    if (!isClean(item.value)) throw fault(`has an entry that ${UNCLEAN}`);
    return item.value;
  });
  const twice = texts.find((text, index) => texts.indexOf(text) !== index);
  if (twice !== undefined) throw fault(`has '${twice}' twice`);
  return texts;
}

function notThis(tree: Tree, is: string): string {
  if (tree.kind === "map") return `is a mapping, not ${is}`;
  if (tree.kind === "list") return `is a list, not ${is}`;
  if (tree.value === null) return `is empty, not ${is}`;
  return `is ${typeof tree.value === "string" ? "text" : `a ${typeof tree.value}`}, not ${is}`;
}

function isClean(text: string): boolean {
  return text !== "" && text.trim() === text && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}
