// Speaks the templates of `keywright inject`: `{{ keywright:NAME }}`, with a filter `{{ keywright:NAME | json }}`. Every other text,
// also in double braces, is none of ours and stays as it is.
import { KeywrightError } from "../errors.ts";

const FILTERS = {
  /** A JSON string, with its quotes. */
  json: (value: string): string => JSON.stringify(value),
  base64: (value: string): string => Buffer.from(value).toString("base64"),
  /** One word of a POSIX shell. */
  shell: (value: string): string => `'${value.replaceAll("'", "'\\''")}'`,
  /** For the user information or the query of a URL. */
  url: (value: string): string =>
    encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
} as const;

export interface Template {
  /** The names of the secrets, each once. */
  readonly names: readonly string[];
  /** The whole text; `value` is called for each place. */
  filled(value: (name: string) => string): string;
}

const OURS = /\{\{\s*keywright:([^{}]*)(\}\})?/g;
const PLACE = /^([a-z][a-z0-9_]*)\s*(?:\|\s*([a-z0-9]+)\s*)?$/;

/** Throws `configuration` with the line of a place that begins as one of ours and is none. */
export function parseTemplate(text: string, file: string): Template {
  const parts: { readonly text: string; readonly name?: string; readonly filter?: keyof typeof FILTERS }[] =
    [];
  let at = 0;
  for (const found of text.matchAll(OURS)) {
    const [whole, inside = "", close] = found;
    const [, name, filter] = PLACE.exec(inside.trim()) ?? [];
    if (close === undefined || name === undefined || !(filter === undefined || isFilter(filter)))
      throw malformed(text, file, found.index);
    parts.push(
      { text: text.slice(at, found.index) },
      { text: "", name, ...(filter === undefined ? {} : { filter }) },
    );
    at = found.index + whole.length;
  }
  parts.push({ text: text.slice(at) });
  return {
    names: [...new Set(parts.flatMap(({ name }) => (name === undefined ? [] : [name])))],
    filled: (value) =>
      parts
        .map(({ text: plain, name, filter }) => {
          if (name === undefined) return plain;
          return filter === undefined ? value(name) : FILTERS[filter](value(name));
        })
        .join(""),
  };
}

function isFilter(name: string): name is keyof typeof FILTERS {
  return Object.hasOwn(FILTERS, name);
}

function malformed(text: string, file: string, index: number): KeywrightError {
  const line = text.slice(0, index).split("\n").length;
  return new KeywrightError(
    "configuration",
    `${file}:${line}: a place of keywright that cannot be understood`,
    {
      hint: `Write {{ keywright:NAME }} or {{ keywright:NAME | FILTER }}; filters are ${Object.keys(FILTERS).join(", ")}.`,
    },
  );
}
