// The deliberate differences between mxm-config 0.6.2 or mxm-runtime 0.1.2 and us: which questions each is about, what
// either side does, and why. docs/differences-from-mxm.md has the same list in words.
import assert from "node:assert/strict";
import { meantBefore } from "../../../src/config/store/words.ts";
import { OTHERWISE, type Data, type Kind, type Outcome, type Question } from "./case.ts";

/** `value`: an answer. */
type Expected = "value" | Kind;

export interface Rule {
  readonly id: string;
  readonly reason: string;
  /** Looks at the question only. */
  readonly covers: (question: Question) => boolean;
  readonly theirs: Expected;
  readonly ours: Expected;
  /** What else has to hold, when both answer. */
  readonly check?: (theirs: unknown, ours: unknown, question: Question) => void;
}

/** Throws unless the two outcomes are what the rule says, and differ. */
export function assertExcused(rule: Rule, theirs: Outcome, ours: Outcome, question: Question): void {
  const told = (outcome: Outcome): string => ("error" in outcome ? outcome.error : "value");
  assert.equal(told(theirs), rule.theirs, `${rule.id}: the original`);
  assert.equal(told(ours), rule.ours, `${rule.id}: keywright`);
  assert.notDeepEqual(theirs, ours, `the rule ${rule.id} excuses two outcomes that are the same`);
  if ("value" in theirs && "value" in ours) rule.check?.(theirs.value, ours.value, question);
}

/** The texts of the question: those of its files, and its data. */
function texts(question: Question): string {
  const files = "files" in question ? Object.values(question.files) : [];
  const data = "data" in question ? [question.data] : [];
  const overrides = "overrides" in question ? [question.overrides ?? {}] : [];
  return [...files, ...[...data, ...overrides].map((one) => JSON.stringify(one))].join("\n");
}

const writes = (form: RegExp) => (question: Question) => form.test(texts(question));
/** The words of a file that has nothing but keys with one word each. */
function wordsOf(question: Question): readonly (readonly [string, string])[] {
  const text = "files" in question ? (question.files["apps/demo/default.yaml"] ?? "") : "";
  return /^(?:\w+: \S+\n)+$/.test(text)
    ? [...text.matchAll(/^(\w+): (\S+)$/gm)].map(([, key = "", word = ""]) => [key, word] as const)
    : [];
}

const yaml: readonly Rule[] = [
  {
    id: "words of YAML 1.1",
    reason: "YAML 1.2 is read; each such word is told with file and line",
    covers: (question) => wordsOf(question).some(([, word]) => OTHERWISE.includes(word)),
    theirs: "value",
    ours: "value",
    check(theirs, ours, question) {
      const before = wordsOf(question).map(([key, word]) => [key, meantBefore(word)] as const);
      assert.deepEqual(theirs, Object.fromEntries(before));
      for (const [key, word] of wordsOf(question).filter(([, one]) => !OTHERWISE.includes(one)))
        assert.equal((ours as Data)[key], meantBefore(word));
    },
  },
  {
    id: "numbers that are not finite",
    reason: "neither JSON nor a digest has them",
    covers: writes(/^a: (?:\.inf|\.NaN|1e400)$/m),
    theirs: "value",
    ours: "yaml",
  },
  {
    id: "numbers beyond 2^53",
    reason: "they would lose digits without a word",
    covers: writes(/^a: 9007199254740993$/m),
    theirs: "value",
    ours: "yaml",
  },
  {
    id: "a key that YAML 1.1 has for true",
    reason: "a key is text",
    covers: writes(/^yes: /m),
    theirs: "value",
    ours: "value",
    check: (theirs, ours) => assert.deepEqual([theirs, ours], [{ True: 1 }, { yes: 1 }]),
  },
  {
    id: "a key that YAML 1.1 has for null",
    reason: "a key is text",
    covers: writes(/^null: /m),
    theirs: "yaml",
    ours: "value",
  },
  {
    id: "a block that is called as a number or a truth",
    reason: "a key is text, so it can be chosen",
    covers: writes(/^(?:1|on): \{ a: 3 \}$/m),
    theirs: "missing selector",
    ours: "value",
  },
  {
    id: "a file that is one word",
    reason: "a mapping was meant",
    covers: writes(/^foo$/m),
    theirs: "value",
    ours: "no mapping",
  },
  {
    id: "merge keys, empty keys, __proto__",
    reason: "not in YAML 1.2; not to be told apart from a slip; means something to JavaScript",
    covers: writes(/<<:|^"": |^__proto__: /m),
    theirs: "value",
    ours: "yaml",
  },
  {
    id: "a set",
    reason: "the tag is refused when the file is read",
    covers: writes(/!!set/),
    theirs: "interpolation",
    ours: "yaml",
  },
];

/** True when some text holds an interpolation of a mapping or list next to other characters. */
function textOfContainer(question: Question): boolean {
  if (/"x \$\{base\}"/.test(texts(question))) return true;
  const data: Data = "data" in question ? question.data : dataOf(question);
  return data["a"] === "x${b}" && typeof data["b"] === "object" && data["b"] !== null;
}

function dataOf(question: Question): Data {
  const text = "files" in question ? (question.files["apps/demo/default.yaml"] ?? "{}") : "{}";
  return text.startsWith("{") ? (JSON.parse(text) as Data) : {};
}

const interpolations: readonly Rule[] = [
  {
    id: "an escaped interpolation",
    reason: "it is resolved once; the original resolves what it has un-escaped once more",
    covers: writes(/(?<!['\\])(?:\\\\)(?:\\\\\\\\)*\$\{/),
    theirs: "value",
    ours: "value",
  },
  {
    id: "an environment variable that holds an interpolation",
    reason: "whoever sets the environment must not read the configuration",
    covers: writes(/env:KW_REF/),
    theirs: "value",
    ours: "value",
    check: (_, ours) => assert.match(JSON.stringify(ours), /\$\{(?:secret|base\.x)\}"/),
  },
  {
    id: "the text of a mapping or list",
    reason: "nobody means Python's notation for it",
    covers: textOfContainer,
    theirs: "value",
    ours: "interpolation",
  },
  {
    id: "calls that there are not",
    reason: "oc.env, oc.select and oc.decode are there; lists and mappings are no arguments",
    covers: writes(/\$\{oc\.(?:dict\.keys|create|deprecated):|KW_NONE,\[/),
    theirs: "value",
    ours: "interpolation",
  },
];

const identityIn = (question: Question) => ("identity" in question ? question.identity : undefined);
const section = (name: string, form: RegExp) => (question: Question) => {
  if (question.op !== "context") return false;
  return form.test(JSON.stringify(dataOf(question)[name] ?? null));
};

const runtime: readonly Rule[] = [
  {
    id: "the application is not one folder",
    reason: "identity.app must not lead to other configurations",
    covers: (question) => "files" in question && /^\.{0,2}$|\//.test(question.identity.app),
    theirs: "value",
    ours: "name",
  },
  {
    id: "a host name in capitals",
    reason: "host names have no case; policies compare lower case",
    covers: (question) => question.op === "identity" && /[A-Z]/.test(question.sights.hostname),
    theirs: "value",
    ours: "value",
  },
  {
    id: "a machine in capitals is attested",
    reason: "host names have no case",
    covers: (question) => question.op === "attest" && identityIn(question)?.machine === "Bridge",
    theirs: "attestation",
    ours: "value",
  },
  {
    id: "a blank field is no identity",
    reason: "the original looks only when it builds one itself",
    covers: (question) =>
      ["attest", "context"].includes(question.op) && identityIn(question)?.role.trim() === "",
    theirs: "value",
    ours: "identity",
  },
  {
    id: "folders that are empty, of another user, or unknown",
    reason: "each is a slip, told with file and line",
    covers: section("mxm_paths", /:""|:"~daemon|cache_root/),
    theirs: "value",
    ours: "section",
  },
  {
    id: "databases are checked",
    reason:
      "unknown keys, clear passwords, wrong types and passwords that are no secrets are told when loaded",
    covers: section(
      "mxm_databases",
      /hots|"password":|"main":"x"|"port":"|"password_ref":"none"|^\{"database"/,
    ),
    theirs: "value",
    ours: "section",
  },
  {
    id: "secrets are checked as a whole",
    reason: "what would fail at the first question fails when it is loaded",
    covers: section(
      "mxm_secrets",
      /"stores":\{\},"refs":\{"db|"policies":\{\}\}$(?<=db_main.*)|"nothing"|"\.\.\/x"|"more"/,
    ),
    theirs: "value",
    ours: "section",
  },
  {
    id: "a store without a root",
    reason: "the root of a store may be empty",
    covers: section("mxm_secrets", /\{"backend":"gopass"\}/),
    theirs: "section",
    ours: "value",
  },
];

export const rules: readonly Rule[] = [...yaml, ...interpolations, ...runtime];
