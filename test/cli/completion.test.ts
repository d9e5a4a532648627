// The completion scripts, each run by its own shell (PowerShell is not here: its script is only looked at).
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runKeywright } from "../../src/cli/keywright.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-completion-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { PATH: process.env["PATH"], HOME: folder, TERM: "dumb" };

async function script(shell: string): Promise<{ readonly file: string; readonly text: string }> {
  let text = "";
  const out = (more: string): void => void (text += more);
  const context = { env: {}, home: folder, clock: { now: () => 0 }, out, err: assert.fail };
  assert.equal(await runKeywright(["completion", shell], context), 0);
  const file = join(folder, `completion.${shell}`);
  writeFileSync(file, text);
  return { file, text };
}

/** What is typed, and the only word that it can become. */
const ROWS: readonly (readonly [typed: string, becomes: string])[] = [
  ["keywright cl", "client"],
  ["keywright client cr", "create"],
  ["keywright client create --pr", "--principal"],
  ["keywright client create --principal list --m", "--menda"],
  ["keywright server --data backup --ur", "--url"],
  ["keywright --log-level de", "debug"],
  ["keywright --log-level debug ho", "host"],
  ["keywright completion po", "powershell"],
];

/** Runs the function as bash does; prints one candidate a line. */
const IN_BASH = `source "$1"
COMP_WORDS=($2) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
[[ $2 == *' ' ]] && COMP_WORDS+=('') && COMP_CWORD=$((COMP_CWORD + 1))
_keywright; printf '%s\\n' "\${COMPREPLY[@]}"`;

test("bash completes commands, options and values", async () => {
  const { file } = await script("bash");
  const completed = (line: string): readonly string[] =>
    execFileSync("bash", ["--norc", "-uc", IN_BASH, "bash", file, line], { env, encoding: "utf8" })
      .trim()
      .split("\n");
  for (const [typed, becomes] of ROWS) assert.deepEqual(completed(typed), [becomes], typed);
  for (const command of ["create", "list", "revoke", "rotate"])
    assert.ok(completed("keywright client ").includes(command), command);
  assert.deepEqual(completed("keywright nothing-that-is --x"), [""]);
});

test("zsh completes commands, options and values", async () => {
  const { file } = await script("zsh");
  const lines = execFileSync(
    "zsh",
    ["-f", join(import.meta.dirname, "completed.zsh"), file, ...ROWS.map(([typed]) => typed)],
    { env, encoding: "utf8", timeout: 30_000 },
  );
  const wanted = ROWS.map(([typed, becomes]) => `${typed.replace(/\S*$/, "")}${becomes} \n`).join("");
  assert.equal(lines.replaceAll("\r", ""), wanted);
});

test("fish completes commands, options and values", async () => {
  const { file } = await script("fish");
  const completed = (line: string): readonly string[] =>
    execFileSync("fish", ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", file, line], {
      env,
      encoding: "utf8",
    })
      .trim()
      .split("\n")
      .map((found) => found.split("\t")[0] ?? "");
  for (const [typed, becomes] of ROWS) assert.deepEqual(completed(typed), [becomes], typed);
  for (const command of ["create", "list", "revoke", "rotate"])
    assert.ok(completed("keywright client ").includes(command), command);
});

test("PowerShell's script names what there is, and its quotes and brackets close", async () => {
  const { text } = await script("powershell");
  assert.match(text, /^Register-ArgumentCompleter -Native -CommandName keywright -ScriptBlock \{$/m);
  assert.match(text, /'\/client' = @\(@\('create', '/);
  assert.match(text, /' --log-level' = @\('error', 'warn', 'info', 'debug'\)/);
  const bare = text
    .replaceAll(/'(?:[^'\n]|'')*'/g, "")
    .replaceAll(/"[^"\n]*"/g, "")
    .replaceAll(/#.*/g, "");
  assert.ok(!/['"]/.test(bare), "a quote is open");
  for (const [open, close] of ["()", "{}", "[]"].map((pair) => [...pair]) as [string, string][])
    assert.equal(bare.split(open).length, bare.split(close).length, `${open}${close}`);
});

test("another shell is a usage error", () => {
  const keywright = join(import.meta.dirname, "..", "..", "bin", "keywright");
  const { status, stderr } = spawnSync(keywright, ["completion", "tcsh"], { env, encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish, powershell/);
});
