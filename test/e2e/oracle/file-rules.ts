// The deliberate differences about mendacfg and the login file.
import { MENDACFG, TOKENS, type OracleCase } from "./case.ts";
import { type Expected, REGISTRY, type Rule, textOf, TOKEN } from "./rule.ts";

const ANSWERED: Expected = { answer: "registry.token-1" };
const failed = (message: RegExp, error = "MendaKeyRingError"): Expected => ({ error, message, status: null });

const iniTexts = (one: OracleCase): string => `${textOf(one, MENDACFG)}\u0000${textOf(one, TOKENS)}`;

/** What is wrong with the file → what configparser says of it, and what we say. */
const INI_FAULTS: readonly (readonly [string, RegExp, RegExp, RegExp])[] = [
  [
    "no section header",
    /(?:^|\u0000)[a-z_]+ = /,
    /^File contains no section headers\.\nfile: .*, line: 1\n'/,
    /:1: there is no \[section\] before this line$/,
  ],
  [
    "a section twice",
    /(?:^|\u0000)\[default\]$[^\u0000]*^\[default\]$/m,
    /^While reading from .* \[line {2}[34]\]: section 'default' already exists$/,
    /:[34]: the section \[default\] is there already$/,
  ],
  [
    "a key twice",
    /^host = .*\nHOST = /m,
    /^While reading from .* \[line {2}3\]: option 'host' in section 'default' already exists$/,
    /:3: the same key again in section \[default\]$/,
  ],
  [
    "a key without a value",
    /^client_secret$/m,
    /^Source contains parsing errors: .*\n\t\[line {2}3\]: 'client_secret\\n'$/,
    /:3: this is neither a \[section\] nor a key with a value$/,
  ],
  [
    "a bare percent sign",
    /^(?:note|access_token) = [^%\n]*%[^%(]/m,
    /^'%' must be followed by '%' or '\(', found: '%b?'$/,
    /:[256]: in section \[default\]: a '%' in a value must be written as '%%'$/,
  ],
  [
    "a reference to nothing",
    /%\(nowhere\)s/,
    /^Bad value substitution: option 'host' .* Raw value: '%\(nowhere\)s'$/,
    /:2: in section \[default\]: the value refers by %\(…\)s to a key that is not there$/,
  ],
  [
    "references in a circle",
    /^a = %\(b\)s\nb = %\(a\)s$/m,
    /^Recursion limit exceeded in value substitution: .* Raw value: '%\(a\)s'$/,
    /:2: in section \[default\]: %\(…\)s leads to more than 10 others$/,
  ],
];

const FILES: readonly Rule[] = [
  ...INI_FAULTS.map(([fault, form, theirs, ours]) => ({
    id: `INI: ${fault}`,
    reason:
      "The original quotes the line or the value, which may be a secret; we name file and line, and quote nothing.",
    covers: (one: OracleCase) => form.test(iniTexts(one)),
    theirs: failed(theirs),
    ours: failed(ours),
  })),
  {
    id: "byte order mark in mendacfg",
    reason: "Editors on Windows write one; Python takes it for a part of the first line.",
    covers: (one) => textOf(one, MENDACFG).startsWith("\ufeff"),
    theirs: { ...failed(/^File contains no section headers\.[^]*\\ufeff/), requests: [] },
    ours: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
  },
  {
    id: "byte order mark in the login file",
    reason: "As in mendacfg.",
    covers: (one) => textOf(one, TOKENS).startsWith("\ufeff"),
    theirs: { ...failed(/^File contains no section headers\.[^]*\\ufeff/), requests: [] },
    ours: { ...ANSWERED, requests: [REGISTRY] },
  },
  {
    id: "a file that is not UTF-8",
    reason: "The same refusal, in words that name the file.",
    covers: (one) => Object.values(one.files).some((file) => file !== "folder" && file.latin1 === true),
    theirs: failed(/^'utf-8' codec can't decode byte 0xe9 in position \d+: invalid continuation byte$/),
    ours: failed(/mendacfg is not UTF-8 text$/),
  },
  {
    id: "a mendacfg that cannot be opened",
    reason: "configparser skips such a file in silence, and the message then blames a missing profile.",
    covers: (one) => one.files[MENDACFG] === "folder",
    theirs: failed(/^No profile 'default' in /, "ProfileNotFoundError"),
    ours: failed(/^Menda config file at .* cannot be read \(EISDIR\)\.$/),
  },
  ...(
    [
      [MENDACFG, [TOKEN, REGISTRY]],
      [TOKENS, [REGISTRY]],
    ] as const
  ).map(([path, requests]) => ({
    id: `others can write ${path}`,
    reason: "Whoever can write it decides where the credentials go (DESIGN §5).",
    covers: ({ files: { [path]: file } }: OracleCase) =>
      file !== undefined && file !== "folder" && ((file.mode ?? 0) & 0o002) !== 0,
    theirs: { ...ANSWERED, requests },
    ours: { ...failed(/ can be written by other users, so it is not trusted$/), requests: [] },
  })),
];

const LOGINS: readonly Rule[] = [
  {
    id: "digits of other scripts",
    reason: "menda-cli writes ASCII digits; Python's float() takes those of all scripts.",
    covers: (one) => /^expires_in = (?=.*\p{Nd})[^0-9]+$/mu.test(textOf(one, TOKENS)),
    theirs: { ...ANSWERED, requests: [REGISTRY] },
    ours: { ...failed(/ has invalid cached_at\/expires_in; /, "InvalidCachedTokenError"), requests: [] },
  },
  {
    id: "a login of two lines",
    reason: "The original puts the login into its message.",
    covers: (one) => /^access_token = .*\n {2}/m.test(textOf(one, TOKENS)),
    theirs: failed(/^Invalid leading whitespace, .* in header value: 'Bearer one\\ntwo'$/),
    ours: failed(/^the header authorizationToken for .* has a character that cannot be sent$/),
  },
  {
    id: "a login in Latin-1",
    reason: "What such a byte means in a header is not defined (RFC 9110 §5.5); a token is ASCII.",
    covers: (one) => /^access_token = (?=.*[\u0080-\u00ff])[\u0020-\u00ff]*$/m.test(textOf(one, TOKENS)),
    theirs: { ...ANSWERED, requests: [REGISTRY] },
    ours: {
      ...failed(/^the header authorizationToken for .* has a character that cannot be sent$/),
      requests: [],
    },
  },
  {
    id: "a login beyond Latin-1",
    reason: "The same refusal, in words.",
    covers: (one) => /^access_token = .*[^\u0000-\u00ff]/m.test(textOf(one, TOKENS)),
    theirs: failed(/^'latin-1' codec can't encode character /),
    ours: failed(/^the header authorizationToken for .* has a character that cannot be sent$/),
  },
  {
    id: "netrc",
    reason: "The password that netrc has for the host is none of the menda cloud's business.",
    covers: (one) => ".netrc" in one.files,
    theirs: { requests: [/ \| authorization: Basic dTpw \|/, / \| authorization: Basic dTpw \|/] },
    ours: {
      requests: [
        /\?[^|]* \| content-length: 0$/,
        / \| content-type: application\/json \| content-length: 0$/,
      ],
    },
  },
];

export const fileRules: readonly Rule[] = [...FILES, ...LOGINS];
