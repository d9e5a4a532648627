// A command line split into words as botocore does it: Python's shlex.split, and on Windows the rules of the C runtime.
// It expands nothing, and no shell is involved.

/** The words; undefined: a quotation or an escape is not ended. */
export function shellWords(
  text: string,
  platform: NodeJS.Platform = process.platform,
): readonly string[] | undefined {
  return platform === "win32" ? windowsWords(text) : posixWords(text);
}

/** POSIX mode, without comments: `'…'` as it is, in `"…"` a backslash escapes itself and the quote, elsewhere anything. */
function posixWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const chars = [...text];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? "";
    if (char === quote) {
      quote = undefined;
    } else if (char === "\\" && quote !== "'") {
      const next = chars[(at += 1)];
      if (next === undefined) return undefined;
      const kept = quote === '"' && next !== '"' && next !== "\\" ? "\\" : "";
      word = (word ?? "") + kept + next;
    } else if (quote !== undefined) {
      word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (" \t\r\n".includes(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}

/** Backslashes count only before a double quote, where two are one and an odd one makes the quote a character. */
function windowsWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (const [piece] of text.matchAll(/\\*"|\\+|[ \t]+|[^\\" \t]+/g)) {
    const slashes = piece.endsWith('"') ? piece.length - 1 : -1;
    if (slashes >= 0) {
      word = (word ?? "") + "\\".repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) word += '"';
      else quoted = !quoted;
    } else if (/^[ \t]/.test(piece) && !quoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + piece;
    }
  }
  if (quoted) return undefined;
  return word === undefined ? words : [...words, word];
}
