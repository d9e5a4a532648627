// The calls inside `${…}`: oc.env, oc.select and oc.decode, of those that OmegaConf 2.3 brings. The environment is given.
import { shown } from "../fault.ts";
import type { Origin, ScalarTree, Tree } from "../tree.ts";
import { parseWord, type Call, type Word } from "./interpolation.ts";
import { isUnset, made, type Found, type Scope } from "./scope.ts";
import { argumentValue, pythonText } from "./words.ts";

/** Throws `interpolation`. */
export function callOf(call: Call, scope: Scope, origin: Origin): Found {
  const name = scope.text(call.name);
  const given = call.arguments.map((word) => valueOf(word, scope, origin));
  if (name === "oc.env") return environment(given, scope, origin);
  if (name === "oc.select") return selected(given, scope, origin);
  if (name === "oc.decode") return decoded(given, scope, origin);
  throw scope.fault(`there is no ${shown(name)} to call`, "There are oc.env, oc.select and oc.decode.");
}

/** Always text: a default is written out, too. */
function environment(given: readonly Found[], scope: Scope, origin: Origin): Found {
  const [name = "", fallback] = texts(given, 1, 2, "oc.env", scope);
  const found = Object.hasOwn(scope.env, name) ? scope.env[name] : undefined;
  if (found !== undefined) return made(found, origin);
  if (given.length < 2) {
    throw scope.fault(
      `the environment has no ${shown(name)}`,
      "Set it, or write a default: ${oc.env:NAME,default}.",
    );
  }
  return isNull(given[1]?.tree) ? made(null, origin) : made(fallback ?? "", origin);
}

function selected(given: readonly Found[], scope: Scope, origin: Origin): Found {
  const [key] = given;
  if (
    key === undefined ||
    given.length > 2 ||
    key.tree.kind !== "scalar" ||
    typeof key.tree.value !== "string"
  )
    throw scope.fault("oc.select takes a path, and what to give when nothing is there");
  const found = scope.select(key.tree.value);
  return found === undefined || isUnset(found.tree) ? (given[1] ?? made(null, origin)) : found;
}

function decoded(given: readonly Found[], scope: Scope, origin: Origin): Found {
  const [value] = given;
  if (given.length === 1 && isNull(value?.tree)) return made(null, origin);
  if (given.length !== 1 || value?.tree.kind !== "scalar" || typeof value.tree.value !== "string")
    throw scope.fault("oc.decode takes one text");
  const word = parseWord(value.tree.value);
  if (word === undefined)
    throw scope.fault("oc.decode was given what is no text, number, true, false or null");
  return valueOf(word, scope, origin);
}

function texts(
  given: readonly Found[],
  least: number,
  most: number,
  name: string,
  scope: Scope,
): readonly string[] {
  if (given.length < least || given.length > most)
    throw scope.fault(`${name} takes ${least} to ${most} arguments, not ${given.length}`);
  return given.map(({ tree }) => {
    if (tree.kind !== "scalar") throw scope.fault(`${name} takes texts, no lists or mappings`);
    return pythonText(tree);
  });
}

function isNull(tree: Tree | undefined): boolean {
  return tree?.kind === "scalar" && tree.value === null;
}

function valueOf(word: Word, scope: Scope, origin: Origin): Found {
  const [only] = word.parts;
  if (word.quoted || word.parts.length !== 1 || only === undefined) {
    return made(scope.text(word.parts), origin);
  }
  if (typeof only === "string") return { tree: typed(only, origin), path: undefined };
  const found = scope.evaluate(word.parts);
  return typeof found === "string" ? made(found, origin) : found;
}

function typed(word: string, origin: Origin): ScalarTree {
  return { kind: "scalar", value: argumentValue(word), origin, written: word };
}
