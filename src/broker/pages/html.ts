// HTML that is safe by construction: what is put into a template is escaped, unless it was made by a template itself.
// Attributes are always in double quotes. It knows no page.

const MADE: unique symbol = Symbol("html");

/** A piece of a page; only `html` makes one. */
export interface Html {
  readonly [MADE]: string;
}

export type Piece = Html | string | number | undefined | readonly Html[];

/** Throws for a value in an attribute without quotes: nothing escapes one. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = parts[0] ?? "";
  for (const [index, piece] of pieces.entries()) {
    if (/\s[\w:-]+\s*=\s*$/.test(parts[index] ?? "")) throw new TypeError("an attribute lacks its quotes");
    text += written(piece) + (parts[index + 1] ?? "");
  }
  return { [MADE]: text };
}

export function htmlText(piece: Html): string {
  return piece[MADE];
}

function written(piece: Piece): string {
  if (piece === undefined) return "";
  if (typeof piece === "string" || typeof piece === "number") return escaped(String(piece));
  return MADE in piece ? piece[MADE] : piece.map(htmlText).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? "");
}

/**
 * What a stranger wrote, fit to be read: what cannot be seen, or turns the direction of a line, becomes a space, and
 * it is cut after `most` characters.
 */
export function strangersText(text: string, most: number): string {
  const characters = [...text.replace(/[\p{C}\p{Z}\u034f\u115f\u1160\u3164\uffa0]+/gu, " ").trim()];
  // Marks that stand on top of each other without end would leave their line.
  const plain = characters
    .slice(0, most * 2)
    .join("")
    .replace(/(\p{M}{3})\p{M}+/gu, "$1");
  const cut = [...plain];
  return characters.length > most * 2 || cut.length > most
    ? `${cut.slice(0, most).join("").trimEnd()}…`
    : plain;
}
