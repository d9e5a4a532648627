// The `%` interpolation of configparser's BasicInterpolation: `%(key)s` and `%%`, every other `%` is an error.
// It does not know files or sections; who calls says where a key is looked up and how a failure is told.
import type { IniFault } from "./ini-error.ts";

export interface InterpolationScope {
  /** The raw value of a lower-case key; undefined: there is none. */
  lookup(key: string): string | undefined;
  /** The error to throw; `what` never holds a piece of a value. */
  fail(fault: IniFault, what: string): Error;
}

/** configparser.MAX_INTERPOLATION_DEPTH */
const MAX_DEPTH = 10;

export function interpolate(raw: string, scope: InterpolationScope, depth = 1): string {
  if (depth > MAX_DEPTH)
    throw scope.fail("InterpolationDepthError", `%(…)s leads to more than ${MAX_DEPTH} others`);
  let result = "";
  let rest = raw;
  for (let at = rest.indexOf("%"); at >= 0; at = rest.indexOf("%")) {
    result += rest.slice(0, at);
    rest = rest.slice(at);
    if (rest[1] === "%") {
      result += "%";
      rest = rest.slice(2);
      continue;
    }
    const end = rest.indexOf(")");
    if (rest[1] !== "(" || end < 3 || rest[end + 1] !== "s") {
      throw scope.fail("InterpolationSyntaxError", "a '%' in a value must be written as '%%'");
    }
    const found = scope.lookup(rest.slice(2, end).toLowerCase());
    if (found === undefined) {
      throw scope.fail(
        "InterpolationMissingOptionError",
        "the value refers by %(…)s to a key that is not there",
      );
    }
    result += found.includes("%") ? interpolate(found, scope, depth + 1) : found;
    rest = rest.slice(end + 2);
  }
  return result + rest;
}
