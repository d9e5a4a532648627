// One scalar as PyYAML 6 writes it in a block: plain, in single or in double quotes, folded at column 80. It decides by
// the same tests, so that what compared the output of `mxm-config show-config` goes on to compare it.
import { pythonFloat } from "../../account/python-float.ts";
import type { ScalarTree } from "../tree.ts";
import { isFloat, pythonFloatText } from "./words.ts";

export interface ScalarPlace {
  /** How many characters stand before it in its line. */
  readonly column: number;
  /** Where a line that goes on begins. */
  readonly indent: number;
  /** A key is never folded. */
  readonly key?: boolean | undefined;
}

const WIDEST = 80;

export function pythonScalar(scalar: ScalarTree, place: ScalarPlace): string {
  const { value } = scalar;
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return isFloat(scalar) ? floatText(value) : BigInt(value).toString();
  const looks = lookOf(value);
  const quoted = OTHER_THAN_TEXT.test(value) || LIKE_BOOLEAN.test(value) || pythonFloat(value) !== undefined;
  if (looks.plain && !quoted) return folded(value, place, "");
  return looks.single && !(looks.breaks && place.key === true)
    ? folded(value, place, "'")
    : doubled(value, place);
}

/** `1e+20` is text for YAML 1.1, `1.0e+20` is a number. */
function floatText(value: number): string {
  const text = pythonFloatText(value);
  return text.includes(".") ? text : text.replace("e", ".0e");
}

/** What the implicit resolvers of YAML 1.1 would read as something else than text. */
const OTHER_THAN_TEXT = new RegExp(
  [
    "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
    "[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)",
    "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    "<<|=|~|null|Null|NULL|",
    "\\d{4}-\\d\\d-\\d\\d|\\d{4}-\\d\\d?-\\d\\d?(?:[Tt]|[ \\t]+)\\d\\d?:\\d\\d:\\d\\d(?:\\.\\d*)?(?:[ \\t]*(?:Z|[-+]\\d\\d?(?::\\d\\d)?))?",
  ]
    .map((form) => `^(?:${form})$`)
    .join("|"),
);
const LIKE_BOOLEAN = /^[yYnN]$/;

interface Look {
  readonly plain: boolean;
  readonly single: boolean;
  readonly breaks: boolean;
}

const BREAK = "\\n\\x85\\u2028\\u2029";
const SPACE = `\\0 \\t\\r${BREAK}`;
const INDICATORS = new RegExp(
  `^(?:---|\\.\\.\\.|[#,[\\]{}&*!|>'"%@\`]|[?:-](?:[${SPACE}]|$))|:(?:[${SPACE}]|$)|[${SPACE}]#`,
);
const SPECIAL = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10fffe}]/u;

function lookOf(text: string): Look {
  const breaks = new RegExp(`[${BREAK}]`).test(text);
  const single = !SPECIAL.test(text) && !new RegExp(`[${BREAK}] | [${BREAK}]`).test(text);
  return { single, breaks, plain: single && !breaks && !/^ | $/.test(text) && !INDICATORS.test(text) };
}

/** Plain or in single quotes: a line ends at the first lone space after the 80th column. */
function folded(text: string, { column, indent, key }: ScalarPlace, quote: "" | "'"): string {
  const pieces = text.match(new RegExp(` +|[${BREAK}]+|[^ ${BREAK}]+`, "g")) ?? [];
  let out = quote;
  let at = column + quote.length;
  for (const [index, piece] of pieces.entries()) {
    const inside = quote === "" || (index > 0 && index < pieces.length - 1);
    if (piece === " " && inside && at > WIDEST && key !== true) {
      out += `\n${" ".repeat(indent)}`;
      at = indent;
    } else if (new RegExp(`^[${BREAK}]`).test(piece)) {
      out += `${piece.startsWith("\n") ? "\n" : ""}${piece}${" ".repeat(indent)}`;
      at = indent;
    } else {
      const written = quote === "" ? piece : piece.replaceAll("'", "''");
      out += written;
      at += [...written].length;
    }
  }
  return out + quote;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\u2028": "L",
  "\u2029": "P",
};
const AS_IT_IS = /[\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

function doubled(text: string, { column, indent, key }: ScalarPlace): string {
  const characters = [...text];
  let out = '"';
  let at = column + 1;
  let run = "";
  const flush = (more: string): void => {
    out += run + more;
    at += [...run].length + more.length;
    run = "";
  };
  for (const [index, character] of characters.entries()) {
    const kept = AS_IT_IS.test(character) && character !== '"' && character !== "\\";
    if (!kept) flush(escaped(character));
    const folds = index > 0 && index < characters.length - 1 && key !== true;
    if (folds && (character === " " || !kept) && at + [...run].length > WIDEST) {
      flush("\\");
      out += `\n${" ".repeat(indent)}`;
      at = indent;
      if ((kept ? character : characters[index + 1]) === " ") flush("\\");
    }
    if (kept) run += character;
  }
  flush("");
  return `${out}"`;
}

function escaped(character: string): string {
  const short = ESCAPES[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) ?? 0;
  const digits = (letter: string, length: number): string =>
    `\\${letter}${code.toString(16).toUpperCase().padStart(length, "0")}`;
  return code <= 0xff ? digits("x", 2) : code <= 0xffff ? digits("u", 4) : digits("U", 8);
}
