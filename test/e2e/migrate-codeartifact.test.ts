// Proof 5 for keyrings.codeartifact 2.1.2: the original answers with its keyringrc.cfg; one `keywright migrate`, and keywright does,
// with the same AWS keys and the same life, and the real pip installs; `--undo` and `uninstall` leave the home as it was.
import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { sha256 } from "../../src/digest.ts";
import { snapshot } from "../clients/snapshot.ts";
import { HOST, startStandIn } from "./aws/stand-in.ts";
import { awsUser, INDEX_URL } from "./aws/user.ts";
import { DEV, REGION } from "./aws/world.ts";
import { imported, INSTALLERS } from "./installers.ts";
import { FORMS, plant, run } from "./programs.ts";

before(() => installTools(["aws", "installers"], console.log));

for (const form of FORMS) {
  test(`${form.name}: from keyrings.codeartifact to keywright by one command, and back`, async (t) => {
    const standIn = await startStandIn(t);
    const bin = standIn.folder("bin");
    symlinkSync(form.program("keywright"), join(bin, "keywright"));
    symlinkSync(toolPath("aws", "keyring"), join(bin, "keyring"));
    const user = awsUser(standIn, "mover", {
      keyring: bin,
      env: { AWS_ENDPOINT_URL_CODEARTIFACT: standIn.url },
    });
    const { home } = user;
    const { PIP_CONFIG_FILE: _, ...env } = user.env;
    plant(home, {
      ".aws/credentials": `[company]\naws_access_key_id = ${DEV.accessKeyId}\naws_secret_access_key = ${DEV.secretAccessKey}\n`,
      ".aws/config": `[profile company]\nregion = ${REGION}\n`,
      ".config/python_keyring/keyringrc.cfg":
        "[codeartifact]\nprofile_name = company\ntoken_duration = 1800\n",
      ".config/pip/pip.conf": `[global]\nindex-url = ${INDEX_URL}\n`,
    });
    const before = snapshot(home);
    const ask = (program: string, ...argv: readonly string[]) =>
      run(join(bin, program), argv, { env, cwd: home });
    const answers = async (ours: boolean): Promise<void> => {
      const { code, stdout, stderr } = await ask(
        "keyring",
        "get",
        `https://${HOST}/pypi/repo/simple/`,
        "aws",
      );
      assert.equal(code, 0, stderr);
      const mint =
        standIn.seen().findLast(({ api }) => api === "GetAuthorizationToken") ??
        assert.fail("nothing was minted");
      assert.equal(mint.params?.["duration"], "1800");
      assert.equal(mint.token_sha256, sha256(stdout.trim()));
      const listed = await ask("keyring", "--list-backends");
      assert.equal(listed.stdout.startsWith("keywright.Keyring"), ours, listed.stdout);
    };
    await answers(false);

    const migrated = await ask("keywright", "migrate", "--yes");
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.match(migrated.stdout, /^found keyrings\.codeartifact/m);
    assert.match(
      readFileSync(join(home, ".config/keywright/config.yaml"), "utf8"),
      new RegExp(`match: "?${HOST}`),
    );
    await answers(true);
    const target = standIn.folder("site");
    const installed = await INSTALLERS["the newest pip"](user, INDEX_URL, target);
    assert.equal(installed.status, 0, installed.stderr);
    assert.equal(await imported(user, target), "installed with a short-lived token");

    assert.equal((await ask("keywright", "migrate", "--undo")).code, 0);
    await answers(false);
    assert.equal((await ask("keywright", "uninstall", "--yes", "--audit")).code, 0);
    const left = snapshot(home); // pip has folders of its own now
    assert.deepEqual(Object.fromEntries(Object.keys(before).map((name) => [name, left[name]])), before);
    assert.deepEqual(
      Object.keys(left).filter((name) => name.includes("keywright")),
      [],
    );
  });
}
