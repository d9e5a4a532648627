// Reads one YAML text into a Tree: YAML 1.2 core schema, one document, a mapping at the top. Merge keys, custom tags,
// duplicate keys and `__proto__` are errors; aliases are followed, up to a limit. It does not know what the keys mean.
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from "yaml";
import { KeywrightError } from "../errors.ts";
import { faultAt, shown } from "./fault.ts";
import type { MapTree, Tree } from "./tree.ts";

const DEEPEST = 24;
/** Counts what aliases stand for, too: a few lines of YAML could stand for billions of values. */
const MOST_NODES = 20_000;
const TAGS = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((tag) => `tag:yaml.org,2002:${tag}`),
);

export interface YamlOptions {
  /** True: scalars keep the word that stands in the file, when it has no quotes. */
  readonly written?: boolean | undefined;
  /** Hears of each key without quotes. */
  readonly key?: ((word: string, line: number) => void) | undefined;
}

/** Throws `configuration` with the line, for everything that is not such a text. */
export function parseYaml(text: string, file: string, options: YamlOptions = {}): MapTree {
  const lines = new LineCounter();
  const document = parsed(text, file, lines);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    throw faultAt(
      { file, line: lineAt(lines, fault.pos[0]) },
      `not valid YAML: ${withoutQuote(fault.message)}`,
    );
  }
  if (document.directives?.yaml.version !== "1.2") throw faultAt({ file, line: 1 }, "only YAML 1.2 is read");
  if (document.contents === null) return { kind: "map", entries: new Map(), origin: { file, line: 1 } };
  const tree = createReader(file, lines, options).read(document.contents, 1, 0);
  if (tree.kind === "map") return tree;
  if (tree.kind === "scalar" && tree.value === null) {
    return { kind: "map", entries: new Map(), origin: tree.origin };
  }
  throw faultAt(tree.origin, "a configuration file is a mapping of keys to values");
}

function parsed(text: string, file: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, {
      lineCounter,
      version: "1.2",
      schema: "core",
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: false, // found below: the library compares every key with every other
      prettyErrors: false, // they quote the line, and with it perhaps a value
    }) as Document;
  } catch (error) {
    throw new KeywrightError("configuration", `${file}: not valid YAML`, { cause: error });
  }
}

/** The library's messages end in what they found, after a colon: that could be a value. */
function withoutQuote(message: string): string {
  return message.replace(/(?<=\w): .*$/s, "");
}

function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line);
}

interface Anchored {
  readonly tree: Tree;
  readonly size: number;
}

interface Reader {
  read(node: unknown, line: number, depth: number): Tree;
}

function createReader(file: string, lines: LineCounter, options: YamlOptions): Reader {
  const anchors = new Map<string, Anchored>();
  let nodes = 0;
  const count = (more: number, line: number): void => {
    nodes += more;
    if (nodes > MOST_NODES) throw faultAt({ file, line }, `more than ${MOST_NODES} values`);
  };
  const lineOf = (node: unknown, fallback: number): number => {
    const start = (node as Partial<Node> | null)?.range?.[0];
    return start === undefined ? fallback : lineAt(lines, start);
  };

  /** `line` is where the value's key stands. */
  function read(node: unknown, line: number, depth: number): Tree {
    count(1, line);
    if (depth > DEEPEST) throw faultAt({ file, line }, `nested more than ${DEEPEST} deep`);
    if (isAlias(node)) return followed(node.source, line);
    const before = nodes;
    const tree = readPlain(node, line, depth);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) anchors.set(anchor, { tree, size: nodes - before + 1 });
    return tree;
  }

  function followed(name: string, line: number): Tree {
    const anchored = anchors.get(name);
    if (anchored === undefined)
      throw faultAt({ file, line }, `the alias ${shown(`*${name}`)} has no anchor before it`);
    count(anchored.size, line);
    return { ...anchored.tree, origin: { file, line } };
  }

  function readPlain(node: unknown, line: number, depth: number): Tree {
    const origin = { file, line };
    const tag = (node as { tag?: string } | null)?.tag;
    if (tag !== undefined && !TAGS.has(tag)) throw faultAt(origin, `the tag ${shown(tag)} is not read here`);
    if (isMap(node)) return readMap(node.items, line, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => read(item, lineOf(item, line), depth + 1));
      return { kind: "list", items, origin };
    }
    const value = isScalar(node) ? node.value : null;
    if (value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value)) {
      const scalar = { kind: "scalar", value: value as string | number | boolean | null, origin } as const;
      if (options.written !== true || !isScalar(node) || node.type !== "PLAIN" || tag !== undefined)
        return scalar;
      return { ...scalar, written: node.source ?? "" };
    }
    throw faultAt(origin, "a value is text, a finite number, true, false, a list or a mapping");
  }

  function readMap(pairs: readonly unknown[], line: number, depth: number): MapTree {
    const entries = new Map<string, Tree>();
    for (const pair of pairs) {
      const keyNode = isPair(pair) ? pair.key : undefined;
      const keyLine = lineOf(keyNode, line);
      const key = isScalar(keyNode) ? keyNode.value : undefined;
      if (!isPair(pair) || typeof key !== "string")
        throw faultAt({ file, line: keyLine }, "a key must be text");
      refuseKey(key, keyLine, entries.get(key));
      if (isScalar(keyNode) && keyNode.type === "PLAIN") options.key?.(key, keyLine);
      entries.set(key, read(pair.value, keyLine, depth + 1));
    }
    return { kind: "map", entries, origin: { file, line } };
  }

  function refuseKey(key: string, line: number, earlier: Tree | undefined): void {
    const word = shown(key);
    if (key === "<<") throw faultAt({ file, line }, "merge keys (<<) are not read; write the values out");
    if (key === "" || key === "__proto__") throw faultAt({ file, line }, `${word} cannot be a key`);
    if (earlier === undefined || earlier.origin === "built-in") return;
    throw faultAt({ file, line }, `the key ${word} is already on line ${earlier.origin.line}`);
  }

  return { read };
}
