// The walls of the house (ARCHITECTURE.md): which room may import which, and what may be touched where.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const files = globSync("src/**/*.ts", { cwd: root }).map((file) => file.replaceAll("\\", "/"));
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** From top to bottom; a room may import from its own floor only inside itself, and from every floor below. */
const FLOORS: readonly (readonly string[])[] = [
  ["cli", "index.ts", "testing.ts"],
  ["broker", "runtime", "doctor"],
  ["secrets", "clients"],
  ["keywright.ts"],
  ["all-backends.ts", "store-variables.ts"],
  ["option-checks.ts"],
  ["fronts", "identity", "config", "audit", "backends"],
  ["aws"],
  ["account"],
  ["resolver", "io"],
  ["errors.ts", "secret.ts", "version.ts"],
  ["digest.ts", "loopback.ts"],
];

function roomOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
  assert.notEqual(floor, -1, `src/${room} stands on no floor: add it to FLOORS and to ARCHITECTURE.md`);
  return floor;
}

function importsOf(file: string): readonly string[] {
  const source = text.get(file) ?? "";
  const found = source.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)"([^"]+)"/gm);
  return [...found].map(([, specifier = ""]) => specifier);
}

function localImportsOf(file: string): readonly string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(root, join(root, dirname(file), specifier)).replaceAll("\\", "/"));
}

/** The source without comments, so that a wall may be named in words. */
function code(file: string): string {
  return (text.get(file) ?? "").replace(/\/\*.*?\*\//gs, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

test("imports go down only, and rooms on one floor do not know each other", () => {
  for (const file of files) {
    for (const target of localImportsOf(file)) {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from === to) continue;
      assert.ok(floorOf(to) > floorOf(from), `${file} imports ${target}`);
    }
  }
});

test("no file imports itself in a circle", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path, file].join(" → ")}`);
    if (done.has(file)) return;
    for (const target of localImportsOf(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test("the resolver imports the ground and nothing of the platform", () => {
  for (const file of files.filter((name) => roomOf(name) === "resolver")) {
    for (const specifier of importsOf(file)) {
      assert.ok(specifier.startsWith("."), `${file} imports ${specifier}`);
      assert.ok(
        /^\.\/[a-z-]+\.ts$|^\.\.\/(errors|loopback|secret)\.ts$/.test(specifier),
        `${file} imports ${specifier}`,
      );
    }
  }
});

test("the environment, the clock and chance are read in io/, cli/ and the composing file only", () => {
  for (const file of files) {
    if (["io", "cli", "keywright.ts"].includes(roomOf(file))) continue;
    for (const word of ["process.env", "Date.now", "new Date()", "Math.random"]) {
      assert.ok(!code(file).includes(word), `${file} uses ${word}`);
    }
  }
});

test("no value is revealed where decisions are made or written down", () => {
  for (const file of files) {
    if (!["resolver", "config", "audit", "identity"].includes(roomOf(file))) continue;
    assert.ok(!code(file).includes(".reveal("), `${file} reveals a value`);
  }
});

test("only a decision makes a grant", () => {
  for (const file of files) {
    if (["src/resolver/grant.ts", "src/resolver/policy.ts"].includes(file)) continue;
    assert.ok(!code(file).includes("grantOf"), `${file} makes a grant`);
    assert.ok(
      !/\bas (unknown as )?(Grant|Location)\b/.test(code(file)) || file === "src/resolver/location.ts",
      file,
    );
  }
});

test("no front imports a front, no backend a backend", () => {
  for (const file of files) {
    if (!["fronts", "backends"].includes(roomOf(file))) continue;
    for (const target of localImportsOf(file)) {
      if (roomOf(target) !== roomOf(file)) continue;
      const part = basename(target).startsWith(`${headOf(file)}-`);
      assert.ok(part, `${file} imports ${target}`);
    }
  }
});

/** `age` of `age-options`: the front or backend that a file is a part of. Parts may know each other, never a head. */
function headOf(file: string): string {
  const name = basename(file);
  const others = files.filter((one) => roomOf(one) === roomOf(file)).map(basename);
  const heads = others.filter((one) => name.startsWith(`${one}-`));
  return heads.toSorted((a, b) => a.length - b.length)[0] ?? name;
}

test("nothing is fetched but through io/http, nothing is spawned but through io/spawn", () => {
  for (const file of files) {
    assert.ok(!/\bfetch\(/.test(code(file)), `${file} uses fetch`);
    if (roomOf(file) === "io") continue;
    assert.ok(!importsOf(file).includes("node:child_process"), `${file} spawns`);
    if (roomOf(file) === "broker") continue;
    for (const module of ["node:http", "node:https", "node:net", "node:tls"]) {
      assert.ok(!importsOf(file).includes(module), `${file} imports ${module}`);
    }
  }
});

test("every import is written out, so that the executable holds it", () => {
  for (const file of files) {
    assert.ok(!/\bimport\s*\(\s*[^"\s)]/.test(code(file)), `${file} has a computed import()`);
    assert.ok(!/\brequire\s*\(|createRequire/.test(code(file)), `${file} uses require`);
  }
});

test("the doors only re-export", () => {
  for (const door of ["src/index.ts"].filter((file) => text.has(file))) {
    const statements = code(door)
      .replace(/export\s+(type\s+)?(\{[^}]*\}|\*)\s+from\s+"[^"]+";/g, "")
      .trim();
    assert.equal(statements, "", `${door} does more than re-export`);
  }
});

test("files are small and named for what they hold", () => {
  for (const file of files) {
    assert.ok(!/(util|helper|common|misc|manager|service)/i.test(basename(file)), `${file} says nothing`);
    assert.match(basename(file), /^[a-z0-9-]+$/);
    const lines = (text.get(file) ?? "").split("\n").length;
    assert.ok(lines <= 250, `${file} has ${lines} lines`);
    assert.match(text.get(file) ?? "", /^(?:#!.*\n)?\/\/ /, `${file} does not say what it does`);
  }
});

function basename(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1, -".ts".length);
}
