// The options and positional words of jaraco/keyring 25.7, and which word of a command line may be which of them. It does not
// take values: keyring-grammar.ts does.

const MODES = ["password", "creds"] as const;
const OUTPUTS = ["plain", "json"] as const;
const SHELLS = ["bash", "zsh", "tcsh"] as const;
const OPERATIONS = ["get", "set", "del", "diagnose"] as const;

export interface KeyringWords {
  readonly backend?: string | undefined;
  readonly listBackends?: true | undefined;
  readonly disable?: true | undefined;
  readonly mode: (typeof MODES)[number];
  readonly output: (typeof OUTPUTS)[number];
  readonly operation?: (typeof OPERATIONS)[number] | undefined;
  readonly service?: string | undefined;
  readonly username?: string | undefined;
  /** `-h` and `--print-completion` end the reading where they stand: what follows is not looked at. */
  readonly ended?: "help" | "print-completion" | undefined;
}

export type Writable = { -readonly [key in keyof KeyringWords]: KeyringWords[key] };

export interface Parameter {
  /** How argparse calls it in an error. */
  readonly name: string;
  readonly takesValue: boolean;
  readonly choices?: readonly string[];
  store(words: Writable, value: string): void;
}

export interface Option {
  /** Undefined: looks like an option, and is none. */
  readonly parameter: Parameter | undefined;
  readonly spelling: string;
  /** What stood between spelling and value: "=", "" (`-bX`), undefined: no value in the same word. */
  readonly separator: string | undefined;
  readonly value: string | undefined;
}

export interface Line {
  readonly argv: readonly string[];
  /** One letter a word: O option, A argument, - for the first `--`. */
  readonly pattern: string;
  /** By index; more than one candidate: ambiguous. */
  readonly options: ReadonlyMap<number, readonly Option[]>;
  readonly lastOption: number;
}

export const HELP: Parameter = flag("-h/--help", (words) => (words.ended = "help"));
const PATH: Parameter = valued("-p/--keyring-path", () => {});
const BACKEND: Parameter = valued("-b/--keyring-backend", (words, value) => (words.backend = value));

// In the order in which keyring declares them: argparse lists them so when a prefix is ambiguous.
export const SPELLINGS: ReadonlyMap<string, Parameter> = new Map([
  ["-h", HELP],
  ["--help", HELP],
  ["-p", PATH],
  ["--keyring-path", PATH],
  ["-b", BACKEND],
  ["--keyring-backend", BACKEND],
  ["--list-backends", flag("--list-backends", (words) => (words.listBackends = true))],
  ["--disable", flag("--disable", (words) => (words.disable = true))],
  ["--mode", valued("--mode", (words, value) => (words.mode = value as KeyringWords["mode"]), MODES)],
  [
    "--output",
    valued("--output", (words, value) => (words.output = value as KeyringWords["output"]), OUTPUTS),
  ],
  ["--print-completion", valued("--print-completion", (words) => (words.ended = "print-completion"), SHELLS)],
]);

export const POSITIONALS: readonly Parameter[] = [
  valued("operation", (words, value) => (words.operation = value as (typeof OPERATIONS)[number]), OPERATIONS),
  valued("service", (words, value) => (words.service = value)),
  valued("username", (words, value) => (words.username = value)),
];

function flag(name: string, store: (words: Writable) => void): Parameter {
  return { name, takesValue: false, store };
}

function valued(name: string, store: Parameter["store"], choices?: readonly string[]): Parameter {
  return choices === undefined
    ? { name, takesValue: true, store }
    : { name, takesValue: true, choices, store };
}

export function classified(argv: readonly string[]): Line {
  const options = new Map<number, readonly Option[]>();
  const separator = argv.indexOf("--");
  let pattern = "";
  let lastOption = -1;
  for (const [index, word] of argv.entries()) {
    const found = separator === -1 || index < separator ? optionsOf(word) : undefined;
    if (found !== undefined) {
      options.set(index, found);
      lastOption = index;
    }
    pattern += index === separator ? "-" : found === undefined ? "A" : "O";
  }
  return { argv, pattern, options, lastOption };
}

const NEGATIVE_NUMBER = /^-(?:\p{Nd}+(?:_\p{Nd}+)*(?:\.\p{Nd}+(?:_\p{Nd}+)*)?|\.\p{Nd}+(?:_\p{Nd}+)*)$/u;

/** argparse's `_parse_optional`: which options a word may mean; undefined: it is an argument. */
function optionsOf(word: string): readonly Option[] | undefined {
  if (!word.startsWith("-") || word === "-") return undefined;
  const exact = SPELLINGS.get(word);
  if (exact !== undefined)
    return [{ parameter: exact, spelling: word, separator: undefined, value: undefined }];
  const equals = word.indexOf("=");
  const spelling = equals === -1 ? word : word.slice(0, equals);
  const given = equals === -1 ? undefined : word.slice(equals + 1);
  const separator = equals === -1 ? undefined : "=";
  const full = SPELLINGS.get(spelling);
  if (full !== undefined) return [{ parameter: full, spelling, separator, value: given }];
  const found: Option[] = [];
  for (const [candidate, parameter] of SPELLINGS) {
    if (!word.startsWith("--") && candidate === word.slice(0, 2)) {
      found.push({ parameter, spelling: candidate, separator: "", value: word.slice(2) });
    } else if (candidate.startsWith(spelling)) {
      found.push({ parameter, spelling: candidate, separator, value: given });
    }
  }
  if (found.length > 0) return found;
  if (NEGATIVE_NUMBER.test(word) || word.includes(" ")) return undefined;
  return [{ parameter: undefined, spelling: word, separator: undefined, value: undefined }];
}
