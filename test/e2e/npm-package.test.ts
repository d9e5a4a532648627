// The npm package as `npm pack` makes it: what publint and attw say of it, that it has the documented doors only, and
// that it works in a clean project: the command, the import, the types.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { npmTool } from "../../scripts/npm-tools.ts";
import { VERSION } from "../../src/version.ts";
import { plant, ROOT } from "./programs.ts";

const DOORS = [".", "./testing", "./package.json"];

const folder = mkdtempSync(join(tmpdir(), "keywright-npm-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { ...process.env, PATH: `${join(ROOT, "node_modules", ".bin")}:${process.env["PATH"]}` };
const call = (program: string, argv: readonly string[], cwd: string): string =>
  execFileSync(program, argv, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const [packed] = JSON.parse(
  call("npm", ["pack", "--json", "--silent", "--pack-destination", folder], ROOT),
) as readonly Packed[];
const archive = join(folder, packed?.filename ?? "");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
};

test("publint and attw find nothing", () => {
  assert.match(call(npmTool("publint", console.log), ["run", "--strict", archive], folder), /All good/);
  // Ends with 1 when a resolution that the profile names has a problem.
  assert.match(call(npmTool("attw", console.log), [archive, "--profile", "esm-only"], folder), /"keywright"/);
});

test("it holds what is compiled and what is to be read, nothing else", () => {
  const paths = packed?.files.map(({ path }) => path) ?? [];
  const other = paths.filter((path) => !/^dist\/[a-z0-9/-]+\.(?:js|d\.ts)$/.test(path)).sort();
  assert.deepEqual(other, ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json"]);
});

test("its doors are the documented ones", () => {
  assert.deepEqual(
    Object.keys(manifest.exports).filter((door) => !DOORS.includes(door)),
    [],
  );
  assert.ok("." in manifest.exports);
});

test("its command is keywright alone: a dependency does not put a keyring in front of everybody's", () => {
  assert.deepEqual(Object.keys(manifest.bin), ["keywright"]);
});

test("in a clean project the command runs, the doors open, the types fit, and nothing else can be imported", () => {
  const project = join(folder, "project");
  const testing = "./testing" in manifest.exports;
  plant(project, {
    "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        target: "es2024",
        module: "nodenext",
        strict: true,
        noEmit: true,
        types: [],
        skipLibCheck: false,
      },
      files: ["consumer.ts", ...(testing ? ["testing.ts"] : [])],
    }),
    "tsconfig.wrong.json": JSON.stringify({ extends: "./tsconfig.json", files: ["wrong.ts"] }),
    "consumer.ts": CONSUMER,
    "wrong.ts": 'import { nothingOfThatName } from "keywright";\nnothingOfThatName();\n',
    "testing.ts":
      'import * as testing from "keywright/testing";\nif (Object.keys(testing).length === 0) throw new Error("empty");\n',
    "inside.ts": 'await import("keywright/dist/index.js");\n',
  });
  call("npm", ["install", "--silent", "--no-save", archive], project);
  const keywright = join(project, "node_modules", ".bin", "keywright");
  assert.equal(call(keywright, ["--version"], project), `${VERSION}\n`);
  const links = call(keywright, ["install-links", join(project, "links")], project);
  assert.match(links, /keyring -> .*\/node_modules\/keywright\/dist\/cli\/main\.js\n$/);
  assert.match(call(join(project, "links", "keyring"), ["--help"], project), /^usage: keyring\b/);
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  call(tsc, ["-p", "."], project);
  assert.throws(
    () => call(tsc, ["-p", "tsconfig.wrong.json"], project),
    ({ stdout }: { readonly stdout: string }) =>
      /^wrong\.ts.*no exported member 'nothingOfThatName'/.test(stdout),
  );
  assert.equal(call(process.execPath, ["consumer.ts"], project), "unknown\n");
  if (testing) call(process.execPath, ["testing.ts"], project);
  assert.throws(() => call(process.execPath, ["inside.ts"], project), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

const CONSUMER = `
import { KeywrightError, openKeywright, Secret, type Ask, type Keywright } from "keywright";
const ask: Ask = { kind: "secret", name: "nothing" };
const keywright: Keywright = await openKeywright({ env: {}, home: "/nonexistent" });
try {
  const secret: Secret | undefined = await keywright.resolve(ask);
  console.log(secret);
} catch (error) {
  console.log(error instanceof KeywrightError && error.code);
}
`;
