// Reads the options of a store or a ref for a backend: unknown keys and wrong kinds are refused. It knows no backend.
import { KeywrightError } from "../errors.ts";
import type { SecretRef } from "./ref.ts";
import type { OptionValue, SecretStore } from "./store.ts";

/** Each method returns undefined when the option is not there, and throws `configuration` when it is of another kind. */
export interface Options {
  text(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  /** A number above 0, at most `most`; `unit` is a word for the message. */
  positive(key: string, most: number, unit: string): number | undefined;
  whole(key: string, least: number, most: number): number | undefined;
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined;
  texts(key: string): readonly string[] | undefined;
  raw(key: string): OptionValue | undefined;
  /** What is wrong with an option, for whoever has a rule of its own: `must be ${wanted}`. */
  fault(key: string, wanted: string): KeywrightError;
}

/** Throws `configuration` when there is an option that is not among `known`. */
export function storeOptions(store: SecretStore, known: readonly string[]): Options {
  return readOptions(store.options, `store ${store.name}`, known, `a ${store.backend} store`);
}

/** The same for the options of one ref. */
export function refOptions(ref: SecretRef, { backend }: SecretStore, known: readonly string[]): Options {
  return readOptions(ref.options, `ref ${ref.name}`, known, `a ref of a ${backend} store`);
}

function readOptions(
  options: { readonly [key: string]: OptionValue },
  whose: string,
  known: readonly string[],
  kind: string,
): Options {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const hint =
      known.length === 0
        ? `There are no options of ${kind}.`
        : `The options of ${kind}: ${known.join(", ")}.`;
    throw new KeywrightError("configuration", `${whose}: unknown option ${unknown}`, { hint });
  }
  const fault = (key: string, wanted: string): KeywrightError =>
    new KeywrightError("configuration", `${whose}: ${key} must be ${wanted}`);
  const read = <T extends OptionValue>(
    key: string,
    fits: (value: OptionValue) => value is T,
    wanted: string,
  ): T | undefined => {
    const value = Object.hasOwn(options, key) ? options[key] : undefined;
    if (value === undefined || fits(value)) return value;
    throw fault(key, wanted);
  };
  return {
    text: (key) => read(key, isText, "a text"),
    flag: (key) => read(key, (value) => typeof value === "boolean", "true or false"),
    positive: (key, most, unit) =>
      read(
        key,
        (value): value is number => typeof value === "number" && value > 0 && value <= most,
        `a number of ${unit}, at most ${most}`,
      ),
    whole: (key, least, most) =>
      read(
        key,
        (value): value is number =>
          Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
        `a whole number from ${least} to ${most}`,
      ),
    choice: <T extends string>(key: string, choices: readonly T[]) =>
      read(key, (value): value is T => choices.some((one) => one === value), `one of ${choices.join(", ")}`),
    texts: (key) =>
      read(
        key,
        (value): value is readonly string[] => Array.isArray(value) && value.every(isText),
        "a list of texts",
      ),
    raw: (key) => (Object.hasOwn(options, key) ? options[key] : undefined),
    fault,
  };
}

function isText(value: OptionValue): value is string {
  return typeof value === "string" && value !== "";
}
