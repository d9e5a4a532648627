// INI texts that are easy to read wrongly, written by hand, and a generator of more.
import fc from "fast-check";

/** `bun test` gives a test 5 seconds, and compares slowly. */
export const RUNS = process.versions["bun"] === undefined ? 3000 : 500;

export const HOSTILE: readonly string[] = [
  "",
  "\n",
  "[a]",
  "[a]\n",
  "[default]\nhost = https://menda.example\nauth_type = m2m\n",
  "[a]\nkey=value\nKEY2: value\nk3 = a = b : c\nk4:=x\n",
  "[A]\nk=1\n[a]\nk=2\n",
  "[ a ]\nk=1\n",
  "[a] trailing\nk=1\n",
  "[a]b]\nk=1\n",
  "[]\n",
  "[]]\nk=1\n",
  "[a\nk=1\n",
  "[x]\n[]\n",
  "k=1\n[a]\n",
  "  [a]\n  k = 1\n",
  "[a]\nk = 1\n  [b]\nj = 2\n",
  "[a]\n  k = 1\n  [b]\n  j = 2\n",
  "[a]\n  k = 1\nj = 2\n  continued\n",
  "[a]\nk = 1\n  two\n\n  three\n\n\nj = 2\n",
  "[a]\nk = 1\n# comment\n  two\n ; comment\n  three\n",
  "[a]\nk =\n  one\n  two\n",
  "[a]\nk = v # not a comment\nj = v ; neither\n",
  "[a]\n#k=1\n;j=2\n   # k=3\nl=4\n",
  "# first\n; second\n\n[a]\nk=1\n",
  "[a]\nk=1\nk=2\n",
  "[a]\nk=1\nK=2\n",
  "[a]\nk=1\n[a]\nj=2\n",
  "[DEFAULT]\nk=1\n[DEFAULT]\nj=2\n[a]\n",
  "[DEFAULT]\nk=1\n[DEFAULT]\nk=2\n[a]\n",
  "[DEFAULT]\nk=1\n[a]\nk=2\n[b]\n",
  "[default]\nk=1\n[DEFAULT]\nj=2\n",
  "[a]\nk\n",
  "[a]\nk\nj=1\nl\n",
  "[a]\nk\n[a]\n",
  "[a]\nx=1\nbad\n  more\nx=2\n",
  "[a]\n=1\n",
  "[a]\n=1\n=2\n",
  "[a]\n=1\n  more\n",
  "[a]\n:=1\n",
  "[a]\nk=%\n",
  "[a]\nk=%%\n",
  "[a]\nk=50%% off\n",
  "[a]\nk=%(j)s\nj=1\n",
  "[a]\nk=%(J)s\nj=%(l)s\nl=x\n",
  "[a]\nk=%(k)s\n",
  "[a]\nk=%(nope)s\n",
  "[a]\nk=%()s\n",
  "[a]\nk=%(j\nj=1\n",
  "[a]\nk=%(j)d\nj=1\n",
  "[a]\nk=%(j)\nj=1\n",
  "[a]\nk=%s\n",
  "[a]\nk=a%%(j)s\nj=1\n",
  "[a]\nk=%%%(j)s%%\nj=1\n",
  "[a]\nk=%(j)s\nj=%\n",
  "[a]\nk=%(j)s\nj=\n",
  "[a]\nk=%(a b)s\na b=1\n",
  "[DEFAULT]\nbase=x\n[a]\nk=%(base)s/y\n[b]\nbase=z\nk=%(base)s/y\n",
  "[DEFAULT]\nk=%(j)s\n[a]\nj=1\n[b]\n",
  `[a]\n${Array.from({ length: 9 }, (_, i) => `k${i}=%(k${i + 1})s`).join("\n")}\nk9=end\n`,
  `[a]\n${Array.from({ length: 10 }, (_, i) => `k${i}=%(k${i + 1})s`).join("\n")}\nk10=%%\n`,
  `[a]\n${Array.from({ length: 12 }, (_, i) => `k${i}=%(k${i + 1})s`).join("\n")}\nk12=end\n`,
  "[a]\r\nk=1\r\n  two\r\n[b]\r\nj=2\r\n",
  "[a]\rk=1\r[b]\rj=2",
  "[a]\n\rk=1\r\n\r\n  two\n",
  "[a]\nk=1\u2028x=2\u2029y\n",
  "[a]\u000bk=1\n\u000ck=2\n",
  "[a]\n\u001ck\u001f=\u00851\u0085\n",
  "[a]\n\u00a0k\u3000=\u20031\n",
  "[a]\n\ufeffk = \ufeff1\ufeff\n",
  "[\ufeffa]\nk=1\n",
  "[a]\nk=\u0000\n",
  "[a]\n\tk=1\n \tj=2\n",
  "[a]\nÜBER=1\nüber=2\n",
  "[a]\nİ=1\nΑΣ=2\n",
  "[a]\n__proto__=1\nconstructor=2\n[__proto__x]\nk=1\n[constructor]\nk=1\n",
  "[😀]\n😀 = 😀\n",
  "[a]\nk = v\n    \n    w\n",
  "[a]\nk = v\n\n[b]\n\n\nj = v\n",
  "[a]\n[b]\n[c]\n",
  "[a]\nk = [b]\n[c]\nk = #\n",
  "[a]\nk: v\n : w\n",
  "[a]\nk\t=\tv\n",
  "[a]\n;k\n#[b]\nj=1",
  "[a]\nlong key with spaces = v\n",
  "[a]\nk=1\n [b]\n  j=2\n",
  "[a]\n   k=1\n  j=2\n l=3\nm=4\n n=5\n",
];

const indent = fc.constantFrom("", "", "", " ", "  ", "\t", "\u00a0", "\u001f");
const word = fc.constantFrom(
  "a",
  "b",
  "A",
  "key",
  "Host",
  "client_secret",
  "DEFAULT",
  "x y",
  "ß",
  "",
  "%",
  "]",
);
const piece = fc.constantFrom(
  "v",
  "%",
  "%%",
  "%(a)s",
  "%(key)s",
  "%(A)s",
  "%(",
  ")",
  "s",
  "=",
  ":",
  "#",
  ";",
  " ",
  "[b]",
  "\\",
);
const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
const plain = fc.constantFrom("v", "https://menda.example", "a = b", "100%%", "%(home)s/x", "# no", "");
const ending = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r");

/** Any text: most of these are refused by both. */
export const anyIni: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      indent,
      fc.oneof(
        word.map((name) => `[${name}]`),
        fc.tuple(word, fc.constantFrom("=", ":", " = ", "\u2003:"), value).map((parts) => parts.join("")),
        value,
        fc.constantFrom("", "# c", "; c", "  ", "[", "[]", "text"),
      ),
      ending,
    ),
    { maxLength: 9 },
  )
  .map((lines) => `[first]\n${lines.map((parts) => parts.join("")).join("")}`);

const NAMES = ["default", "DEFAULT", "prod", "Prod", "with space", "tab\tname"];
const KEYS = ["host", "auth_type", "client_id", "client_secret", "note"];

/** A text that can be read, with everything in it that a writer could harm. */
export const readableIni: fc.Arbitrary<string> = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...NAMES),
        indent: fc.constantFrom("", "", "  "),
        options: fc.uniqueArray(
          fc.record({
            key: fc.constantFrom(...KEYS),
            upper: fc.boolean(),
            delimiter: fc.constantFrom(" = ", "=", ": "),
            value: plain,
            after: fc.constantFrom(
              "",
              "",
              "\n",
              "\n# comment",
              "\n  continued",
              "\n\n   continued\n",
              "\n  ; comment\n    too",
            ),
          }),
          { maxLength: 4, selector: ({ key }) => key },
        ),
      }),
      { maxLength: 4, selector: ({ name }) => name },
    ),
    fc.constantFrom("\n", "\r\n"),
    fc.constantFrom("", "\ufeff", "# top\n", "\n\n"),
    fc.constantFrom("", "\n", "\n\n\n", "\n# end"),
  )
  .map(([sections, newline, top, end]) => {
    const blocks = sections.map(({ name, indent: by, options }) =>
      [
        `${by}[${name}]`,
        ...options.map(
          (o) => `${by}${o.upper ? o.key.toUpperCase() : o.key}${o.delimiter}${o.value}${o.after}`,
        ),
      ].join("\n"),
    );
    return `${top}[DEFAULTS]\nhome = /h\n[x]\n${blocks.join("\n")}${end}`.replaceAll("\n", newline);
  });

/** Values that can be written. */
export const entries: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    host: fc.constantFrom("https://menda.example", "http://127.0.0.1:8765"),
    auth_type: fc.constantFrom("u2m", "m2m"),
    client_id: fc.string({ unit: "grapheme", maxLength: 12 }),
    client_secret: fc.oneof(value, fc.string({ unit: "grapheme-ascii", maxLength: 20 })),
  },
  { requiredKeys: ["host", "auth_type"] },
);
