// Cases written by hand: each line of what is known about mxm-config 0.6.2, one by one.
import { demoFiles, WHO, type Data, type Files, type OracleCase, type Question } from "./case.ts";
import { runtimeCases } from "./runtime-cases.ts";

const ENV = { KW_A: "from env", KW_REF: "${secret}", KW_EMPTY: "", KW_N: "42" };

function byHand(name: string, question: Question): OracleCase {
  return { name, generated: false, question };
}

function stored(
  name: string,
  files: Files,
  more: { readonly overrides?: Data; readonly app?: string; readonly environment?: string } = {},
): OracleCase {
  const { app = WHO.app, environment = WHO.environment, ...rest } = more;
  return byHand(name, { op: "load", files, identity: { ...WHO, app, environment }, env: ENV, ...rest });
}

/** One default.yaml. */
function written(name: string, text: string): OracleCase {
  return stored(name, demoFiles({ default: text }));
}

function merged(name: string, lower: unknown, upper: unknown): OracleCase {
  return stored(name, demoFiles({ default: { a: lower, b: { x: 1 } }, environment: { a: upper } }));
}

const files: readonly OracleCase[] = [
  stored("no store at all", {}),
  stored("another application only", { "apps/other/default.yaml": "a: 1" }),
  stored("the application is a file", { "apps/demo": "a: 1" }),
  stored("no default.yaml", { "apps/demo/environment.yaml": "dev: {}" }),
  stored("default.yaml is a folder", { "apps/demo/default.yaml": null }),
  stored("environment.yaml is a folder", {
    ...demoFiles({ default: "a: 1" }),
    "apps/demo/environment.yaml": null,
  }),
  stored("default.yaml is empty", demoFiles({ default: "" })),
  stored("default.yaml is a comment", demoFiles({ default: "# nothing\n" })),
  stored("default.yaml is null", demoFiles({ default: "null\n" })),
  stored("default.yaml is a word", demoFiles({ default: "foo\n" })),
  stored("default.yaml is a list", demoFiles({ default: "- a\n" })),
  stored("default.yaml is two documents", demoFiles({ default: "a: 1\n---\nb: 2\n" })),
  stored("default.yaml begins with ---", demoFiles({ default: "---\na: 1\n" })),
  stored("an empty dimension file", { ...demoFiles({ default: "a: 1" }), "apps/demo/role.yaml": "" }),
  stored("a dimension file that is a list", {
    ...demoFiles({ default: "a: 1" }),
    "apps/demo/role.yaml": "- research",
  }),
  ...["null", "7", "text", "[a]", "{}", ""].map((block) =>
    stored(`the selected block is ${block}`, {
      ...demoFiles({ default: "a: 1" }),
      "apps/demo/role.yaml": `research: ${block}\n`,
    }),
  ),
  ...["staging", "Dev", "", "de"].map((environment) =>
    stored(`no block '${environment}'`, demoFiles({ default: "a: 1", environment: { a: 2 } }), {
      environment,
    }),
  ),
  stored(
    "a block with a dot in its name",
    { ...demoFiles({ default: "a: 1" }), "apps/demo/environment.yaml": '"v1.2": { a: 3 }' },
    { environment: "v1.2" },
  ),
  stored(
    "a block called 1",
    { ...demoFiles({ default: "a: 1" }), "apps/demo/environment.yaml": "1: { a: 3 }" },
    { environment: "1" },
  ),
  stored(
    "a block called on",
    { ...demoFiles({ default: "a: 1" }), "apps/demo/environment.yaml": "on: { a: 3 }" },
    { environment: "on" },
  ),
  stored(
    "a block called 1 in quotes",
    { ...demoFiles({ default: "a: 1" }), "apps/demo/environment.yaml": '"1": { a: 3 }' },
    { environment: "1" },
  ),
  stored("a broken interpolation in a block that is not chosen", {
    ...demoFiles({ default: "a: 1" }),
    "apps/demo/role.yaml": "research: {}\nother: { a: '${b' }\n",
  }),
  stored("a fault in a block that is not chosen", {
    ...demoFiles({ default: "a: 1" }),
    "apps/demo/role.yaml": "research: {}\nother: { a: 1, a: 2 }\n",
  }),
  stored(
    "the application leads out of apps",
    { "evil/default.yaml": "a: evil", "apps/x/default.yaml": "" },
    { app: "../evil" },
  ),
  stored("the application is the folder of all", { "apps/default.yaml": "a: all" }, { app: "." }),
  stored("the application is a path", { "apps/one/two/default.yaml": "a: inner" }, { app: "one/two" }),
  stored("the application has no name", { "apps/default.yaml": "a: all" }, { app: "" }),
  stored("the application has spaces", { "apps/one two/default.yaml": "a: 1" }, { app: "one two" }),
];

const words: readonly OracleCase[] = [
  ..."yes no on off Yes ON y n 012 0o17 0x1F 1_000 12:30 1:30.5 08 0b101 +12 -0x1f 1e3 1E5 1.e2 1. .5 -.5 2026-01-01 12e03 0.1_5 190:20:30 ~ Null NULL True FALSE nan 1e400"
    .split(" ")
    .map((word) => written(`the word ${word}`, `a: ${word}\n`)),
  written("infinity", "a: .inf\n"),
  written("not a number", "a: .NaN\n"),
  written("a key called yes", "yes: 1\n"),
  written("a key called 12", "12: 1\n"),
  written("a key called null", "null: 1\nb: 2\n"),
  written("a time", "a: 2026-01-01 10:00:00\n"),
  written(
    "texts of every style",
    "a: 'it''s'\nb: \"\\u00e4\\n\"\nc: |\n  two\n  lines\nd: >-\n  one\n  line\ne: plain text\n",
  ),
  written("an anchor", "a: &x { b: 1 }\nc: *x\n"),
  written("an alias without an anchor", "a: *x\n"),
  written("a merge key", "a: &x { b: 1 }\nc: { <<: *x, d: 2 }\n"),
  written("a tag of YAML", "a: !!str 12\n"),
  written("a tag of Python", "a: !!python/object/apply:os.getcwd []\n"),
  written("another tag", "a: !mine 1\n"),
  written("a set", "a: !!set { x }\n"),
  written("a duplicate key", "a: 1\na: 2\n"),
  written("a duplicate key inside", "a: { b: 1, b: 2 }\n"),
  written("an open bracket", "a: [1, 2\n"),
  written("a tab", "a:\n\tb: 1\n"),
  written("a colon too many", "a: b: c\n"),
  written("an empty key", '"": 1\n'),
  written("a key called __proto__", "__proto__: { a: 1 }\n"),
  written("keys of JavaScript", "constructor: 1\ntoString: { length: 2 }\n"),
  written("a large number", "a: 9007199254740993\n"),
];

const merges: readonly OracleCase[] = [
  merged("a list over a list", [1, 2], [3]),
  merged("null over a mapping", { x: 1 }, null),
  merged("a mapping over null", null, { x: 1 }),
  merged("a mapping over a scalar", 7, { x: 1 }),
  merged("a scalar over a mapping", { x: 1 }, 7),
  merged("a scalar over a list", [1], "text"),
  merged("a list over a scalar", 7, [1]),
  merged("a mapping over a list", [1], { x: 1 }),
  merged("a list over a mapping", { x: 1 }, [1]),
  merged("an empty list over a mapping", { x: 1 }, []),
  merged("an empty mapping over a mapping", { x: 1 }, {}),
  merged("??? over a value", 7, "???"),
  merged("??? over a mapping", { x: 1 }, "???"),
  merged("??? over null", null, "???"),
  merged("a value over ???", "???", 7),
  merged("a mapping over ???", "???", { x: 1 }),
  merged("??? alone", { c: "???" }, { d: 1 }),
  merged("a mapping over a reference to one", "${b}", { y: 2 }),
  merged("a list over a reference to a mapping", "${b}", [1]),
  merged("a mapping over a reference to a scalar", "${b.x}", { y: 2 }),
  merged("a mapping over a reference to nothing", "${none}", { y: 2 }),
  merged("a reference over a mapping", { x: 9 }, "${b}"),
  merged("a mapping over a call", "${oc.env:KW_A}", { y: 2 }),
  stored(
    "references change while a layer is merged",
    demoFiles({ default: { b: { x: 1 }, a: "${b}" }, role: { b: { x: 2 }, a: { y: 3 } } }),
  ),
  stored(
    "a reference of an earlier layer to a later value",
    demoFiles({ default: { a: "${b}", b: 1 }, machine: { b: 2 } }),
  ),
  stored("overrides nest", demoFiles({ default: { a: { b: 1, c: 2 } } }), { overrides: { a: { b: 9 } } }),
  stored("overrides do not expand dots", demoFiles({ default: { a: { b: 1 } } }), {
    overrides: { "a.b": 9 },
  }),
  stored("overrides may refer", demoFiles({ default: { a: { b: 1 } } }), { overrides: { c: "${a.b}" } }),
  stored("empty overrides", demoFiles({ default: { a: 1 } }), { overrides: {} }),
  stored(
    "all layers",
    demoFiles(
      Object.fromEntries(
        ["default", "environment", "machine", "substrate", "role"].map((name, at) => [
          name,
          { last: name, [name]: at, all: { [name]: name } },
        ]),
      ),
    ),
  ),
];

const texts: readonly (readonly [string, Data])[] = [
  ["escaped", { a: "\\${b}", b: 1 }],
  ["escaped backslash", { a: "\\\\${b}", b: 1 }],
  ["three backslashes", { a: "\\\\\\${b}", b: 1 }],
  ["backslashes elsewhere", { a: "c:\\dir\\${b}\\x", b: 1 }],
  ["reference to an escaped text", { a: "\\${b}", c: "${a}", b: 1 }],
  ["spaces", { a: "${ b }", b: 1 }],
  ["spaces inside", { a: "${b .c}", b: { c: 1 } }],
  ["brackets", { a: "${[b][c]}", b: { c: 1 } }],
  ["brackets and dots", { a: "${b[c].d}", b: { c: { d: 1 } } }],
  ["an index", { a: "${b[1]}", b: [1, 2] }],
  ["an index by a dot", { a: "${b.1}", b: [1, 2] }],
  ["an index too far", { a: "${b[2]}", b: [1, 2] }],
  ["a negative index", { a: "${b[-1]}", b: [1, 2] }],
  ["an index that is none", { a: "${b.c}", b: [1, 2] }],
  ["a whole list", { a: "${b}", b: [1, "${c}"], c: 3 }],
  ["a whole mapping", { a: "${b}", b: { c: "${.d}", d: 4 } }],
  ["a reference to a reference", { a: "${b}", b: "${c}", c: "${d.e}", d: { e: 5 } }],
  ["through a reference", { a: "${b.e}", b: "${d}", d: { e: 5 } }],
  ["relative", { a: { b: "${.c}", c: 1 } }],
  ["relative, one up", { a: { b: { c: "${..d}" }, d: 1 } }],
  ["relative, two up", { a: { b: { c: "${...d}" } }, d: 1 }],
  ["relative, too far up", { a: { b: "${....d}" }, d: 1 }],
  ["relative in a list", { a: ["${.[1]}", 7] }],
  ["relative in a mapping of a list", { a: [{ b: "${..[1]}" }, 7] }],
  ["a circle of one", { a: "${a}" }],
  ["a circle of two", { a: "${b}", b: "${a}" }],
  ["to a mapping above", { a: { b: "${a}" } }],
  ["not quite a circle", { a: "${c}", c: { b: 1, d: "${a.b}" } }],
  ["mappings that refer into each other", { a: { x: "${b.y}", z: 1 }, b: { y: 2, w: "${a.z}" } }],
  ["mappings that hold each other", { a: { x: "${b}" }, b: { y: "${a}" } }],
  ["nothing there", { a: "${none}" }],
  ["nothing inside", { a: "${b.none}", b: {} }],
  ["inside a scalar", { a: "${b.c}", b: 1 }],
  ["inside null", { a: "${b.c}", b: null }],
  ["null", { a: "${b}", b: null }],
  ["to ???", { a: "${b}", b: "???" }],
  ["??? in a text", { a: "x${b}", b: "???" }],
  ["text of a true, a false and null", { a: "${b}/${c}/${d}", b: true, c: false, d: null }],
  ["text of numbers", { a: "${b}/${c}/${d}/${e}", b: 7, c: -0.5, d: 1e-7, e: 12345.678 }],
  ["text of a mapping", { a: "x${b}", b: { c: 1 } }],
  ["text of a list", { a: "x${b}", b: [1] }],
  ["nested", { a: "${b.${c}}", b: { d: 1 }, c: "d" }],
  ["nested to a path", { a: "${${c}}", b: { d: 1 }, c: "b.d" }],
  ["nested twice", { a: "${b.${c.${e}}}", b: { d: 1 }, c: { f: "d" }, e: "f" }],
  ["nested number", { a: "${b.${c}}", b: { 1: 1 }, c: 1 }],
  ["half nested", { a: "${b${c}}", b1: 1, c: "1" }],
  ["two references", { a: "${b}${c}", b: "x", c: "y" }],
  ["a dollar alone", { a: "$5 {b} $b }{" }],
  ["not closed", { a: "x ${b" }],
  ["empty", { a: "${}" }],
  ["a dot alone", { a: "${.}" }],
  ["a dot at the end", { a: "${b.}", b: { c: 1 } }],
  ["an unknown call", { a: "${env:KW_A}" }],
  ["another unknown call", { a: "${home:}" }],
  ["a key with a dash", { a: "${b-c}", "b-c": 1 }],
  ["a key with a comma", { a: "${b,c}", "b,c": 1 }],
  ["a key of letters beyond ASCII", { a: "${ü.é}", ü: { é: 1 } }],
  ["a key in quotes", { a: "${'b'}", b: 1 }],
  ["a line break in it", { a: "${\nb}", b: 1 }],
  ["env", { a: "${oc.env:KW_A}" }],
  ["env, spaces", { a: "${oc.env: KW_A }" }],
  ["env, empty", { a: "${oc.env:KW_EMPTY}" }],
  ["env, missing", { a: "${oc.env:KW_NONE}" }],
  ["env, null", { a: "${oc.env:KW_NONE,null}" }],
  ["env, empty default", { a: "${oc.env:KW_NONE,}" }],
  ["env, quoted default", { a: "${oc.env:KW_NONE,'a, b: ${b}'}", b: 1 }],
  ["env, quotes in quotes", { a: '${oc.env:KW_NONE,"it\'s \\"x\\""}' }],
  ["env, default with escapes", { a: "${oc.env:KW_NONE,a\\,b\\ }" }],
  ["env, default with spaces", { a: "${oc.env:KW_NONE, two  words }" }],
  ["env, default of an address", { a: "${oc.env:KW_NONE,http://a.example:80/x?y=1}" }],
  ["env, default of a path", { a: "${oc.env:KW_NONE,/a-b/c_d/%x@y*z|q}" }],
  ["env, default 12", { a: "${oc.env:KW_NONE,12}" }],
  ["env, default 1_000", { a: "${oc.env:KW_NONE,1_000}" }],
  ["env, default 012", { a: "${oc.env:KW_NONE,012}" }],
  ["env, default 1.50", { a: "${oc.env:KW_NONE,1.50}" }],
  ["env, default 1e3", { a: "${oc.env:KW_NONE,1e3}" }],
  ["env, default true", { a: "${oc.env:KW_NONE,true}" }],
  ["env, default a reference", { a: "${oc.env:KW_NONE,${b}}", b: "x" }],
  ["env, default a list", { a: "${oc.env:KW_NONE,[1]}" }],
  ["env, three arguments", { a: "${oc.env:KW_A,b,c}" }],
  ["env, no argument", { a: "${oc.env:}" }],
  ["env, a name that is referred to", { a: "${oc.env:${b}}", b: "KW_A" }],
  ["env holds a reference", { a: "${oc.env:KW_REF}", secret: "other" }],
  ["env in a text holds a reference", { a: "x-${oc.env:KW_REF}", secret: "other" }],
  ["env of JavaScript", { a: "${oc.env:constructor,none}" }],
  ["decode a number", { a: "${oc.decode:${oc.env:KW_N}}" }],
  ["decode text", { a: "${oc.decode:${oc.env:KW_A}}" }],
  ["decode null", { a: "${oc.decode:null}" }],
  ["decode what is no text", { a: "${oc.decode:${b}}", b: 7 }],
  ["decode a reference", { a: "${oc.decode:'${b}'}", b: 7 }],
  ["decode an escaped reference", { a: "${oc.decode:'\\${b}'}", b: 7 }],
  ["decode a list", { a: "${oc.decode:'[1]'}" }],
  ["select", { a: "${oc.select:b.c}", b: { c: 1 } }],
  ["select nothing", { a: "${oc.select:b.c}", b: {} }],
  ["select a default", { a: "${oc.select:none,7}" }],
  ["select a mapping", { a: "${oc.select:b}", b: { c: 1 } }],
  ["select relative", { a: { x: "${oc.select:.y,0}", y: 3 } }],
  ["keys of a mapping", { a: "${oc.dict.keys:b}", b: { c: 1 } }],
  ["create", { a: "${oc.create:${b}}", b: { c: 1 } }],
  ["deprecated", { a: "${oc.deprecated:b}", b: 1 }],
];

const VIEWED = { a: { b: { c: 1 }, l: [{ m: 2 }, 3], n: null, u: "???", t: "text" }, "x.y": { z: 1 } };
const views = [
  "",
  "a",
  "a.b",
  "a[b]",
  "[a].b",
  "a.b.c",
  "a.l",
  "a.l[0]",
  "a.l.0",
  "a.l[1]",
  "a.l[9]",
  "a.n",
  "a.u",
  "a.t",
  "a.t.x",
  "none",
  "a.none.b",
  ".a",
  "x.y",
  "..a",
  "a..b",
];

export const handCases: readonly OracleCase[] = [
  ...files,
  ...words,
  ...merges,
  ...texts.map(([name, data]) => stored(`interpolation: ${name}`, demoFiles({ default: data }))),
  ...texts
    .slice(0, 40)
    .map(([name, data]) => byHand(`sub-configuration: ${name}`, { op: "subconfig", data, env: ENV })),
  ...views.map((path) => byHand(`view of '${path}'`, { op: "subview", data: VIEWED, path })),
  ...[true, false].flatMap((readonly) =>
    [true, false].map((view) =>
      byHand(`change: ${readonly}, view ${view}`, {
        op: "change",
        data: { a: { b: 1 } },
        path: "a",
        readonly,
        view_readonly: view,
      }),
    ),
  ),
  ...runtimeCases,
];
