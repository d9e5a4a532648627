// The backends that do their work in this process or beside it (age, exec), through `keywright get`, from the checkout and
// as the executable: their libraries have to work in both runtimes.
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FORMS, ROOT, run } from "./programs.ts";

const home = mkdtempSync(join(realpathSync(tmpdir()), "keywright-backends-"));
// A provider may write its last line while it ends.
after(() => rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

const gopass = join(home, "gopass");
cpSync(join(ROOT, "test", "fixtures", "gopass-age"), gopass, { recursive: true });
for (const folder of ["", "store", "config-gopass-age"]) chmodSync(join(gopass, folder), 0o700);
for (const file of ["key.txt", "config-gopass-age/identities"]) chmodSync(join(gopass, file), 0o600);

const provider = join(home, "provider");
writeFileSync(provider, '#!/bin/sh\n[ "$1" = "team/one" ] && echo "  summoned " || exit 3\n', {
  mode: 0o700,
});
mkdirSync(join(home, "values", "team"), { recursive: true });
writeFileSync(join(home, "values", "team", "one"), " exactly\n");
const program = [process.execPath, join(ROOT, "test", "backends", "exec-program.mjs")];
const lines = JSON.stringify([...program, join(home, "values"), join(home, "events")]);

const config = join(home, "config.yaml");
writeFileSync(
  config,
  `identity: { role: local_user, environment: dev, app: shell }
audit: none
stores:
  shut: { backend: age, root: mxm/red, options: { folder: ${gopass}/store, gopass_identities: ${gopass}/config-gopass-age/identities } }
  plain: { backend: age, root: mxm/red, options: { folder: ${gopass}/store, identity_file: ${gopass}/key.txt, format: gopass } }
  summon: { backend: exec, root: team, options: { command: ${provider} } }
  lines: { backend: exec, root: team, options: { command: ${lines}, protocol: jsonl } }
refs:
  shut: { store: shut, path: marketdata/databento/api_key, policy: all }
  plain: { store: plain, path: marketdata/unicode, policy: all }
  summon: { store: summon, path: one, policy: all }
  failing: { store: summon, path: two, policy: all }
  lines: { store: lines, path: one, policy: all }
  missing: { store: lines, path: two, policy: all }
policies:
  all: { allowed_principals: [local_user] }
`,
  { mode: 0o600 },
);

for (const form of FORMS) {
  const keywright = (name: string, env: Record<string, string> = {}) =>
    run(form.program("keywright"), ["get", name], { env: { HOME: home, KEYWRIGHT_CONFIG: config, ...env } });

  test(`${form.name}: age, with a key file and with gopass's own encrypted identities`, async () => {
    const plain = await keywright("plain");
    assert.deepEqual([plain.stdout, plain.code], ["pä§wörd-é中🔑", 0], plain.stderr);
    const shut = await keywright("shut", { GOPASS_AGE_PASSWORD: "throwaway" });
    assert.deepEqual([shut.stdout, shut.code], ["db-0123456789abcdef", 0], shut.stderr);
    const locked = await keywright("shut");
    assert.deepEqual([locked.stdout, locked.code], ["", 8]);
    assert.match(locked.stderr, /GOPASS_AGE_PASSWORD/);
    const wrong = await keywright("shut", { GOPASS_AGE_PASSWORD: "wrong" });
    assert.deepEqual([wrong.stdout, wrong.code], ["", 5], wrong.stderr);
  });

  test(`${form.name}: exec, started for one value and spoken to in lines`, async () => {
    const summon = await keywright("summon");
    assert.deepEqual([summon.stdout, summon.code], ["summoned", 0], summon.stderr);
    assert.equal((await keywright("failing")).code, 8);
    const exact = await keywright("lines");
    assert.deepEqual([exact.stdout, exact.code], [" exactly\n", 0], exact.stderr);
    assert.equal((await keywright("missing")).code, 7);
  });
}
