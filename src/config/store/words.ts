// What an unquoted word of a file means: here (YAML 1.2), for OmegaConf 2.3 over PyYAML (1.1, with its own floats), as an
// argument inside `${…}`, and how Python writes a value out. It reads no file.
import type { ScalarTree, ScalarValue } from "../tree.ts";

const BOOLEANS = new Map(
  [["yes", "true", "on"].map((word) => [word, true]), ["no", "false", "off"].map((word) => [word, false])]
    .flat()
    .flatMap(([word, value]) => casesOf(word as string).map((one) => [one, value as boolean] as const)),
);
const FLOAT_BEFORE =
  /^(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+(?:_[0-9]+)*[eE][-+]?[0-9]+|\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?)$/;
const SIXTIES = /^([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/;

/** What the word was for YAML 1.1: `yes` true, `012` ten, `12:30` seven hundred and fifty. */
export function meantBefore(word: string): ScalarValue {
  const boolean = BOOLEANS.get(word);
  if (boolean !== undefined) return boolean;
  if (["", "~", "null", "Null", "NULL"].includes(word)) return null;
  return wholeBefore(word.replaceAll("_", ""), word) ?? floatBefore(word) ?? word;
}

function wholeBefore(digits: string, word: string): number | undefined {
  const sign = digits.startsWith("-") ? -1 : 1;
  const bare = digits.replace(/^[-+]/, "");
  if (/^[-+]?0b[01_]+$/.test(word)) return sign * Number(bare);
  if (/^[-+]?0x[0-9a-fA-F_]+$/.test(word)) return sign * Number(bare);
  if (/^[-+]?0[0-7_]+$/.test(word)) return sign * Number(`0o${bare}`);
  if (/^[-+]?(?:0|[1-9][0-9_]*)$/.test(word)) return sign * Number(bare);
  return /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/.test(word) ? sixties(digits) : undefined;
}

function floatBefore(word: string): number | undefined {
  if (FLOAT_BEFORE.test(word)) return Number(word.replaceAll("_", ""));
  return word.includes(".") && SIXTIES.test(word) ? sixties(word.replaceAll("_", "")) : undefined;
}

function sixties(digits: string): number {
  const sign = digits.startsWith("-") ? -1 : 1;
  const parts = digits.replace(/^[-+]/, "").split(":");
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

function casesOf(word: string): readonly string[] {
  return [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()];
}

/** An unquoted argument; `1_000` is a number there, `012` and `yes` are text. */
export function argumentValue(word: string): ScalarValue {
  if (/^null$/i.test(word)) return null;
  if (/^(?:true|false)$/i.test(word)) return word.toLowerCase() === "true";
  const whole = "(?:0|[1-9](?:_?[0-9])*)";
  const point = `(?:(?:${whole})?\\.[0-9](?:_?[0-9])*|${whole}\\.)`;
  const number = new RegExp(`^[-+]?(?:${point}|${whole})(?:[eE][-+]?[0-9](?:_?[0-9])*)?$`);
  return number.test(word) ? Number(word.replaceAll("_", "")) : word;
}

/** True for a number that Python has as a float: written with a point or an exponent, or not whole. */
export function isFloat({ value, written }: ScalarTree): boolean {
  if (typeof value !== "number") return false;
  if (written === undefined) return !Number.isInteger(value);
  return /[.eE]/.test(written) && !/^[-+]?0x/.test(written);
}

/** As Python's str() has it. */
export function pythonText(scalar: ScalarTree): string {
  const { value } = scalar;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value;
  return isFloat(scalar) ? pythonFloatText(value) : BigInt(value).toString();
}

/** Python's repr() of a float: an exponent from 1e16 on and below 1e-4, of two digits at least. */
export function pythonFloatText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${digits}e${sign}${exponent.slice(1).padStart(2, "0")}`;
  }
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
