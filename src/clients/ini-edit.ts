// Changes one key of an INI file (pip.conf, .pypirc) and no other line: comments, order and line ends stay. What it cannot
// understand it refuses. A key is compared as the client does that reads it.
import { iniElements, iniLines, type IniElements } from "../account/ini.ts";
import { KeywrightError } from "../errors.ts";

/** How a client compares keys; pip takes `_` for `-` and drops a leading `--`. */
export type KeyForm = (key: string) => string;
export const pipKey: KeyForm = (key) => key.toLowerCase().replaceAll("_", "-").replace(/^--/, "");
export const plainKey: KeyForm = (key) => key.toLowerCase();

export interface IniEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** All entries of a file, in order, without interpolation. Throws IniError for what configparser refuses. */
export function iniEntries(text: string, file: string, form: KeyForm): readonly IniEntry[] {
  const { defaults, sections } = iniElements(iniLines(text), file);
  return [["DEFAULT", defaults] as const, ...sections].flatMap(([section, options]) =>
    [...options].map(([key, { parts, lines }]) => ({
      section,
      key: form(key),
      value: parts.join("\n").trim(),
      line: lines[0] ?? 0,
    })),
  );
}

/** The text with `section.key` set to one line of value. Throws IniError, and `configuration` for what cannot be edited. */
export function withIniKey(
  text: string,
  file: string,
  section: string,
  key: string,
  value: string,
  form: KeyForm,
): string {
  const lines = ownLines(text);
  const elements = iniElements(iniLines(text), file);
  const found = [...(elements.sections.get(section) ?? [])].find(([name]) => form(name) === form(key))?.[1];
  const changed =
    found === undefined
      ? added(lines, elements, section, `${key} = ${value}`)
      : replaced(lines, found.lines, value);
  const result = changed.join("");
  const same =
    iniEntries(result, file, form).find((entry) => entry.section === section && entry.key === form(key))
      ?.value === value;
  const rest = (entries: readonly IniEntry[]): string =>
    JSON.stringify(
      entries
        .filter((entry) => entry.section !== section || entry.key !== form(key))
        .map((entry) => [entry.section, entry.key, entry.value]),
    );
  if (same && rest(iniEntries(text, file, form)) === rest(iniEntries(result, file, form))) return result;
  throw new KeywrightError("configuration", `${file} is written in a way that cannot be changed safely`, {
    hint: `Set ${key} = ${value} in its section [${section}] yourself.`,
  });
}

/** The text without the lines of a key; the same text when it is not there. */
export function withoutIniKey(
  text: string,
  file: string,
  section: string,
  key: string,
  form: KeyForm,
): string {
  const elements = iniElements(iniLines(text), file);
  const found = [...(elements.sections.get(section) ?? [])].find(([name]) => form(name) === form(key))?.[1];
  const gone = new Set(found?.lines ?? []);
  return ownLines(text)
    .filter((_, index) => !gone.has(index + 1))
    .join("");
}

/** The lines with what ends each of them. */
export function ownLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

function replaced(lines: readonly string[], numbers: readonly number[], value: string): readonly string[] {
  const [first, ...rest] = numbers;
  return lines.flatMap((line, index) => {
    if (index + 1 === first)
      return [line.replace(/^(\s*[^=:]*[=:][ \t]*)[^\r\n]*/, (_, head: string) => `${head}${value}`)];
    return rest.includes(index + 1) ? [] : [line];
  });
}

function added(
  lines: readonly string[],
  elements: IniElements,
  section: string,
  entry: string,
): readonly string[] {
  const end = lines.some((line) => line.endsWith("\r\n")) ? "\r\n" : "\n";
  const header = [...elements.headers].find(([, name]) => name === section)?.[0];
  const whole = lines.map((line) => (/[\r\n]$/.test(line) ? line : `${line}${end}`));
  if (header === undefined) {
    const gap = whole.length === 0 || whole.at(-1)?.trim() === "" ? [] : [end];
    return [...whole, ...gap, `[${section}]${end}`, `${entry}${end}`];
  }
  // Directly below the header, so that it is no continuation of another value; as deep as the next key, so that the next
  // key is none of its own.
  const next = Math.min(
    ...[...(elements.sections.get(section)?.values() ?? [])].map((option) => option.lines[0] ?? header),
  );
  const indent = /^[ \t]*/.exec(whole[(Number.isFinite(next) ? next : header) - 1] ?? "")?.[0] ?? "";
  return [...whole.slice(0, header), `${indent}${entry}${end}`, ...whole.slice(header)];
}
