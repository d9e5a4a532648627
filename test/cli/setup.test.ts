// `keywright setup`: shows, asks, writes, and puts back exactly what was there.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CLIENTS } from "../../src/clients/client.ts";
import { deskFor, HOST, INDEX, TOKEN } from "../clients/desk.ts";

const PIP = `# mine\n[global]\nindex-url = https://aws:${TOKEN}@${HOST}/pypi/main/simple/\n`;

test("setup pip shows the change without the token, asks, and writes it only after a yes", async (t) => {
  const desk = deskFor(t);
  desk.plant({ "home/.config/pip/pip.conf": PIP });
  const before = desk.tree();
  for (const [argv, answer, asked] of [
    [["setup", "pip"], false, 1],
    [["setup", "pip", "--dry-run"], true, 0],
  ] as const) {
    const ran = await desk.run(argv, { answer });
    assert.equal(ran.status, 0);
    assert.equal(ran.asked.length, asked);
    assert.match(ran.out, /^\+keyring-provider = subprocess$/m);
    assert.ok(!(ran.out + ran.err).includes(TOKEN));
    assert.deepEqual(desk.tree(), before);
  }
  const ran = await desk.run(["setup", "pip"], { answer: true });
  assert.equal(
    desk.text("home/.config/pip/pip.conf"),
    PIP.replace("[global]\n", "[global]\nkeyring-provider = subprocess\n"),
  );
  assert.match(ran.err, /--undo/);
  assert.match((await desk.run(["setup", "pip", "--yes"])).err, /nothing to change/);
});

test("setup --undo puts everything back: texts, modes, links, folders", async (t) => {
  for (const client of CLIENTS) {
    const desk = deskFor(t);
    desk.plant({
      "home/.pypirc": "[x]\n",
      "home/dotfiles/uv.toml": "# dot\n",
      "home/.config/pypoetry/config.toml": "[keyring]\nenabled = false\n",
    });
    symlinkSync(
      "../../dotfiles/uv.toml",
      join((desk.plant({ "home/.config/uv/other": "" }), desk.home), ".config/uv/uv.toml"),
    );
    chmodSync(join(desk.home, "dotfiles/uv.toml"), 0o644);
    const before = desk.tree();
    const { status, err } = await desk.run(["setup", client, "--yes"]);
    assert.equal(status, 0, err);
    if (client === "twine") {
      assert.deepEqual(desk.tree(), before);
      assert.equal((await desk.run(["setup", client, "--undo"])).status, 7);
      continue;
    }
    if (client === "uv")
      assert.equal(readlinkSync(join(desk.home, ".config/uv/uv.toml")), "../../dotfiles/uv.toml");
    assert.equal((await desk.run(["setup", client, "--undo"])).status, 0);
    assert.deepEqual(desk.tree(), before, client);
    assert.deepEqual(desk.machine().list(desk.bin), ["keywright"], client);
  }
});

test("what is written is private, atomic, and follows a link; the record is private", async (t) => {
  const desk = deskFor(t);
  await desk.run(["setup", "uv", "--yes"]);
  const mode = (path: string): number => statSync(join(desk.home, path)).mode & 0o777;
  assert.equal(mode(".config/uv/uv.toml"), 0o600);
  assert.equal(mode(".local/state/keywright/setup/000001-setup-uv.json"), 0o600);
  assert.equal(mode(".local/state/keywright/setup"), 0o700);
  assert.equal(readlinkSync(join(desk.bin, "keyring")), "keywright");
});

test("--undo leaves what somebody else changed since, says so, and can be run again", async (t) => {
  const desk = deskFor(t);
  await desk.run(["setup", "uv", "--yes"]);
  const file = join(desk.home, ".config/uv/uv.toml");
  const ours = readFileSync(file, "utf8");
  writeFileSync(file, `${ours}# later\n`);
  const ran = await desk.run(["setup", "uv", "--undo"]);
  assert.equal(ran.status, 3);
  assert.match(ran.err, /changed since by somebody else, so left as it is: .*uv\.toml/);
  assert.equal(readFileSync(file, "utf8"), `${ours}# later\n`);
  assert.deepEqual(desk.machine().list(desk.bin), ["keywright"]);
  writeFileSync(file, ours);
  assert.equal((await desk.run(["setup", "uv", "--undo"])).status, 0);
  assert.deepEqual(desk.tree(), {});
});

test("a file that cannot be understood, or that others can write, is left alone with a clear error", async (t) => {
  const desk = deskFor(t);
  desk.plant({
    "home/.config/uv/uv.toml": `url = "https://aws:${TOKEN}@x\n`,
    "home/.config/pip/pip.conf": "[global]\n",
  });
  chmodSync(join(desk.home, ".config/pip/pip.conf"), 0o666);
  const before = desk.tree();
  for (const [client, says] of [
    ["uv", /uv\.toml:1: is not valid TOML/],
    ["pip", /can be written by other users, so it is left alone/],
  ] as const) {
    const ran = await desk.run(["setup", client, "--yes"]);
    assert.equal(ran.status, 3);
    assert.match(ran.err, says);
    assert.ok(!ran.err.includes(TOKEN));
  }
  assert.deepEqual(desk.tree(), before);
  assert.deepEqual(desk.machine().list(desk.bin), ["keywright"]);
});

test("setup uv makes the link, and says what it hides, what hides it, and what is in its way", async (t) => {
  const desk = deskFor(t);
  const other = desk.program("venv/bin/keyring");
  const front = desk.program("front/keyring");
  const hides = await desk.run(["setup", "uv", "--yes"]);
  assert.ok(
    hides.err.includes(`${join(desk.bin, "keyring")} hides ${other}; that one is asked last`),
    hides.err,
  );
  const env = { PATH: [join(desk.root, "front"), desk.bin].join(":") };
  assert.ok((await desk.run(["setup", "uv", "--yes"], { env })).err.includes(`${front} comes before it`));

  const second = deskFor(t);
  second.program("tools/keyring");
  second.link("bin/keyring", "../tools/keyring");
  const kept = await second.run(["setup", "uv", "--yes"]);
  assert.match(kept.err, /is another program, so it is left there/);
  assert.equal(readlinkSync(join(second.bin, "keyring")), "../tools/keyring");
  await second.run(["setup", "uv", "--yes", "--replace-keyring"]);
  assert.equal(readlinkSync(join(second.bin, "keyring")), "keywright");
  await second.run(["setup", "uv", "--undo"]);
  assert.equal(readlinkSync(join(second.bin, "keyring")), "../tools/keyring");
});

test("a program in the place of the link comes back as it was", async (t) => {
  const desk = deskFor(t);
  const file = desk.program("bin/keyring");
  writeFileSync(file, "#!/bin/sh\n\xff old\n", "latin1");
  await desk.run(["setup", "pip", "--yes", "--replace-keyring"]);
  assert.equal(readlinkSync(file), "keywright");
  await desk.run(["setup", "pip", "--undo"]);
  assert.equal(readFileSync(file, "latin1"), "#!/bin/sh\n\xff old\n");
  assert.equal(statSync(file).mode & 0o777, 0o755);
});

test("setup uv shows the stanza of each of our indexes that uv would not ask for, and guesses none", async (t) => {
  const desk = deskFor(t);
  desk.plant({
    "home/.config/uv/uv.toml": `[[index]]\nname = "main"\nurl = "${INDEX}"\n\n[[index]]\nname = "other"\nurl = "https://other.example/simple"\n`,
  });
  const { err } = await desk.run(["setup", "uv", "--yes"]);
  assert.ok(
    err.includes(`    [[index]]\n    name = "main"\n    url = "${INDEX}"\n    authenticate = "always"`),
    err,
  );
  assert.ok(!err.includes("other.example"));
  assert.ok(!desk.text("home/.config/uv/uv.toml").includes("authenticate"));
  assert.match(
    (await deskFor(t).run(["setup", "uv", "--yes"])).err,
    /url = "https:\/\/HOST\/pypi\/NAME\/simple\/"/,
  );
  const asking = deskFor(t);
  asking.plant({ "home/.config/uv/uv.toml": `[[index]]\nurl = "${INDEX}"\nauthenticate = "always"\n` });
  assert.ok(!(await asking.run(["setup", "uv", "--yes"])).err.includes("[[index]]"));
});

test("setup pip also changes a section of a command that says something else, and both of pip's spellings", async (t) => {
  const desk = deskFor(t);
  desk.plant({
    "home/.config/pip/pip.conf":
      "[global]\nkeyring_provider = auto\n[install]\nkeyring-provider = disabled\n[list]\nformat = json\n",
  });
  await desk.run(["setup", "pip", "--yes"]);
  assert.equal(
    desk.text("home/.config/pip/pip.conf"),
    "[global]\nkeyring_provider = subprocess\n[install]\nkeyring-provider = subprocess\n[list]\nformat = json\n",
  );
});

test("setup says what only a person can do", async (t) => {
  const desk = deskFor(t);
  desk.program("home/.local/share/pipx/venvs/poetry/bin/poetry");
  desk.environment("home/.local/share/pipx/venvs/poetry", ["poetry-2.5.1"]);
  desk.link("venv/bin/poetry", join(desk.home, ".local/share/pipx/venvs/poetry/bin/poetry"));
  assert.match((await desk.run(["setup", "poetry", "--yes"])).err, /pipx inject poetry keywright-keyring/);
  assert.match((await desk.run(["setup", "tox", "--yes"])).err, /pass_env =\n +KEYWRIGHT_\*/);
  assert.match(
    (await desk.run(["setup", "pipenv", "--yes"])).err,
    /export PIPENV_KEYRING_PROVIDER=subprocess/,
  );
});

test("--json asks nothing: with --yes it reports, without it refuses", async (t) => {
  const desk = deskFor(t);
  const refused = await desk.run(["setup", "pip", "--json"]);
  assert.deepEqual([refused.status, refused.asked, refused.out], [2, [], ""]);
  const made = JSON.parse((await desk.run(["setup", "pip", "--json", "--yes"])).out) as object;
  assert.deepEqual(
    { ...made, notes: [] },
    {
      client: "pip",
      done: "changed",
      files: [
        { path: join(desk.home, ".config/pip/pip.conf"), change: "create" },
        { path: join(desk.bin, "keyring"), change: "link" },
      ],
      kept: [],
      notes: [],
    },
  );
});
