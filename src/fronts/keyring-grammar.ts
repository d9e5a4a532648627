// The command line of jaraco/keyring 25.7, read the way Python's argparse (3.12.7 and later, where options may stand between
// the positionals) reads it. It knows words and their order only: what a call means is in keyring.ts.

import {
  classified,
  HELP,
  POSITIONALS,
  SPELLINGS,
  type KeyringWords,
  type Line,
  type Parameter,
  type Writable,
} from "./keyring-grammar-options.ts";

export type { KeyringWords };

/** Reads the words. Throws a WordsError with argparse's wording when they do not fit the grammar. */
export function readKeyringWords(argv: readonly string[]): KeyringWords {
  const words: Writable = { mode: "password", output: "plain" };
  const line = classified(argv);
  const positionals: Parameter[] = [...POSITIONALS];
  const extras: string[] = [];
  let at = 0;
  while (at <= line.lastOption) {
    let next = at;
    while (!line.options.has(next)) next += 1;
    if (next !== at) {
      const end = takePositionals(line, positionals, at, words);
      if (end === at) {
        extras.push(...argv.slice(at, next));
        at = next;
      } else {
        at = end;
        continue;
      }
    }
    at = takeOption(line, at, words, extras);
    if (words.ended !== undefined) return words;
  }
  extras.push(...argv.slice(takePositionals(line, positionals, at, words)));
  if (extras.length > 0) throw new WordsError(`unrecognized arguments: ${extras.join(" ")}`);
  return words;
}

/** The command line cannot be understood; the message is the text after `error: `. */
export class WordsError extends Error {}

/** argparse's `consume_optional`: takes the option at `start` and returns the index after it and its value. */
function takeOption(line: Line, start: number, words: Writable, extras: string[]): number {
  const candidates = line.options.get(start) ?? [];
  const word = line.argv[start] ?? "";
  if (candidates.length > 1) {
    const matches = candidates.map((candidate) => candidate.spelling).join(", ");
    throw new WordsError(`ambiguous option: ${word} could match ${matches}`);
  }
  const [option] = candidates;
  if (option?.parameter === undefined) {
    extras.push(word);
    return start + 1;
  }
  const { parameter, spelling, value } = option;
  if (value !== undefined && parameter.takesValue) {
    take(parameter, value, words);
    return start + 1;
  }
  if (value !== undefined) {
    // `-hX`: -h is the only short option without a value, and it ends the reading, so the letters after it matter only
    // where argparse looks at them before it acts.
    if (spelling !== "-h" || value === "" || option.separator === "=" || value.startsWith("-")) {
      throw new WordsError(`argument ${parameter.name}: ignored explicit argument ${quoted(value)}`);
    }
    checkCluster(line, start, value);
  }
  if (!parameter.takesValue) {
    take(parameter, "", words);
    return start + 1;
  }
  if (line.pattern[start + 1] !== "A")
    throw new WordsError(`argument ${parameter.name}: expected one argument`);
  take(parameter, line.argv[start + 1] ?? "", words);
  return start + 2;
}

/** The rest of a `-h…` cluster: only `-hp` and `-hb` without a value are refused before the help is shown. */
function checkCluster(line: Line, start: number, letters: string): void {
  const rest = letters.replace(/^h+/, "");
  const parameter = SPELLINGS.get(`-${rest[0] ?? "h"}`);
  if (letters !== rest && (rest.startsWith("=") || rest.startsWith("-"))) {
    const shown = rest.startsWith("=") ? rest.slice(1) : rest;
    throw new WordsError(`argument ${HELP.name}: ignored explicit argument ${quoted(shown)}`);
  }
  if (parameter?.takesValue === true && rest.length === 1 && line.pattern[start + 1] !== "A") {
    throw new WordsError(`argument ${parameter.name}: expected one argument`);
  }
}

/** argparse's `consume_positionals`: as many as fit, greedily; those left without a word before an option stay for later. */
function takePositionals(line: Line, positionals: Parameter[], start: number, words: Writable): number {
  let at = start;
  while (positionals.length > 0 && (line.pattern[at] === "A" || line.pattern[at] === "-")) {
    if (line.pattern[at] === "-") at += 1;
    const parameter = positionals.shift();
    if (line.pattern[at] === "A" && parameter !== undefined) {
      take(parameter, line.argv[at] ?? "", words);
      at += 1;
    }
    if (line.pattern[at] === "-") at += 1;
  }
  return at;
}

function take(parameter: Parameter, value: string, words: Writable): void {
  if (parameter.choices !== undefined && !parameter.choices.includes(value)) {
    const choices = parameter.choices.join(", ");
    throw new WordsError(
      `argument ${parameter.name}: invalid choice: ${quoted(value)} (choose from ${choices})`,
    );
  }
  parameter.store(words, value);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\\": "\\\\",
};

/** Python's repr of a string. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\u0000-\u001f\u007f-\u00a0\u00ad]/g, (character) => {
    return SHORT_ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}
