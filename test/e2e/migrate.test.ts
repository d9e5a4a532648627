// Proof 5, the client's half: the real menda-keyring answers; one `keywright migrate`, and keywright answers the same command
// for exactly that host; `--undo`, and menda-keyring answers again; `uninstall`, and the home is what it was. The same for
// what `aws codeartifact login` left, with the real pip as reader of its file.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { toolPath } from "../../scripts/tools.ts";
import { snapshot } from "../clients/snapshot.ts";
import { recordingServer } from "../io/servers.ts";
import { mendaCloud } from "./canary-hosts.ts";
import { REGISTRY } from "./canary-planted.ts";
import { FORMS, plant, run, temporary, type Form, type Ran } from "./programs.ts";

const HOST = "acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
const INDEX = `https://${HOST}/pypi/main/simple/`;
const STALE = "stale-token-of-aws-codeartifact-login";

interface Desk {
  readonly home: string;
  readonly bin: string;
  keyring(...argv: readonly string[]): Promise<Ran>;
  keywright(...argv: readonly string[]): Promise<Ran>;
}

/** A machine's profile at a menda cloud on loopback; keywright and keyring in one folder, as uv and pipx have them. */
async function deskFor(t: TestContext, form: Form): Promise<Desk> {
  const cloud = await recordingServer(mendaCloud({}));
  t.after(() => cloud.close());
  const root = temporary(t, "migrate");
  const [home, bin] = [join(root, "home"), join(root, "bin")];
  for (const folder of [home, bin]) mkdirSync(folder);
  symlinkSync(form.program("keywright"), join(bin, "keywright"));
  plant(home, {
    ".menda/mendacfg": `[default]\nhost = http://127.0.0.1:${cloud.port}\nauth_type = m2m\nclient_id = c\nclient_secret = s\n`,
  });
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home };
  return {
    home,
    bin,
    keyring: (...argv) => run(join(bin, "keyring"), argv, { env, cwd: root }),
    keywright: (...argv) => run(join(bin, "keywright"), argv, { env, cwd: root }),
  };
}

async function answers({ keyring }: Desk, who: "menda-keyring" | "keywright"): Promise<void> {
  const { code, stdout, stderr } = await keyring("get", INDEX, "aws");
  assert.deepEqual([code, stdout], [0, `${REGISTRY.value}\n`], stderr);
  const listed = await keyring("--list-backends");
  assert.equal(listed.stdout.startsWith("keywright.Keyring"), who === "keywright", listed.stdout);
}

for (const form of FORMS) {
  test(`${form.name}: from menda-keyring to keywright by one command, back by --undo, and no trace after uninstall`, async (t) => {
    const desk = await deskFor(t, form);
    const { home, bin, keywright, keyring } = desk;
    const old = toolPath("menda", "keyring");
    symlinkSync(old, join(bin, "keyring"));
    plant(home, {
      ".config/uv/uv.toml": `# mine\n[[index]]\nname = "main"\nurl = "${INDEX}"\nauthenticate = "always"\n`,
    });
    const before = snapshot(home);
    await answers(desk, "menda-keyring");

    const migrated = await keywright("migrate", "--yes");
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.match(migrated.stdout, /^found menda-keyring: /m);
    assert.match(migrated.stderr, /pip uninstall -y menda-keyring/);
    await answers(desk, "keywright");
    assert.match(
      readFileSync(join(home, ".local/state/keywright/audit.jsonl"), "utf8"),
      /"outcome":"granted"/,
    );
    const other = await keyring("get", INDEX.replace("acme", "other"), "aws");
    assert.deepEqual([other.code, other.stdout], [1, ""], "a host that nobody named is answered");

    const undone = await keywright("migrate", "--undo");
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(readlinkSync(join(bin, "keyring")), old);
    await answers(desk, "menda-keyring");
    assert.equal((await keywright("uninstall", "--yes", "--audit")).code, 0);
    assert.deepEqual(snapshot(home), before);
  });

  test(`${form.name}: what aws codeartifact login left in pip.conf becomes a setting that the real pip reads`, async (t) => {
    const desk = await deskFor(t, form);
    const { home, keywright } = desk;
    plant(home, {
      ".config/pip/pip.conf": `[global]\nindex-url = https://aws:${STALE}@${HOST}/pypi/main/simple/\n`,
    });
    chmodSync(join(home, ".config/pip/pip.conf"), 0o644);
    const before = snapshot(home);
    const migrated = await keywright("migrate", "--yes", "--store", "menda");
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.ok(!(migrated.stdout + migrated.stderr).includes(STALE), "the token is shown");
    await answers(desk, "keywright");
    const pip = await run(toolPath("installers", "pip"), ["config", "list"], { env: { HOME: home } });
    const listed = pip.stdout
      .split("\n")
      .filter((line) => /^global\.(index-url|keyring-provider)=/.test(line));
    assert.deepEqual(listed, [
      `global.index-url='https://aws@${HOST}/pypi/main/simple/'`,
      "global.keyring-provider='subprocess'",
    ]);
    assert.equal((await keywright("migrate", "--undo")).code, 0);
    assert.equal(existsSync(join(desk.bin, "keyring")), false);
    assert.equal((await keywright("uninstall", "--yes", "--audit")).code, 0);
    assert.deepEqual(snapshot(home), before);
  });
}
