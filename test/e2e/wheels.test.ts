// The wheel of this machine and the one for any other, as `npm run build:wheels` makes them: what PyPA's own tools say of
// them, and whether they install offline where there is neither Node nor Bun. The other platforms: scripts/check-wheels.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { buildWheel } from "../../scripts/build-wheels.ts";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { VERSION } from "../../src/version.ts";
import { emptyRoot, librariesOf } from "./empty-root.ts";
import { plant, run, temporary, type Ran } from "./programs.ts";

installTools(["wheels", "installers", "pipx"], (text) => console.log(text));
const wheels = mkdtempSync(join(realpathSync(tmpdir()), "keywright-wheels-"));
after(() => rmSync(wheels, { recursive: true, force: true }));
const own = buildWheel("own", join(wheels, "own"));
const any = buildWheel("any", join(wheels, "any"));
const FOREIGN = ["get", "https://foreign.example/simple/", "me"];
const OURS = [
  "get",
  "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/x/simple/",
  "aws",
];

function tool(program: string, ...argv: readonly string[]): string {
  return execFileSync(toolPath("wheels", program), argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function python(text: string, ...argv: readonly string[]): unknown {
  return JSON.parse(tool("python", "-c", text, ...argv));
}

test("the wheels are what the tools of the index accept", () => {
  for (const wheel of [own, any]) {
    assert.match(tool("twine", "--no-color", "check", "--strict", wheel), /PASSED/);
    // W007: a wheel that is one executable has no library.
    assert.match(tool("check-wheel-contents", "--ignore", "W007", wheel), /: OK/);
  }
});

test("the tag of this machine's wheel is true: it installs here, and asks for no newer glibc than it says", () => {
  const fits = `
import sys, json
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename
print(json.dumps(not parse_wheel_filename(sys.argv[1])[3].isdisjoint(sys_tags())))`;
  assert.equal(python(fits, basename(own)), true);
  const [, floor = ""] = /"(manylinux_\d+_\d+)_\w+"/.exec(tool("auditwheel", "show", own)) ?? [];
  assert.ok(basename(own).includes(`-${floor}_`), `${basename(own)}: auditwheel says ${floor}`);
});

test("RECORD, WHEEL and METADATA agree with the files, and the executable is one", () => {
  const look = `
import sys, json, zipfile, hashlib, base64, csv, io
out = {}
with zipfile.ZipFile(sys.argv[1]) as z:
  assert z.testzip() is None
  info = [n for n in z.namelist() if n.endswith(".dist-info/RECORD")][0].rsplit("/", 1)[0]
  rows = {r[0]: r[1:] for r in csv.reader(io.StringIO(z.read(info + "/RECORD").decode()))}
  assert list(rows) == z.namelist(), "RECORD has other files"
  for name, (digest, size) in rows.items():
    if name.endswith("/RECORD"): continue
    data = z.read(name)
    assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode(), name
    assert int(size) == len(data), name
  out["tags"] = [l[5:] for l in z.read(info + "/WHEEL").decode().splitlines() if l.startswith("Tag: ")]
  out["pure"] = "Root-Is-Purelib: true" in z.read(info + "/WHEEL").decode()
  out["modes"] = sorted({oct(i.external_attr >> 16) for i in z.infolist()})
  out["executables"] = [i.filename for i in z.infolist() if (i.external_attr >> 16) & 0o111]
  out["times"] = sorted({str(i.date_time) for i in z.infolist()})
  out["metadata"] = z.read(info + "/METADATA").decode().split("\\n\\n")[0].splitlines()
print(json.dumps(out))`;
  const ofOwn = python(look, own) as Record<string, unknown>;
  const platforms = basename(own)
    .replace(/^.*-none-|\.whl$/g, "")
    .split(".");
  assert.deepEqual(
    ofOwn["tags"],
    platforms.map((platform) => `py3-none-${platform}`),
  );
  assert.deepEqual(ofOwn["executables"], [`keywright-${VERSION}.data/scripts/keywright`]);
  assert.deepEqual(ofOwn["modes"], ["0o100644", "0o100755"]);
  assert.equal(ofOwn["pure"], false);
  const ofAny = python(look, any) as Record<string, unknown>;
  assert.deepEqual([ofAny["tags"], ofAny["pure"], ofAny["executables"]], [["py3-none-any"], true, []]);
  for (const { times, metadata } of [ofOwn, ofAny]) {
    assert.deepEqual(times, ["(1980, 1, 1, 0, 0, 0)"]);
    const lines = metadata as readonly string[];
    assert.deepEqual(lines.slice(1, 3), ["Name: keywright", `Version: ${VERSION}`]);
    assert.ok(!lines.some((line) => line.startsWith("Requires-Dist")), "it needs a Python package");
  }
});

test("the same source gives the same bytes", (t) => {
  const again = buildWheel("any", temporary(t, "again"));
  assert.ok(readFileSync(again).equals(readFileSync(any)));
});

interface Installed {
  readonly bin: string;
  /** Runs a program of the environment; of the PATH there is only what is said. */
  run(program: string, argv: readonly string[], path?: string, cwd?: string): Promise<Ran>;
}

/** A clean virtual environment with that wheel, installed by pip without an index. */
function installed(t: TestContext, wheel: string): Installed {
  const folder = temporary(t, "environment");
  const environment = join(folder, "environment");
  tool("python", "-m", "venv", "--without-pip", environment);
  const into = ["--python", join(environment, "bin", "python"), "install", "--quiet", "--no-index"];
  tool("python", "-m", "pip", ...into, "--find-links", join(wheel, ".."), "keywright");
  const bin = join(environment, "bin");
  const nothing = join(folder, "nothing");
  const home = join(folder, "home");
  for (const name of [nothing, home]) mkdirSync(name, { mode: 0o700 });
  return {
    bin,
    run: (program, argv, PATH = nothing, cwd = nothing) =>
      run(join(bin, program), argv, { env: { PATH, HOME: home }, cwd }),
  };
}

async function answers(run_: (program: string, argv: readonly string[]) => Promise<Ran>): Promise<void> {
  const version = await run_("keywright", ["--version"]);
  assert.deepEqual([version.stderr, version.stdout, version.code], ["", `${VERSION}\n`, 0]);
  const foreign = await run_("keyring", FOREIGN);
  assert.deepEqual([foreign.stderr, foreign.stdout, foreign.code], ["", "", 1]);
  const ours = await run_("keyring", OURS);
  assert.match(ours.stderr, /Menda config file not found/);
  assert.equal(ours.code, 1);
}

test("installed by pip, offline: the executable runs with neither Node nor Bun nor anything else on the PATH", async (t) => {
  const { bin, run: start } = installed(t, own);
  assert.equal(statSync(join(bin, "keywright")).mode & 0o777, 0o755);
  const linked = await start("keywright", ["install-links", bin]);
  assert.equal(linked.code, 0, linked.stderr);
  await answers(start);
  const gone = await start("keywright", ["install-links", bin, "--remove"]);
  assert.match(gone.stdout, /^removed: .*keyring\n$/);
  assert.ok(existsSync(join(bin, "keywright")));
});

const INSTALLERS = {
  "uv tool install": [toolPath("installers", "uv"), "tool", "install", "keywright"],
  "pipx install": [toolPath("pipx", "pipx"), "install", "keywright"],
} as const;

for (const [name, [program, ...argv]] of Object.entries(INSTALLERS)) {
  test(`${name} keywright, offline: one command is the whole installation`, async (t) => {
    const folder = temporary(t, "tool");
    const bin = join(folder, "bin");
    const env = {
      PATH: [bin, "/usr/bin", "/bin"].join(delimiter),
      HOME: folder,
      UV_TOOL_DIR: join(folder, "tools"),
      UV_TOOL_BIN_DIR: bin,
      PIPX_HOME: join(folder, "pipx"),
      PIPX_BIN_DIR: bin,
      UV_CACHE_DIR: join(folder, "cache"),
      UV_PYTHON: toolPath("installers", "python"),
      UV_PYTHON_DOWNLOADS: "never",
      UV_OFFLINE: "1",
      UV_NO_INDEX: "1",
      UV_FIND_LINKS: join(own, ".."),
    };
    const said = await run(program, argv, { env, cwd: folder });
    assert.equal(said.code, 0, said.stderr);
    const linked = await run(join(bin, "keywright"), ["install-links", bin], { env });
    assert.match(
      linked.stdout,
      /^kept: .*\/bin\/keywright\nmade: .*\/bin\/keyring -> .*\/keywright\/bin\/keywright\n$/,
    );
    await answers((which, words) => run(join(bin, which), words, { env }));
  });
}

test("the executable of the wheel runs in a root with nothing else in it", async (t) => {
  const { bin } = installed(t, own);
  const executable = join(bin, "keywright");
  await answers(
    emptyRoot(temporary(t, "root"), { "/bin/keywright": executable, ...librariesOf(executable) }),
  );
});

test("the wheel for any platform runs on the Node that it finds, under each name", async (t) => {
  const { bin, run: start } = installed(t, any);
  symlinkSync("keywright", join(bin, "keyring"));
  const node = join(process.execPath, "..");
  await answers((program, argv) => start(program, argv, node));
  // Beside it, as a package from the index installs one.
  symlinkSync(process.execPath, join(bin, "node"));
  await answers((program, argv) => start(program, argv));
});

test("the wheel for any platform says what it lacks, and runs no node of the folder one stands in", async (t) => {
  const { run: start } = installed(t, any);
  const bad = temporary(t, "bad");
  plant(bad, { node: "#!/bin/sh\necho run\n" });
  execFileSync("chmod", ["755", join(bad, "node")]);
  const none = await start("keywright", ["--version"], ["", ".", "relative"].join(delimiter), bad);
  assert.deepEqual([none.stdout, none.code], ["", 1]);
  assert.match(none.stderr, /Node 24 or newer is needed on this platform, and there is none on the PATH/);

  const old = `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"22.9.0"}})`;
  const wheel = join(
    import.meta.dirname,
    "..",
    "..",
    "python",
    "keywright",
    "src",
    "keywright",
    "program",
    "wheel.mjs",
  );
  const tooOld = await run(process.execPath, [`--import=${old}`, wheel, "keywright", "--version"], {
    env: {},
  });
  assert.deepEqual([tooOld.stderr, tooOld.code], ["keywright: Node 22.9.0 is too old, 24 is needed\n", 3]);
});
