// The XML of an AWS answer → elements. Only what such answers have: elements, attributes (which are dropped), text, the
// five entities and character references. No document type, no comment, no CDATA: what has one is not understood.

export interface XmlElement {
  readonly name: string;
  /** Its own text, with white space at both ends taken away. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

const DEEPEST = 16;
const MOST = 2000;
const DECLARATION = /^\uFEFF?(?:<\?xml\s[^<>?]*\?>)?\s*/;
const NAME = "[A-Za-z_][A-Za-z0-9_.:-]*";
/** One tag or one run of text, from where the last one ended. */
const PIECE = new RegExp(
  `<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>|([^<]+)`,
  "y",
);
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g;
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The root element; undefined when the text is not wholly understood. */
export function parseXml(text: string): XmlElement | undefined {
  const stack: Open[] = [];
  const top: Open = { name: "", text: "", children: [] };
  let at = DECLARATION.exec(text)?.[0].length ?? 0;
  let seen = 0;
  while (at < text.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text);
    if (piece === null || (seen += 1) > MOST) return undefined;
    at = PIECE.lastIndex;
    const [, closes = "", name = "", attributes = "", empty = "", run] = piece;
    const parent = stack.at(-1) ?? top;
    if (run !== undefined) {
      const said = decoded(run);
      if (said === undefined) return undefined;
      parent.text += said;
    } else if (closes === "/") {
      if (attributes !== "" || empty !== "" || stack.pop()?.name !== name) return undefined;
      (stack.at(-1) ?? top).children.push(closed(parent));
    } else if (empty === "/") {
      parent.children.push({ name, text: "", children: [] });
    } else if (stack.push({ name, text: "", children: [] }) > DEEPEST) return undefined;
  }
  const [root, second] = top.children;
  return stack.length > 0 || second !== undefined || top.text.trim() !== "" ? undefined : root;
}

/** The one child of that name; undefined when there is none, or more than one: nobody could say which counts. */
export function childOf(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  const found = parent?.children.filter((child) => child.name === name) ?? [];
  return found.length === 1 ? found[0] : undefined;
}

function closed({ name, text, children }: Open): XmlElement {
  return { name, text: text.trim(), children };
}

/** undefined: a reference that is none, or to what no text may hold. */
function decoded(text: string): string | undefined {
  let sound = true;
  const said = text.replace(ENTITY, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return NAMED[name] ?? "";
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    if (code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff))
      return String.fromCodePoint(code);
    sound = false;
    return "";
  });
  return sound ? said : undefined;
}
