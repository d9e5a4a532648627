// The application examples of the documentation are programs that run, with a gopass on the PATH that has one of the values.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..");
const GOPASS = `#!/bin/sh
for path in "$@"; do :; done
case "$1 $path" in
"--version --version") echo "gopass 1.16.1 go1.25.1 linux amd64" ;;
"show mxm/red/marketdata/databento/api_key") printf %s 'db-0123456789' ;;
*) printf '\\nError: failed to retrieve secret "%s": entry is not in the password store\\n' "$path" >&2; exit 11 ;;
esac
`;

/** The blocks that stand for themselves: those that make an API of literal data. */
function examplesOf(document: string): readonly string[] {
  const blocks = readFileSync(join(ROOT, document), "utf8").matchAll(
    /^```ts\n(import \{ SecretsApi \}.*?)^```$/gms,
  );
  return [...blocks].map(([, block = ""]) => block);
}

function output(t: TestContext, example: string): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-example-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "gopass"), GOPASS, { mode: 0o755 });
  const file = join(folder, "application.mts");
  writeFileSync(
    file,
    example.replace('from "keywright"', `from ${JSON.stringify(join(ROOT, "src", "index.ts"))}`),
  );
  const env = { PATH: folder, HOME: folder };
  return execFileSync(process.execPath, [file], { encoding: "utf8", env, timeout: 30_000 });
}

test("the application example of docs/secrets.md prints what it says", (t) => {
  const [example, ...others] = examplesOf("docs/secrets.md");
  assert.ok(example !== undefined && others.length === 0);
  assert.equal(output(t, example), "[secret]\n13 true\n");
});

test("the application example of the README prints what it says", (t) => {
  const [example, ...others] = examplesOf("README.md");
  assert.ok(example !== undefined && others.length === 0);
  assert.equal(output(t, example), "[secret]\n13\n");
});
