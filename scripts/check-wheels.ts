// npm run check:wheels: makes the wheels of all platforms and looks whether each is what its tag says; those for Linux
// also run, in roots with nothing else in them: musl with its own loader, arm64 under qemu. What is for macOS and Windows
// is only looked at. Takes minutes and half a gigabyte, wants Debian on x64 and root; `npm test` does this machine's part.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { emptyRoot, librariesOf, type InRoot, type RootFiles } from "../test/e2e/empty-root.ts";
import { VERSION } from "../src/version.ts";
import { buildWheel } from "./build-wheels.ts";
import { debianPackage } from "./debian-package.ts";
import { loadCommands } from "./macho.ts";
import { installTools, toolPath } from "./tools.ts";
import { PLATFORMS } from "./wheel-platforms.ts";

installTools(["wheels"], (text) => console.log(text));
const folder = mkdtempSync(join(tmpdir(), "keywright-check-wheels-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const tool = (program: string, ...argv: readonly string[]): string =>
  execFileSync(toolPath("wheels", program), argv, { encoding: "utf8" });

interface Unpacked {
  readonly wheel: string;
  readonly executable: string;
  /** What it brings besides, as it lies below the environment. */
  readonly data: RootFiles;
}

const unpacked = new Map(PLATFORMS.map(({ name }) => [name, unpack(name)]));
const executableOf = (name: string): Buffer => readFileSync(unpacked.get(name)?.executable ?? "");

function unpack(name: string): Unpacked {
  const wheel = buildWheel(name);
  console.log(`built ${basename(wheel)}`);
  const into = join(folder, name);
  tool("python", "-m", "zipfile", "-e", wheel, into);
  const data = join(into, `keywright-${VERSION}.data`);
  const scripts = readdirSync(join(data, "scripts"));
  assert.deepEqual(scripts, [name.startsWith("windows") ? "keywright.exe" : "keywright"]);
  const executable = join(data, "scripts", scripts[0] ?? "");
  chmodSync(executable, 0o755);
  const library = join(data, "data", "lib", "keywright");
  const files = name.endsWith("-musl") ? readdirSync(library) : [];
  return {
    wheel,
    executable,
    data: Object.fromEntries(files.map((file) => [`/lib/keywright/${file}`, join(library, file)])),
  };
}

for (const [name, { wheel }] of unpacked) {
  test(`${name}: the tools of the index accept the wheel`, () => {
    assert.match(tool("twine", "--no-color", "check", "--strict", wheel), /PASSED/);
    assert.match(tool("check-wheel-contents", "--ignore", "W007", wheel), /: OK/);
  });
}

for (const name of ["linux-x64", "linux-arm64"]) {
  test(`${name}: its glibc floor is that of the tag`, () => {
    const { wheel = "" } = unpacked.get(name) ?? {};
    const [, floor = ""] = /"(manylinux_\d+_\d+_\w+)"/.exec(tool("auditwheel", "show", wheel)) ?? [];
    assert.ok(basename(wheel).includes(`-${floor}.`), floor);
  });
}

for (const name of ["linux-x64-musl", "linux-arm64-musl"]) {
  test(`${name}: what it wants besides musl, it brings`, () => {
    const { executable, data } = unpacked.get(name) ?? assert.fail();
    const wanted = [executable, ...Object.values(data)].flatMap(neededBy);
    const brought = Object.keys(data).map((file) => basename(file));
    const missing = wanted.filter((file) => !file.startsWith("libc.musl-") && !brought.includes(file));
    assert.deepEqual(missing, []);
    assert.ok(brought.includes("libstdc++.so.6"));
  });
}

function neededBy(file: string): readonly string[] {
  const said = execFileSync("readelf", ["-d", file], { encoding: "utf8" });
  return [...said.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library = ""]) => library);
}

test("each executable is for the processor of its tag", () => {
  const elf = { "linux-x64": 62, "linux-arm64": 183, "linux-x64-musl": 62, "linux-arm64-musl": 183 };
  for (const [name, machine] of Object.entries(elf)) {
    const file = executableOf(name);
    assert.equal(file.toString("latin1", 0, 4), "\x7fELF", name);
    assert.equal(file.readUInt16LE(18), machine, name);
  }
  const macho = { "macos-x64": 0x01000007, "macos-arm64": 0x0100000c };
  for (const [name, cpu] of Object.entries(macho))
    assert.equal(executableOf(name).readUInt32LE(4), cpu, name);
  const windows = executableOf("windows-x64");
  const header = windows.readUInt32LE(0x3c);
  assert.equal(windows.toString("latin1", header, header + 4), "PE\0\0");
  assert.equal(windows.readUInt16LE(header + 4), 0x8664);
});

test("the least macOS is that of the tag", () => {
  for (const { name, tag } of PLATFORMS.filter((platform) => platform.name.startsWith("macos"))) {
    const file = executableOf(name);
    const build = loadCommands(file).find(({ kind }) => kind === 0x32);
    const least = file.readUInt32LE((build?.at ?? assert.fail()) + 12);
    assert.match(tag, new RegExp(`^macosx_${least >>> 16}_${(least >>> 8) & 0xff}_`), name);
  }
});

test("macOS: the one for Apple silicon has a signature that fits every page, the one for Intel has none", () => {
  const intel = executableOf("macos-x64");
  assert.equal(
    loadCommands(intel).some(({ kind }) => kind === 0x1d),
    false,
  );
  assert.doesNotThrow(() => assertLinkeditEndsTheFile(intel));
  const file = executableOf("macos-arm64");
  assert.equal(misfits(file), 0);
  const changed = Buffer.from(file);
  changed.writeUInt8(changed.readUInt8(5_000_000) ^ 1, 5_000_000);
  assert.equal(misfits(changed), 1, "a changed page is not seen");
});

function assertLinkeditEndsTheFile(file: Buffer): void {
  const { at } =
    loadCommands(file).find((one) => file.toString("latin1", one.at + 8, one.at + 18) === "__LINKEDIT") ??
    assert.fail();
  assert.equal(Number(file.readBigUInt64LE(at + 40) + file.readBigUInt64LE(at + 48)), file.length);
}

/** Pages whose SHA-256 is not that of the code directory (xnu, osfmk/kern/cs_blobs.h). */
function misfits(file: Buffer): number {
  const { at } = loadCommands(file).find(({ kind }) => kind === 0x1d) ?? assert.fail("no signature");
  const blobs = file.readUInt32LE(at + 8);
  const directory = blobs + file.readUInt32BE(blobs + 16);
  assert.equal(file.readUInt32BE(directory), 0xfade0c02);
  const [hashes, pages, limit] = [16, 28, 32].map((field) => file.readUInt32BE(directory + field)) as [
    number,
    number,
    number,
  ];
  const size = 2 ** file.readUInt8(directory + 39);
  assert.deepEqual([file.readUInt8(directory + 36), limit], [32, blobs]);
  let wrong = 0;
  for (let page = 0; page < pages; page += 1) {
    const bytes = file.subarray(page * size, Math.min((page + 1) * size, limit));
    const stored = file.subarray(directory + hashes + page * 32, directory + hashes + (page + 1) * 32);
    if (!createHash("sha256").update(bytes).digest().equals(stored)) wrong += 1;
  }
  return wrong;
}

async function runs(inRoot: InRoot): Promise<void> {
  const version = await inRoot("keywright", ["--version"]);
  assert.deepEqual([version.stderr, version.stdout, version.code], ["", `${VERSION}\n`, 0]);
  const ours = [
    "get",
    "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/x/simple/",
    "aws",
  ];
  assert.match((await inRoot("keyring", ours)).stderr, /Menda config file not found/);
  const config = await inRoot("keywright", ["config", "show"]);
  assert.match(config.stdout, /\*\.d\.codeartifact/, config.stderr);
}

const qemu = (): RootFiles => {
  return { "/bin/qemu": join(debianPackage("qemu-user", "amd64"), "usr/bin/qemu-aarch64") };
};

function filesOf(name: string): RootFiles {
  const { executable, data } = unpacked.get(name) ?? assert.fail();
  return { "/bin/keywright": executable, ...data };
}

test("linux-x64 runs", async () => {
  const files = filesOf("linux-x64");
  await runs(
    emptyRoot(join(folder, "root-x64"), { ...files, ...librariesOf(files["/bin/keywright"] ?? "") }),
  );
});

test("linux-x64-musl runs, with musl and what the wheel brings", async () => {
  const loader = join(debianPackage("musl", "amd64"), "usr/lib/x86_64-linux-musl/libc.so");
  const files = { ...filesOf("linux-x64-musl"), "/lib/ld-musl-x86_64.so.1": loader };
  await runs(emptyRoot(join(folder, "root-musl"), files));
});

test("linux-arm64 runs, under qemu", async () => {
  const library = join(debianPackage("libc6", "arm64"), "usr/lib/aarch64-linux-gnu");
  const names = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"];
  const libraries = names.map((name) => [`/lib/aarch64-linux-gnu/${name}`, join(library, name)]);
  const loader = { "/lib/ld-linux-aarch64.so.1": join(library, "ld-linux-aarch64.so.1") };
  const files = { ...filesOf("linux-arm64"), ...Object.fromEntries(libraries), ...loader, ...qemu() };
  await runs(emptyRoot(join(folder, "root-arm64"), files, "/bin/qemu"));
});

test("linux-arm64-musl runs, under qemu", async () => {
  const loader = join(debianPackage("musl", "arm64"), "usr/lib/aarch64-linux-musl/libc.so");
  const files = { ...filesOf("linux-arm64-musl"), "/lib/ld-musl-aarch64.so.1": loader, ...qemu() };
  await runs(emptyRoot(join(folder, "root-arm64-musl"), files, "/bin/qemu"));
});
