// Python's repr() of a string, because the messages of menda-keyring quote profile names by it.
const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const PLAIN = /^[ -&(-[\]-~]*$/;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

export function pythonRepr(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = "";
  for (const char of text) {
    if (char === quote) result += `\\${char}`;
    else if (NAMED[char] !== undefined) result += NAMED[char];
    else result += UNPRINTABLE.test(char) ? escape(char.codePointAt(0) ?? 0) : char;
  }
  return quote + result + quote;
}

function escape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
