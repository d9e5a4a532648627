// `keywright install-links` on real folders: what it makes, keeps, refuses and takes away, and what it says about others.
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { runKeywright } from "../../src/cli/keywright.ts";
import { PROGRAM_NAMES } from "../../src/cli/program-names.ts";
import { VERSION } from "../../src/version.ts";

const ROOT = join(import.meta.dirname, "..", "..");

interface Place {
  readonly folder: string;
  readonly bin: string;
  /** Stands for the executable. */
  readonly program: string;
  run(...argv: readonly string[]): Promise<{ status: number; out: string; err: string }>;
  uninstall(...argv: readonly string[]): ReturnType<Place["run"]>;
  path(...folders: readonly string[]): void;
}

function place(t: TestContext): Place {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "keywright-links-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = script(join(folder, "app", "keywright"));
  const bin = join(folder, "bin");
  let PATH = bin;
  const start = async (argv: readonly string[]): ReturnType<Place["run"]> => {
    let [out, err] = ["", ""];
    const status = await runKeywright(argv, {
      env: { PATH },
      home: folder,
      clock: { now: () => 0 },
      programFile: () => program,
      out: (text) => void (out += text),
      err: (text) => void (err += text),
    });
    return { status, out, err };
  };
  return {
    folder,
    bin,
    program,
    path: (...folders) => void (PATH = folders.join(delimiter)),
    run: (...argv) => start(["install-links", ...argv]),
    uninstall: (...argv) => start(["uninstall", ...argv]),
  };
}

function script(file: string, text = "#!/bin/sh\n"): string {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

test("makes keywright and keyring, in a folder that it makes, and keeps them the second time", async (t) => {
  const { bin, program, run } = place(t);
  const [keywright, keyring] = [join(bin, "keywright"), join(bin, "keyring")];
  const first = await run(bin);
  assert.deepEqual(first, {
    status: 0,
    out: `made: ${keywright} -> ${program}\nmade: ${keyring} -> ${program}\n`,
    err: "",
  });
  for (const file of [keywright, keyring]) assert.equal(readlinkSync(file), program);
  assert.deepEqual(await run(bin), { status: 0, out: `kept: ${keywright}\nkept: ${keyring}\n`, err: "" });
  assert.deepEqual(readdirSync(bin).sort(), ["keyring", "keywright"]);
});

test("menda only on request; a name that we do not go by is a usage error, before anything is made", async (t) => {
  const { bin, run } = place(t);
  assert.equal((await run(bin, "--name", "menda")).status, 0);
  assert.deepEqual(readdirSync(bin), ["menda"]);
  const { status, err } = await run(bin, "--name", "keyring", "--name", "docker");
  assert.equal(status, 2);
  assert.match(
    err,
    /no part of the name 'docker'\n +It goes by keywright, keyring, menda, mxm-config, mxm-secrets\./,
  );
  assert.deepEqual(readdirSync(bin), ["menda"]);
});

test("the executable itself in that folder is kept, also by --force and --remove", async (t) => {
  const { folder, program, run } = place(t);
  const app = join(folder, "app");
  for (const options of [[], ["--force"]]) {
    const { out } = await run(app, ...options);
    assert.match(out, /^kept: .*app\/keywright\n/);
  }
  const { out } = await run(app, "--remove", "--name", "keywright", "--name", "keyring");
  assert.match(out, /^left: .*app\/keywright, which is no link/);
  assert.equal(readFileSync(program, "utf8"), "#!/bin/sh\n");
  assert.deepEqual(readdirSync(app), ["keywright"]);
});

test("what is not ours stays, and nothing else is made beside it, until --force", async (t) => {
  const { folder, bin, program, run } = place(t);
  const other = script(join(folder, "other", "keyring"), "#!/bin/sh\necho real\n");
  const foreign: readonly (readonly [name: string, put: (file: string) => void])[] = [
    ["a program", (file) => void script(file, "real")],
    ["a link to another", (file) => symlinkSync(other, file)],
    ["a link to nowhere", (file) => symlinkSync(join(folder, "gone"), file)],
  ];
  for (const [name, put] of foreign) {
    rmSync(bin, { recursive: true, force: true });
    mkdirSync(bin);
    put(join(bin, "keyring"));
    const before = lstatSync(join(bin, "keyring")).ino;
    const refused = await run(bin);
    assert.equal(refused.status, 6, name);
    assert.match(refused.err, /bin\/keyring would be overwritten\n.*--force/, name);
    assert.deepEqual(readdirSync(bin), ["keyring"], name);
    assert.equal(lstatSync(join(bin, "keyring")).ino, before, name);
    const forced = await run(bin, "--force");
    assert.match(forced.out, /^made: .*keywright -> .*\nreplaced: .*keyring -> .*\n$/, name);
    assert.equal(readlinkSync(join(bin, "keyring")), program, name);
    assert.deepEqual(readdirSync(bin).sort(), ["keyring", "keywright"], name);
  }
  assert.equal(readFileSync(other, "utf8"), "#!/bin/sh\necho real\n", "the file behind the link was written");
});

test("a folder of that name is not replaced, and leaves nothing behind", async (t) => {
  const { bin, run } = place(t);
  mkdirSync(join(bin, "keyring"), { recursive: true });
  const { status, err } = await run(bin, "--force", "--name", "keyring");
  assert.equal(status, 3);
  assert.match(err, /cannot be changed/);
  assert.deepEqual(readdirSync(bin), ["keyring"]);
});

test("--remove takes our links and nothing else", async (t) => {
  const { folder, bin, run } = place(t);
  await run(bin);
  const menda = script(join(bin, "menda"));
  const gone = await run(bin, "--remove");
  assert.equal(
    gone.out,
    `removed: ${join(bin, "keyring")}\nleft: ${menda}, which is no link to this executable\n`,
  );
  assert.deepEqual(readdirSync(bin).sort(), ["keywright", "menda"]);
  const again = await run(bin, "--remove", "--name", "keywright", "--name", "keyring");
  assert.equal(again.out, `removed: ${join(bin, "keywright")}\nabsent: ${join(bin, "keyring")}\n`);
  assert.equal((await run(join(folder, "none"), "--remove")).status, 0);
  assert.ok(!existsSync(join(folder, "none")));
});

test("says what is hidden, what hides it, and a folder that nothing looks into", async (t) => {
  const { folder, bin, path, run } = place(t);
  const before = script(join(folder, "before", "keyring"));
  const after = script(join(folder, "after", "keyring"));
  const relativeOne = relative(process.cwd(), join(script(join(folder, "relative", "keyring")), ".."));
  path(relativeOne, join(folder, "before"), bin, join(folder, "after"), relativeOne, "");
  const { err } = await run(bin);
  assert.equal(
    err,
    `${join(bin, "keyring")} is hidden by ${before}, which comes first on the PATH\n` +
      `${join(bin, "keyring")} hides ${after}; it is asked last, for what is not ours\n`,
  );
  const { links, on_path: onPath } = JSON.parse((await run(bin, "--json")).out) as {
    readonly on_path: boolean;
    readonly links: readonly object[];
  };
  assert.equal(onPath, true);
  assert.partialDeepStrictEqual(links[1], { name: "keyring", hidden_by: [before], hides: [after] });
  assert.partialDeepStrictEqual(links[0], { name: "keywright", hidden_by: [], hides: [] });

  chmodSync(before, 0o644);
  rmSync(after);
  symlinkSync(join(bin, "keyring"), after);
  assert.equal(
    (await run(bin)).err,
    "",
    "neither a file that nobody can start nor one that leads to us counts",
  );
  path(join(folder, "before"));
  assert.match((await run(bin)).err, /bin is not on the PATH/);
});

test("uninstall takes the links on the PATH away, and leaves keywright and what is not ours", async (t) => {
  const { folder, bin, run, uninstall } = place(t);
  await run(bin);
  const other = script(join(bin, "menda"));
  const shown = await uninstall("--dry-run", "--json");
  assert.equal(shown.status, 0, shown.err);
  assert.deepEqual(readdirSync(bin).sort(), ["keyring", "keywright", "menda"]);
  const { removed } = JSON.parse((await uninstall("--yes", "--json")).out) as {
    readonly removed: readonly string[];
  };
  assert.deepEqual(removed, [join(bin, "keyring")]);
  assert.deepEqual(readdirSync(bin).sort(), ["keywright", "menda"]);
  assert.equal(readFileSync(other, "utf8"), "#!/bin/sh\n");
  assert.deepEqual(readdirSync(folder).sort(), ["app", "bin"]);
});

test("a folder that is not ours to write is an error with a remedy", async (t) => {
  const { folder, run } = place(t);
  const file = script(join(folder, "file"));
  const { status, err } = await run(join(file, "bin"), "--json");
  assert.equal(status, 3);
  assert.match(err, /"code":"configuration".*~\/\.local\/bin/);
});

test("from the checkout each name leads to its own wrapper, which answers", (t) => {
  const { bin } = place(t);
  const keywright = join(ROOT, "bin", "keywright");
  const names = PROGRAM_NAMES.flatMap((name) => ["--name", name]);
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: bin };
  const made = spawnSync(keywright, ["install-links", bin, ...names], { env, encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  for (const name of PROGRAM_NAMES) {
    assert.equal(realpathSync(join(bin, name)), join(ROOT, "bin", name));
    const { stdout, status } = spawnSync(join(bin, name), ["--help"], { env, encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^usage: ${name}\\b`, "im"), name);
  }
  assert.equal(
    spawnSync(join(bin, "keywright"), ["--version"], { env, encoding: "utf8" }).stdout,
    `${VERSION}\n`,
  );
});
