// The compiler refuses names that a constant configuration does not have. Seen from outside: a project that imports us.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..");
const TSC = join(ROOT, "node_modules", ".bin", "tsc");
const SOURCE = readFileSync(join(import.meta.dirname, "narrowed-names.ts"), "utf8");

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-types-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The lines that the compiler has something against. */
function refusedLines(folder: string, source: string): readonly number[] {
  const text = source.replaceAll("../../src/index.ts", join(ROOT, "src", "index.ts"));
  writeFileSync(join(folder, "narrowed.mts"), text);
  const options = { extends: join(ROOT, "tsconfig.json"), files: ["narrowed.mts"], include: [] };
  const typeRoots = [join(ROOT, "node_modules", "@types")];
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ ...options, compilerOptions: { typeRoots } }),
  );
  const { stdout } = spawnSync(TSC, ["-p", folder, "--pretty", "false"], { encoding: "utf8", cwd: folder });
  return [...new Set([...stdout.matchAll(/^narrowed\.mts\((\d+),/gm)].map(([, line]) => Number(line)))];
}

test("secretName is narrowed to the names of a constant configuration, and the answer by the default", (t) => {
  const folder = folderFor(t);
  assert.deepEqual(refusedLines(folder, SOURCE), []);
  const expected = SOURCE.split("\n").flatMap((line, at) =>
    line.includes("// @ts-expect-error") ? [at + 2] : [],
  );
  assert.ok(expected.length >= 10);
  assert.deepEqual(refusedLines(folder, SOURCE.replaceAll("@ts-expect-error", "refused:")), expected);
});

test("the built package has both doors, and the testing one is enough to test an application", (t) => {
  const folder = folderFor(t);
  const build = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  execFileSync(TSC, build, { cwd: ROOT });
  writeFileSync(join(folder, "package.json"), readFileSync(join(ROOT, "package.json")));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "application.mjs"), APPLICATION);
  const out = execFileSync(process.execPath, [join(folder, "application.mjs")], {
    encoding: "utf8",
    env: {},
  });
  assert.deepEqual(JSON.parse(out), {
    value: "the value",
    asked: "mxm/red/api/key",
    denied: "denied",
    entries: 2,
  });
});

const APPLICATION = `
import { SecretsApi } from "keywright";
import { collectingAudit, fixedClock, memoryBackend } from "keywright/testing";
const backend = memoryBackend({ "mxm/red/api/key": "the value" });
const audit = collectingAudit();
const api = SecretsApi.fromConfigData({
  stores: { red: { backend: "gopass", root: "mxm/red" } },
  refs: { api_key: { store: "red", path: "api/key", policy: "access" } },
  policies: { access: { allowed_principals: ["research"] } },
}, { audit, clock: fixedClock(), backends: { gopass: backend } });
const identity = { app: "a", environment: "dev", machine: "m", substrate: "s", role: "research" };
const value = (await api.getSecret({ secretName: "api_key", identity })).reveal();
const denied = await api.getSecret({ secretName: "api_key", identity: { ...identity, role: "other" } }).catch(({ code }) => code);
console.log(JSON.stringify({ value, asked: backend.retrieved[0].location.path, denied, entries: audit.decisions.length }));
`;
