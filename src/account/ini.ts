// INI files by the rules of Python's configparser.ConfigParser() with its defaults, which is what the menda programs use:
// a document is read, and its values are handed out with `%` interpolation. It does not write (ini-write.ts does), and it
// never puts a value, or a key that might be a piece of one, into an error. A BOM, which Python refuses, is accepted.
import { IniError } from "./ini-error.ts";
import { interpolate } from "./ini-interpolation.ts";

export interface IniDocument {
  readonly file: string;
  /** The names of the sections in the order of the file, without DEFAULT. */
  readonly sections: readonly string[];
  /** True for a section of the file, and always for DEFAULT. */
  has(section: string): boolean;
  /** The keys of a section, then those that it has from DEFAULT; none for a section that is not there. */
  keys(section: string): readonly string[];
  /** One value, DEFAULT as fallback; undefined when the section or the key is not there. */
  get(section: string, key: string): string | undefined;
  /** All values of a section, with those of DEFAULT; undefined when the section is not there. */
  all(section: string): ReadonlyMap<string, string> | undefined;
}

/** A value as it stands in the file, with the lines that it came from. */
export interface IniOption {
  readonly parts: string[];
  /** Numbers of the lines (from 1) that hold the key and the value. */
  readonly lines: number[];
}

export type IniOptions = Map<string, IniOption>;

export interface IniElements {
  readonly defaults: IniOptions;
  readonly sections: Map<string, IniOptions>;
  /** The numbers of the lines that are section headers, with the section's name. */
  readonly headers: Map<number, string>;
}

export const DEFAULT_SECTION = "DEFAULT";

/** What configparser's constructor may be told; undefined: its defaults. */
export interface IniRules {
  readonly defaultSection?: string | undefined;
  /** Each begins a comment after white space, too. */
  readonly inlineComments?: readonly string[] | undefined;
}

/** Reads a document. Throws IniError for what configparser refuses. */
export function parseIni(text: string, file: string): IniDocument {
  const { defaults, sections } = iniElements(iniLines(text), file);
  const optionsOf = (section: string) =>
    sections.get(section) ?? (section === DEFAULT_SECTION ? defaults : undefined);
  const value = (section: string, options: IniOptions, key: string): string | undefined => {
    const option = options.get(key) ?? defaults.get(key);
    if (option === undefined) return undefined;
    return interpolate(rawValue(option), {
      lookup: (name) => {
        const found = options.get(name) ?? defaults.get(name);
        return found && rawValue(found);
      },
      fail: (fault, what) =>
        new IniError(fault, file, option.lines[0] ?? 0, `in section [${section}]: ${what}`),
    });
  };
  const keysOf = (options: IniOptions) => [...new Set([...options.keys(), ...defaults.keys()])];
  return {
    file,
    sections: [...sections.keys()],
    has: (section) => optionsOf(section) !== undefined,
    keys(section) {
      const options = optionsOf(section);
      return options === undefined ? [] : keysOf(options);
    },
    get(section, key) {
      const options = optionsOf(section);
      return options && value(section, options, key.toLowerCase());
    },
    all(section) {
      const options = optionsOf(section);
      if (options === undefined) return undefined;
      const values = new Map<string, string>();
      for (const key of keysOf(options)) {
        values.set(key, value(section, options, key) ?? "");
      }
      return values;
    },
  };
}

/** The lines as Python's text files give them: \r\n, \r and \n end a line; a BOM at the start is dropped. */
export function iniLines(text: string): string[] {
  return (text.startsWith("\ufeff") ? text.slice(1) : text).split(/\r\n|\r|\n/);
}

/** The state machine of configparser's _read, quirk for quirk. */
export function iniElements(
  lines: readonly string[],
  file: string,
  { defaultSection = DEFAULT_SECTION, inlineComments = [] }: IniRules = {},
): IniElements {
  const elements: IniElements = { defaults: new Map(), sections: new Map(), headers: new Map() };
  let current: OpenSection | undefined;
  let option: IniOption | undefined;
  let indent = 0;
  let bad: number | undefined;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const comment = commentStart(line, inlineComments);
    const content = trim(line.slice(0, comment));
    if (content.startsWith("#") || content.startsWith(";")) continue;
    if (content === "") {
      if (comment === undefined) option?.parts.push("");
      continue;
    }
    const depth = firstNonSpace(line);
    if (option !== undefined && depth > indent) {
      option.parts.push(content);
      option.lines.push(number);
      continue;
    }
    indent = depth;
    const header = headerOf(content);
    if (header !== undefined) {
      current = { name: header, options: openSection(elements, header, defaultSection, file, number) };
      option = undefined;
      continue;
    }
    if (current === undefined) {
      throw new IniError("MissingSectionHeaderError", file, number, "there is no [section] before this line");
    }
    const added = addOption(current, content, file, number);
    if (added === undefined) bad ??= number;
    else option = added.key === "" ? undefined : added.option;
    if (added?.key === "") bad ??= number;
  }
  if (bad !== undefined) {
    throw new IniError("ParsingError", file, bad, "this is neither a [section] nor a key with a value");
  }
  return elements;
}

type OpenSection = { readonly name: string; readonly options: IniOptions };

/** Returns undefined when the line is no key with a value. */
function addOption(section: OpenSection, content: string, file: string, line: number) {
  const at = content.search(/[=:]/);
  if (at < 0) return undefined;
  const key = trim(content.slice(0, at)).toLowerCase();
  if (section.options.has(key)) {
    throw new IniError("DuplicateOptionError", file, line, `the same key again in section [${section.name}]`);
  }
  const option: IniOption = { parts: [trim(content.slice(at + 1))], lines: [line] };
  section.options.set(key, option);
  return { key, option };
}

function openSection(
  elements: IniElements,
  name: string,
  defaultSection: string,
  file: string,
  line: number,
): IniOptions {
  elements.headers.set(line, name);
  if (name === defaultSection) return elements.defaults;
  if (elements.sections.has(name)) {
    throw new IniError("DuplicateSectionError", file, line, `the section [${name}] is there already`);
  }
  const options: IniOptions = new Map();
  elements.sections.set(name, options);
  return options;
}

/**
 * Where an inline comment begins; undefined: there is none. Python looks at the next place of every prefix in turn, and ends with
 * the turn in which one has white space before it.
 */
function commentStart(line: string, prefixes: readonly string[]): number | undefined {
  let places = prefixes.map((prefix) => ({ prefix, at: line.indexOf(prefix) }));
  while (places.some(({ at }) => at !== -1)) {
    places = places.filter(({ at }) => at !== -1);
    const begins = places.filter(({ at }) => at === 0 || isSpace(line.charCodeAt(at - 1)));
    if (begins.length > 0) return Math.min(...begins.map(({ at }) => at));
    places = places.map(({ prefix, at }) => ({ prefix, at: line.indexOf(prefix, at + 1) }));
  }
  return undefined;
}

function headerOf(content: string): string | undefined {
  const end = content.lastIndexOf("]");
  return content.startsWith("[") && end > 1 ? content.slice(1, end) : undefined;
}

function rawValue(option: IniOption): string {
  const text = option.parts.join("\n");
  return text.slice(0, lastNonSpace(text) + 1);
}

/** Python's str.strip(): its white space has \x1c-\x1f and \x85, which JavaScript's lacks, and lacks \ufeff. */
export function trim(text: string): string {
  return text.slice(firstNonSpace(text), lastNonSpace(text) + 1);
}

function firstNonSpace(text: string): number {
  let at = 0;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function lastNonSpace(text: string): number {
  let at = text.length - 1;
  while (at >= 0 && isSpace(text.charCodeAt(at))) at -= 1;
  return at;
}

function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code === 0x85 || code === 0xa0 || code === 0x1680 || code === 0x3000) return true;
  return (
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f
  );
}
