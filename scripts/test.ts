// npm test: installs the programs and the real clients that are missing, builds the executable, then runs every suite,
// fast ones first, and ends with one line that adds them all up. Arguments, if any, are test files to run instead (under Node only).
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installSystemTools, MORE_FOLDERS } from "./system-tools.ts";
import { installTools, pythonFor, toolPath } from "./tools.ts";

const root = join(import.meta.dirname, "..");
process.chdir(root);

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const env = {
  ...process.env,
  PATH: [process.env["PATH"], ...MORE_FOLDERS].join(delimiter),
  KEYWRIGHT_TEST_MENDA_PYTHON: process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ?? toolPath("menda", "python"),
};
const started = performance.now();
const only = process.argv.slice(2);
const counts = only.length > 0 ? [await nodeSuite("chosen", only)] : await everything();
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`\nall suites took ${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function everything(): Promise<readonly Count[]> {
  installSystemTools(console.log);
  const end = globSync("test/e2e/**/*.test.ts");
  const unit = globSync("test/**/*.test.ts").filter((file) => !end.includes(file));
  const bunHalf = [
    ...["http", "connect", "proxy", "files", "group", "unlocking"].map((name) => `test/io/${name}.test.ts`),
    ...["refs", "policy", "resolve"].map((name) => `test/resolver/${name}.test.ts`),
    ...["ini", "cloud", "redact"].map((name) => `test/account/${name}.test.ts`),
    ...["login-menda", "device-login", "browser-login", "fresh-login", "login-store"].map(
      (name) => `test/account/login/${name}.test.ts`,
    ),
    ...["verify", "jwks"].map((name) => `test/broker/jwt/${name}.test.ts`),
    ...["call", "sigv4", "sts"].map((name) => `test/aws/${name}.test.ts`),
    ...["secrets-api", "config-data", "models", "properties"].map((name) => `test/secrets/${name}.test.ts`),
    ...["codeartifact", "menda", "env", "file", "pass"].map((name) => `test/backends/${name}.test.ts`),
    ...["signature", "verify", "dpop"].map((name) => `test/broker/jwt/${name}.test.ts`),
    ...["audit/file", "config/load"].map((name) => `test/${name}.test.ts`),
  ];
  installTools(["menda", "aws", "openbao", "installers"], console.log);
  if (pythonFor("mxm") === undefined) console.log("no Python 3.12: the mxm packages' stored answers count");
  else installTools(["mxm"], console.log);
  // Some unit tests ask the executable, too.
  const results = [await step("executable", process.execPath, ["scripts/build-exe.ts"])];
  results.push(await nodeSuite("node", unit));
  results.push(await bunSuite(bunHalf));
  installTools(["pip-25", "conformance", "twine", "wheels"], console.log);
  results.push(await nodeSuite("end to end", end));
  return results;
}

/** Test files under node:test; a runner that dies without its closing lines counts as one failure. */
async function nodeSuite(name: string, files: readonly string[]): Promise<Count> {
  const args = ["--test", "--test-concurrency=2", "--test-reporter=spec", ...files];
  const { status, output } = await run(name, process.execPath, args);
  return counted(name, status, /^ℹ pass (\d+)$/m.exec(output), /^ℹ (?:fail) (\d+)$/m.exec(output), output);
}

async function bunSuite(files: readonly string[]): Promise<Count> {
  const { status, output } = await run("bun", "bun", ["test", ...files.map((file) => `./${file}`)]);
  return counted("bun", status, /^\s*(\d+) pass$/m.exec(output), /^\s*(\d+) fail$/m.exec(output), output);
}

async function step(name: string, command: string, args: readonly string[]): Promise<Count> {
  const { status } = await run(name, command, args);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function counted(
  name: string,
  status: number | null,
  pass: RegExpExecArray | null,
  fail: RegExpExecArray | null,
  output: string,
): Count {
  const count = { passed: Number(pass?.[1] ?? 0), failed: Number(fail?.[1] ?? 0) };
  const skipped = /^(?:ℹ (?:skipped|todo|cancelled) ([1-9]\d*)|\s*([1-9]\d*) (?:skip|todo))$/m.exec(output);
  const broken =
    pass === null || count.passed === 0 || skipped !== null || (status !== 0 && count.failed === 0);
  if (broken)
    console.log(`${name}: ended with status ${status}, ${skipped?.[0] ?? "without a count"}: one failure`);
  return broken ? { ...count, failed: count.failed + 1 } : count;
}

function run(
  name: string,
  command: string,
  args: readonly string[],
): Promise<{ status: number | null; output: string }> {
  console.log(`\n== ${name}`);
  return new Promise((done, broken) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on("error", broken).on("close", (status) => done({ status, output }));
  });
}
