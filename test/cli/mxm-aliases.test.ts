// `mxm-config` and `mxm-secrets` print what the originals print and end as they end. What those do is kept in
// mxm-originals.json; where the originals are installed, they are asked again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { toolPath } from "../../scripts/tools.ts";

const KEPT = join(import.meta.dirname, "mxm-originals.json");
const BIN = join(import.meta.dirname, "..", "..", "bin");
const folder = mkdtempSync(join(tmpdir(), "keywright-mxm-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const FILES = {
  default: `# what holds everywhere
name: demo app
paths: { data: "/srv/\${name}", log: "\${.data}/log" }
numbers: [1, -2, 1.0, 2.5e-7, 1e30]
texts: ["yes", "012", "", " x ", "a: b", "#c", "it's", "two\\nlines", "tab\\t", "ü", "2026-01-01", "1_000", "~"]
nothing: ~
empty: { list: [], mapping: {} }
deep: [ { a: 1, b: [x, [y]] }, [ { c: 2 } ] ]
long: ${"many words that go on ".repeat(8)}end
quoted: "${"it's: many words that go on ".repeat(6)}"
block: |
  first

  third
`,
  environment: "dev: { name: dev app, numbers: [7] }\nprod: {}\n",
  role: 'research: { added: last, nothing: { now: "${oc.env:KW_GOLDEN,none}" } }\n',
};
for (const [name, text] of Object.entries(FILES)) {
  const file = join(folder, "store", "apps", "demo", `${name}.yaml`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
/** Answers as gopass does, and as nothing does. */
for (const [name, script] of Object.entries({
  works: '#!/bin/sh\ncase "$1" in --version) echo "gopass 1.16.1";; esac\n',
  fails:
    '#!/bin/sh\ncase "$1" in --version) echo "gopass 1.16.1"; exit 0;; esac\necho "Error: no store" >&2\nexit 1\n',
})) {
  const file = join(folder, name, "gopass");
  mkdirSync(dirname(file));
  writeFileSync(file, script);
  chmodSync(file, 0o755);
}
mkdirSync(join(folder, "nothing"));

interface Line {
  readonly program: "mxm-config" | "mxm-secrets";
  readonly argv: readonly string[];
  /** The only folder with programs in it; `nothing` is empty. */
  readonly path?: "works" | "fails" | "nothing";
}

const IDENTITY = [
  "--app",
  "demo",
  "--environment",
  "dev",
  "--machine",
  "m",
  "--substrate",
  "s",
  "--role",
  "research",
];
const STORE = ["--store-root", "{store}"];
const show = (...argv: readonly string[]): Line => ({
  program: "mxm-config",
  argv: ["show-config", ...argv],
});
const instead = (from: string, to: string): readonly string[] =>
  IDENTITY.map((word) => (word === from ? to : word));

const LINES: Readonly<Record<string, Line>> = {
  show: show(...IDENTITY, ...STORE),
  "show, --env": show(...instead("--environment", "--env"), ...STORE),
  "show --no-resolve": show(...IDENTITY, ...STORE, "--no-resolve"),
  "show, other layers": show(...instead("dev", "prod"), ...STORE),
  "no application": show(...instead("demo", "none"), ...STORE),
  "no block": show(...instead("dev", "staging"), ...STORE),
  "an option missing": show(...IDENTITY.slice(0, 8), ...STORE),
  "no argument": { program: "mxm-config", argv: [] },
  "no such command": { program: "mxm-config", argv: ["install-config"] },
  version: { program: "mxm-config", argv: ["--version"] },
  "version, short": { program: "mxm-config", argv: ["-V"] },
  "gopass works": { program: "mxm-secrets", argv: ["check"], path: "works" },
  "gopass fails": { program: "mxm-secrets", argv: ["check"], path: "fails" },
  "no gopass": { program: "mxm-secrets", argv: ["check"], path: "nothing" },
  "mxm-secrets, no argument": { program: "mxm-secrets", argv: [] },
  "mxm-secrets, no such command": { program: "mxm-secrets", argv: ["get", "x"] },
};

interface Told {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function told(command: string, before: readonly string[], { argv, path = "nothing" }: Line): Told {
  const filled = argv.map((word) => word.replace("{store}", join(folder, "store")));
  const env = {
    HOME: folder,
    PATH: join(folder, path),
    LANG: "C.UTF-8",
    KW_GOLDEN: "from env",
  };
  const { status, stdout, stderr, error } = spawnSync(command, [...before, ...filled], {
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(error, undefined);
  return { code: status, out: stdout, err: stderr };
}

const PYTHON = toolPath("mxm", "python");

/** The console script of mxm-secrets 0.3.2 is broken: its module is the way in. */
function original(line: Line): Told {
  if (line.program === "mxm-config") return told(toolPath("mxm", "mxm-config"), [], line);
  return told(PYTHON, ["-m", "mxm.secrets"], line);
}

/** What an error or a help says is the program's own affair; that it is one, and where it is said, is not. */
function comparable({ code, out, err }: Told): object {
  const own = code === 2 || (code === 1 && err.startsWith("error: "));
  return own
    ? { code, told: out !== "" || err !== "", answers: code === 1 && out !== "" }
    : { code, out, err };
}

const kept: Readonly<Record<string, object>> = existsSync(KEPT)
  ? (JSON.parse(readFileSync(KEPT, "utf8")) as Record<string, object>)
  : {};
if (existsSync(PYTHON) && process.env["KEYWRIGHT_TEST_WRITE_ANSWERS"] === "1") {
  const now = Object.entries(LINES).map(([name, line]) => [name, comparable(original(line))] as const);
  writeFileSync(KEPT, `${JSON.stringify(Object.fromEntries(now), undefined, 2)}\n`);
}

test("what is kept is an answer where there is one", () => {
  for (const name of ["show", "show, --env", "show --no-resolve", "show, other layers"])
    assert.equal((kept[name] as Partial<Told>).code, 0, name);
});

for (const [name, line] of Object.entries(LINES)) {
  test(`${line.program}: ${name}`, () => {
    const golden = kept[name];
    assert.ok(golden !== undefined, "no answer of the original is kept: KEYWRIGHT_TEST_WRITE_ANSWERS=1");
    assert.deepEqual(comparable(told(join(BIN, line.program), [], line)), golden);
  });
}

test("the originals still say what is kept of them", { timeout: 120_000 }, () => {
  if (!existsSync(PYTHON)) return assert.ok(Object.keys(kept).length >= Object.keys(LINES).length);
  for (const name of ["show", "no block", "gopass works", "gopass fails"]) {
    assert.deepEqual(comparable(original(LINES[name] as Line)), kept[name], name);
  }
});
