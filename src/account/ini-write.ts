// Sets one section of an INI text and leaves every other section, every comment and the order as they were.
// It works on text, touches no file, and refuses what would not be read back the same by Python's configparser.
import { KeywrightError } from "../errors.ts";
import { DEFAULT_SECTION, iniElements, iniLines, parseIni, trim, type IniElements } from "./ini.ts";

/**
 * The text with the section holding exactly these keys: keys that it has and `entries` lacks are taken out. A BOM, which
 * Python would refuse, is dropped. Throws IniError when the text cannot be read.
 */
export function setIniSection(
  text: string,
  file: string,
  section: string,
  entries: Readonly<Record<string, string>>,
): string {
  if (!isSectionName(section)) {
    throw new KeywrightError("configuration", `not a name for a section: ${JSON.stringify(section)}`);
  }
  const written = new Map<string, string>();
  for (const [key, value] of Object.entries(entries)) written.set(key, escaped(key, value));
  const lines = iniLines(text);
  const elements = iniElements(lines, file);
  const changed = elements.sections.has(section)
    ? changedSection(lines, elements, section, written)
    : [...withoutTail(lines), ...addedSection(lines, section, written)];
  const result = changed.join(text.includes("\r\n") ? "\r\n" : "\n");
  assertSame(parseIni(text, file), parseIni(result, file), section, entries);
  return result;
}

/** The text without the section; every other one as it was. Throws IniError when the text cannot be read. */
export function dropIniSection(text: string, file: string, section: string): string {
  const lines = iniLines(text);
  const headers = [...iniElements(lines, file).headers].sort(([a], [b]) => a - b);
  const at = headers.findIndex(([, name]) => name === section);
  const first = headers[at]?.[0];
  if (first === undefined || section === DEFAULT_SECTION) return text;
  const rest = lines.slice((headers[at + 1]?.[0] ?? lines.length + 1) - 1);
  // An indented header would become a continuation of what stands above it now.
  const after = rest.map((line, index) =>
    index === 0 && headers[at + 1] !== undefined ? line.trimStart() : line,
  );
  const result = [...lines.slice(0, first - 1), ...after].join(text.includes("\r\n") ? "\r\n" : "\n");
  const kept = parseIni(text, file).sections.filter((name) => name !== section);
  if (JSON.stringify(parseIni(result, file).sections) !== JSON.stringify(kept))
    throw new KeywrightError("internal", `the section [${section}] cannot be taken out of ${file}`);
  return result;
}

/** True for what can be written between the brackets of a header; DEFAULT is not a section of its own. */
export function isSectionName(name: string): boolean {
  return name !== "" && name !== DEFAULT_SECTION && !/[\u0000-\u001f\u007f]/.test(name);
}

/** True for a value that is read back as it was written. */
export function isIniValue(value: string): boolean {
  return !/[\u0000-\u001f\u007f]/.test(value) && trim(value) === value;
}

function escaped(key: string, value: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(key))
    throw new KeywrightError("configuration", `not a key for an INI file: ${key}`);
  if (!isIniValue(value)) {
    throw new KeywrightError(
      "configuration",
      `the value for ${key} has a control character, or white space at an end`,
    );
  }
  return value.replaceAll("%", "%%");
}

function changedSection(
  lines: readonly string[],
  elements: IniElements,
  section: string,
  written: ReadonlyMap<string, string>,
): string[] {
  const options = elements.sections.get(section) ?? new Map();
  const replaced = new Map<number, string | undefined>();
  for (const [key, option] of options) {
    for (const line of option.lines) replaced.set(line, undefined);
    const value = written.get(key);
    const first = option.lines[0];
    if (value === undefined || first === undefined) continue;
    const indent = /^\s*/.exec(lines[first - 1] ?? "")?.[0] ?? "";
    replaced.set(first, `${indent}${key} = ${value}`);
  }
  const last = lastLineOf(elements, section, lines);
  const fresh = [...written].filter(([key]) => !options.has(key));
  const result: string[] = [];
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const kept = replaced.has(number) ? replaced.get(number) : line;
    if (kept !== undefined) result.push(kept);
    if (number === last.line) result.push(...fresh.map(([key, value]) => `${last.indent}${key} = ${value}`));
  }
  return result;
}

/**
 * Where new keys go: after the section's last line that is neither blank nor a comment. They are indented as the next
 * header is, else that header would be read as a continuation of theirs.
 */
function lastLineOf(elements: IniElements, section: string, lines: readonly string[]) {
  const headers = [...elements.headers].sort(([a], [b]) => a - b);
  const at = headers.findIndex(([, name]) => name === section);
  const ends = [headers[at]?.[0] ?? 0];
  for (const option of elements.sections.get(section)?.values() ?? []) ends.push(...option.lines);
  const next = headers[at + 1]?.[0];
  const indent = next === undefined ? "" : (/^\s*/.exec(lines[next - 1] ?? "")?.[0] ?? "");
  return { line: Math.max(...ends), indent };
}

function withoutTail(lines: readonly string[]): string[] {
  let end = lines.length;
  while (end > 0 && trim(lines[end - 1] ?? "") === "") end -= 1;
  return lines.slice(0, end);
}

function addedSection(
  lines: readonly string[],
  section: string,
  written: ReadonlyMap<string, string>,
): string[] {
  const gap = withoutTail(lines).length === 0 ? [] : [""];
  return [...gap, `[${section}]`, ...[...written].map(([key, value]) => `${key} = ${value}`), ""];
}

type Readable = ReturnType<typeof parseIni>;

/** A last look before anything is written: the section is as asked, the others are as before. */
function assertSame(
  before: Readable,
  after: Readable,
  section: string,
  entries: Readonly<Record<string, string>>,
): void {
  const same =
    Object.entries(entries).every(([key, value]) => after.get(section, key) === value) &&
    before.sections.every((name) => after.has(name)) &&
    after.sections.length === before.sections.length + (before.has(section) ? 0 : 1);
  if (!same) throw new KeywrightError("internal", `the section [${section}] cannot be set in ${before.file}`);
}
