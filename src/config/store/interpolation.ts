// Reads a text with `${…}` in it: node interpolations (`${a.b}`, `${.b}`, `${a[0]}`), calls (`${oc.env:NAME,default}`), both
// nested, quoted arguments, `\${` for the characters themselves. The grammar is OmegaConf 2.3's, without lists and mappings as arguments.

export type Part = string | Interpolation;
export type Interpolation = NodeRef | Call;
/** What the parts give, joined, is the key. */
export interface NodeRef {
  readonly kind: "node";
  readonly key: readonly Part[];
}
export interface Call {
  readonly kind: "call";
  readonly name: readonly Part[];
  readonly arguments: readonly Word[];
}
/** An argument. */
export interface Word {
  readonly parts: readonly Part[];
  /** A quoted word is always text, an unquoted one may be a number, true, false or null. */
  readonly quoted: boolean;
}

const KEY = /[^\\{}()[\]:. \t'"]+/y;
const NAME = /^[A-Za-z_][\w-]*$/;
const WORD = /[\w/\-+.$%*@?|:]|\\(?![\\()[\]{}:=, \t'])/y;
const ESCAPED = /\\[\\()[\]{}:=, \t']/y;
const DEEPEST = 40;

/** The parts of a value; undefined: it is not well formed. */
export function parseText(text: string): readonly Part[] | undefined {
  return parsed(text, (reader) => reader.text());
}

/** The same for what `oc.decode` is given: one word, with its type. */
export function parseWord(text: string): Word | undefined {
  return parsed(text, (reader) => reader.word());
}

function parsed<T>(text: string, read: (reader: Reader) => T): T | undefined {
  const reader = createReader(text);
  try {
    const result = read(reader);
    return reader.ended() ? result : undefined;
  } catch (thrown) {
    if (thrown === MALFORMED) return undefined;
    throw thrown;
  }
}

const MALFORMED = new Error("not well formed");

interface Reader {
  text(): readonly Part[];
  word(): Word;
  ended(): boolean;
}

function createReader(text: string): Reader {
  let at = 0;
  let depth = 0;

  const skipSpace = (): void => {
    while (text[at] === " " || text[at] === "\t") at += 1;
  };
  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const expect = (character: string): void => {
    if (text[at] !== character) throw MALFORMED;
    at += 1;
  };

  /** Up to the closing quote, or to the end. */
  function readText(quote?: string): readonly Part[] {
    const parts: Part[] = [];
    while (at < text.length) {
      const slashes = take(/\\+/y)?.length ?? 0;
      const opens = text.startsWith("${", at);
      const closes = quote !== undefined && text[at] === quote;
      if (!opens && !closes) {
        add(parts, "\\".repeat(slashes) + (take(/[^\\]/sy) ?? ""));
        continue;
      }
      add(parts, "\\".repeat(Math.floor(slashes / 2)));
      if (slashes % 2 === 1) add(parts, take(opens ? /\$\{/y : /./sy) ?? "");
      else if (closes) return parts;
      else parts.push(interpolation());
    }
    if (quote !== undefined) throw MALFORMED;
    return parts;
  }

  function interpolation(): Interpolation {
    depth += 1;
    if (depth > DEEPEST) throw MALFORMED;
    at += 2;
    skipSpace();
    const { key, callable } = readKey();
    skipSpace();
    let found: Interpolation = { kind: "node", key };
    if (callable && text[at] === ":") {
      at += 1;
      found = { kind: "call", name: key, arguments: sequence("}") };
    } else {
      expect("}");
    }
    depth -= 1;
    return found;
  }

  /** `callable`: what was read could also be the name of a call. */
  function readKey(): { readonly key: readonly Part[]; readonly callable: boolean } {
    const key: Part[] = [];
    let callable = text[at] !== "." && text[at] !== "[";
    const name = (): void => {
      if (text.startsWith("${", at)) return void key.push(interpolation());
      const found = take(KEY);
      if (found === undefined) throw MALFORMED;
      callable &&= NAME.test(found);
      add(key, found);
    };
    const bracket = (): void => {
      callable = false;
      add(key, "[");
      at += 1;
      name();
      expect("]");
      add(key, "]");
    };
    while (text[at] === ".") add(key, text[at++] ?? "");
    if (text[at] === "[") bracket();
    else name();
    for (;;) {
      if (text[at] === "[") bracket();
      else if (text[at] !== ".") return { key, callable };
      else {
        add(key, text[at++] ?? "");
        name();
      }
    }
  }

  /** Elements up to `end`, which is read, too. */
  function sequence(end: string): readonly Word[] {
    const words: Word[] = [];
    const empty: Word = { parts: [], quoted: true };
    skipSpace();
    if (text[at] === end) return (at++, words);
    for (;;) {
      skipSpace();
      words.push(text[at] === "," || text[at] === end ? empty : word());
      skipSpace();
      if (text[at] === end) return (at++, words);
      expect(",");
    }
  }

  function word(): Word {
    skipSpace();
    const quote = text[at];
    if (quote !== "'" && quote !== '"') return bareWord();
    at += 1;
    const parts = readText(quote);
    expect(quote);
    skipSpace();
    return { parts, quoted: true };
  }

  function bareWord(): Word {
    const parts: Part[] = [];
    let space = "";
    for (;;) {
      const found = text.startsWith("${", at) ? interpolation() : (take(ESCAPED)?.slice(1) ?? take(WORD));
      if (found !== undefined) {
        if (space !== "") add(parts, space);
        space = "";
        if (typeof found === "string") add(parts, found);
        else parts.push(found);
        continue;
      }
      const more = take(/[ \t]+/y);
      if (more === undefined) break;
      space += more;
    }
    if (parts.length === 0) throw MALFORMED;
    return { parts, quoted: false };
  }

  return { text: () => readText(), word, ended: () => at === text.length };
}

function add(parts: Part[], text: string): void {
  const last = parts.at(-1);
  if (typeof last === "string") parts[parts.length - 1] = last + text;
  else if (text !== "") parts.push(text);
}
