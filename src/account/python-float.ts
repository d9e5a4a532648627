// Python's float() of a string: what menda-keyring takes for a number. It knows ASCII digits only, Python all of Unicode's.
import { trim } from "./ini.ts";

const DIGITS = "\\d+(?:_\\d+)*";
const NUMBER = new RegExp(`^[+-]?(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`);
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** undefined: Python would raise ValueError. */
export function pythonFloat(text: string): number | undefined {
  // Like Python, white space beyond C's isspace() counts only in a text that is not all ASCII.
  const word = /^[\0-\x7f]*$/.test(text) ? text.trim() : trim(text);
  if (NUMBER.test(word)) return Number(word.replaceAll("_", ""));
  const infinite = INFINITE.exec(word);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(word) ? NaN : undefined;
}
