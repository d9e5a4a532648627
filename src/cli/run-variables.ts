// Which variables a program of `keywright run` gets: from `NAME` or `NAME=VARIABLE` of the command line. It knows no value.
import { KeywrightError } from "../errors.ts";

export interface Wanted {
  readonly name: string;
  readonly variable: string;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What decides how a program runs: only by being named on purpose does a secret become one of these. */
const STEERING =
  /^(?:PATH|HOME|SHELL|USER|IFS|ENV|BASH_ENV|NODE_OPTIONS|BUN_OPTIONS|PYTHON\w*|PERL5\w*|RUBY\w*|JAVA_TOOL_OPTIONS|LD_\w+|DYLD_\w+|KEYWRIGHT_\w+)$/;

/** Throws `usage`. */
export function wantedOf(words: readonly string[]): readonly Wanted[] {
  const all = words.map(wanted);
  const twice = all.find(
    ({ variable }, index) => all.findIndex((one) => one.variable === variable) !== index,
  );
  if (twice !== undefined) throw wrong(`two secrets would become the variable ${twice.variable}`, RENAME);
  return all;
}

function wanted(word: string): Wanted {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word : word.slice(0, equals);
  const variable = equals === -1 ? name.toUpperCase() : word.slice(equals + 1);
  if (!VARIABLE.test(variable))
    throw wrong(
      `${JSON.stringify(variable)} is no name of a variable`,
      "It has letters, digits and underscores.",
    );
  if (equals === -1 && STEERING.test(variable))
    throw wrong(
      `the secret ${name} would become the variable ${variable}, which decides how programs run`,
      RENAME,
    );
  return { name, variable };
}

const RENAME = "Name the variable: --secret NAME=VARIABLE.";

function wrong(message: string, hint: string): KeywrightError {
  return new KeywrightError("usage", message, { hint });
}
