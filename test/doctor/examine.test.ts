// Proof 4: `keywright doctor` on a table of broken set-ups names the cause of each, and of a healthy one none. Each row breaks
// one thing of the healthy desk; nothing else may be found.
import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loginStore } from "../../src/account/login/login-store.ts";
import { aLogin, NOW } from "../account/login/login.ts";
import { FINDING_IDS, type FindingId } from "../../src/doctor/finding.ts";
import { HOST, TOKEN } from "../clients/desk.ts";
import { CLIENT_ROWS } from "./client-rows.ts";
import { GROUND_ROWS } from "./ground-rows.ts";
import { doctor, healthyDesk } from "./healthy.ts";

const ROWS = [...GROUND_ROWS, ...CLIENT_ROWS];

test("doctor finds nothing on a healthy desk, for all clients and for each", async (t) => {
  const desk = healthyDesk(t);
  for (const client of [
    undefined,
    "pip",
    "uv",
    "poetry",
    "pdm",
    "hatch",
    "twine",
    "pipx",
    "tox",
    "build",
    "pipenv",
  ]) {
    const { status, ok, findings } = await doctor(desk, client === undefined ? [] : [client], {});
    assert.deepEqual([client, findings, ok, status], [client, [], true, 0]);
  }
  const { out, status } = await desk.run(["doctor"]);
  assert.deepEqual([out, status], ["nothing found\n", 0]);
});

for (const { id, name, says, breaks, argv = [] } of ROWS) {
  test(`doctor names the cause: ${id} (${name})`, async (t) => {
    const desk = healthyDesk(t);
    const { status, ok, findings, text } = await doctor(desk, argv, breaks(desk));
    assert.deepEqual(
      findings.map((finding) => finding.id),
      [id],
      text,
    );
    const [{ cause = "", remedy = "", where = "" } = {}] = findings;
    assert.match(`${cause}\n${remedy}\n${where}`, says);
    assert.deepEqual([ok, status], [false, 3]);
    assert.ok(!text.includes(TOKEN), "a token is shown");
  });
}

test("a login of ours is as good as one of menda-cli", async (t) => {
  const desk = healthyDesk(t);
  desk.plant({ "home/.menda/mendacfg": "[default]\nhost = https://menda.example\nauth_type = u2m\n" });
  const account = (await doctor(desk, [], {})).findings.map(({ id }) => id);
  assert.deepEqual(account, ["menda-account"]);
  loginStore({ home: desk.home, env: {}, clock: { now: () => NOW } }).keep(aLogin());
  assert.deepEqual((await doctor(desk, [], {})).findings, []);
});

const CHECKED_ONLINE: readonly FindingId[] = [
  "host-unreachable",
  "proxy-refuses",
  "tls-untrusted",
  "clock-skew",
];

test("every id has a row here, and one in docs/doctor.md", () => {
  const rows = new Set<string>([...ROWS.map(({ id }) => id), ...CHECKED_ONLINE]);
  assert.deepEqual([...rows].sort(), [...FINDING_IDS].sort());
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "doctor.md"), "utf8");
  const written = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id = ""]) => id);
  assert.deepEqual(written.sort(), [...FINDING_IDS].sort());
});

test("a client's own doctor does not name what another client needs", async (t) => {
  const desk = healthyDesk(t);
  desk.plant({ "home/.config/uv/uv.toml": "" });
  assert.deepEqual((await doctor(desk, ["pip"], {})).findings, []);
  assert.deepEqual(
    (await doctor(desk, ["uv"], {})).findings.map(({ id }) => id),
    ["uv-provider"],
  );
});

test("PDM without the Python package keyring runs the program, and needs nothing", async (t) => {
  const desk = healthyDesk(t);
  desk.program("tools/pdm/bin/pdm");
  desk.environment("tools/pdm", ["pdm-2.29.3"]);
  desk.link("venv/bin/pdm", join(desk.root, "tools/pdm/bin/pdm"));
  assert.deepEqual((await doctor(desk, [], {})).findings, []);
});

test("a keyring that asks keywright is none in the way", async (t) => {
  const desk = healthyDesk(t);
  for (const root of ["project/.venv", "project/.tox/py312"]) {
    desk.program(`${root}/bin/keyring`);
    desk.environment(root, ["keyring-25.7.0", "keywright_keyring-0.1.0"]);
  }
  const env = { PATH: [join(desk.cwd, ".venv", "bin"), desk.bin, join(desk.root, "venv", "bin")].join(":") };
  assert.deepEqual((await doctor(desk, [], { env })).findings, []);
});

test("what only looks like a fault is none: an empty password, a variable for one, a closed home", async (t) => {
  const desk = healthyDesk(t);
  const index = (user: string): string => `https://${user}@${HOST}/pypi/main/simple/`;
  desk.plant({
    "home/.config/pip/pip.conf": `[global]\nkeyring-provider = subprocess\nindex-url = ${index("aws:")}\n`,
    "project/requirements.txt": `--index-url ${index("aws:${TOKEN}")}\n`,
    "home/.npmrc": `//${HOST}/npm/main/:_authToken=\${NPM_TOKEN}\n`,
    "home/.config/pypoetry/auth.toml": '[http-basic.main]\nusername = "aws"\n',
    "home/.netrc": "machine github.example login x password y\n",
  });
  chmodSync(join(desk.home, ".menda/mendacfg"), 0o644);
  chmodSync(desk.home, 0o700);
  assert.deepEqual((await doctor(desk, [], {})).findings, []);
});
