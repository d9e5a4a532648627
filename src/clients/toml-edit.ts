// Changes one key of a TOML file (uv.toml, poetry's config.toml) and no other line. The parser reads the file before and
// after: where anything else would have changed, or the line cannot be found, the file is refused.
import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import { KeywrightError } from "../errors.ts";
import { ownLines } from "./ini-edit.ts";

export type Toml = Readonly<Record<string, unknown>>;

/** Throws `configuration` with file and line; never quotes the file, which may hold a token. */
export function parseToml(text: string, file: string): Toml {
  try {
    return parse(text.replace(/^\ufeff/, "")) as Toml;
  } catch (error) {
    const { line } = error as { readonly line?: unknown };
    throw new KeywrightError(
      "configuration",
      `${file}${typeof line === "number" ? `:${line}` : ""}: is not valid TOML`,
      {
        hint: "Correct the file; it is left as it is.",
      },
    );
  }
}

/** `literal` is the value as TOML writes it, `table` the name of the table (undefined: the top level). Throws `configuration`. */
export function withTomlKey(
  text: string,
  file: string,
  table: string | undefined,
  key: string,
  literal: string,
): string {
  const before = parseToml(text, file);
  const wanted = parseToml(`value = ${literal}`, file)["value"];
  for (const result of [
    edited(text, table, key, literal),
    table === undefined ? atTop(text, key, literal) : undefined,
  ]) {
    if (result !== undefined && isSame(before, result, file, table, key, wanted)) return result;
  }
  const place = table === undefined ? "" : ` in [${table}]`;
  throw new KeywrightError("configuration", `${file} is written in a way that cannot be changed safely`, {
    hint: `Set ${key} = ${literal}${place} yourself.`,
  });
}

/** The line (from 1) on which `key` is set in `table`, as far as a line by itself shows it; undefined: not found. */
export function tomlLine(text: string, table: string | undefined, key: string): number | undefined {
  let inside = table === undefined;
  for (const [index, line] of ownLines(text).entries()) {
    const header = /^\s*\[\s*([^[\]]+?)\s*\]/.exec(line)?.[1] ?? (/^\s*\[\[/.test(line) ? "[[" : undefined);
    if (header !== undefined) inside = header === table;
    else if (inside && lineSets(line, key)) return index + 1;
  }
  return undefined;
}

function lineSets(line: string, key: string): boolean {
  return new RegExp(`^\\s*(?:${key}|"${key}"|'${key}')\\s*=`).test(line);
}

function edited(text: string, table: string | undefined, key: string, literal: string): string | undefined {
  const lines = ownLines(text);
  const at = tomlLine(text, table, key);
  if (at !== undefined) {
    const line = lines[at - 1] ?? "";
    lines[at - 1] = line.replace(
      /^(\s*[^=]*=\s*)(?:"[^"\\]*"|'[^']*'|[\w.-]+)/,
      (_, head: string) => `${head}${literal}`,
    );
    return lines.join("");
  }
  const end = lines.some((line) => line.endsWith("\r\n")) ? "\r\n" : "\n";
  if (table === undefined) {
    const first = lines.findIndex((line) => !/^\s*(?:#|$)/.test(line.replace(/^\ufeff/, "")));
    const place = first === -1 ? lines.length : first;
    const whole = lines.map((line) => (/[\r\n]$/.test(line) ? line : `${line}${end}`));
    return [...whole.slice(0, place), `${key} = ${literal}${end}`, ...whole.slice(place)].join("");
  }
  const header = lines.findIndex((line) => new RegExp(`^\\s*\\[\\s*${table}\\s*\\]`).test(line));
  if (header === -1) return undefined;
  return [...lines.slice(0, header + 1), `${key} = ${literal}${end}`, ...lines.slice(header + 1)].join("");
}

/** Valid whatever follows. */
function atTop(text: string, key: string, literal: string): string {
  return `${key} = ${literal}\n${text.replace(/^\ufeff/, "")}`;
}

function isSame(
  before: Toml,
  result: string,
  file: string,
  table: string | undefined,
  key: string,
  wanted: unknown,
): boolean {
  let after: Toml;
  try {
    after = parseToml(result, file);
  } catch {
    return false;
  }
  const holder = (whole: Toml): Toml => (table === undefined ? whole : ((whole[table] ?? {}) as Toml));
  if (!isDeepStrictEqual(holder(after)[key], wanted)) return false;
  const rest = (whole: Toml): unknown => {
    const { [key]: _, ...others } = holder(whole);
    return table === undefined ? others : { ...whole, [table]: others };
  };
  return isDeepStrictEqual(rest(before), rest(after));
}
