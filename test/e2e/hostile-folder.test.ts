// Proof 6: what stands in the folder in which somebody starts us, and in those above it, has no say: the answers are the
// same as elsewhere, and the system call trace shows that none of its files is so much as looked at.
import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { brokerProcess, INDEX } from "./broker-process.ts";
import { FORMS, plant, ROOT, run, temporary, type Form, type Program, type Ran } from "./programs.ts";

/** Every name under which the source, or a package that it uses, imports something. */
function importedNames(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, unknown>;
  };
  const packages = Object.keys(lock.packages)
    .map((path) => path.replace(/^.*node_modules\//, ""))
    .filter((name) => name !== "");
  const specifiers = globSync("src/**/*.ts", { cwd: ROOT }).flatMap((file) => {
    const found = readFileSync(join(ROOT, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^".][^"]*)"/g);
    return [...found].map(([, name = ""]) => name.replace(/^node:/, ""));
  });
  const bare = specifiers.map((name) =>
    name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/"),
  );
  assert.ok(bare.includes("commander") && bare.includes("yaml") && bare.includes("fs"));
  return [...new Set([...bare, ...packages, ...builtinModules.filter((name) => /^[a-z]/.test(name))])];
}

function hostile(mark: string, host: string): Record<string, string> {
  const leave = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "run");`;
  const packages = importedNames().flatMap((name): [string, string][] => [
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({
        name,
        version: "9.9.9",
        main: "index.js",
        exports: { ".": "./index.js", "./*": "./index.js" },
      }),
    ],
    [`node_modules/${name}/index.js`, leave],
  ]);
  const config = `stores: { menda: { backend: menda, options: { profile: evil } } }\nrefs: { r: { store: menda, match: "*.example", policy: p } }\npolicies: { p: { allowed_principals: [local_user] } }\n`;
  return {
    ...Object.fromEntries(packages),
    ...Object.fromEntries(
      [".env", ".env.local", ".env.production", ".env.development"].map((name) => [
        name,
        `MENDA_HOST=${host}\nMENDA_CLIENT_ID=evil\nMENDA_CLIENT_SECRET=evil\nKEYWRIGHT_CONFIG=/nowhere\nHOME=/nowhere\nNODE_OPTIONS=--require ./preload.js\n`,
      ]),
    ),
    "preload.js": leave,
    "bunfig.toml": `preload = ["./preload.js"]\n[run]\npreload = ["./preload.js"]\n`,
    ".bunfig.toml": `preload = ["./preload.js"]\n`,
    "tsconfig.json": JSON.stringify({
      compilerOptions: { paths: { "*": ["./preload.js"] } },
      extends: "./preload.js",
    }),
    "package.json": JSON.stringify({
      name: "evil",
      type: "commonjs",
      main: "preload.js",
      imports: { "#*": "./preload.js" },
    }),
    "node.config.json": JSON.stringify({ nodeOptions: { import: ["./preload.js"] } }),
    ".npmrc": "node-options=--require=./preload.js\n",
    ".node-options": "--require ./preload.js\n",
    ".menda/mendacfg": `[default]\nhost = ${host}\nauth_type = m2m\nclient_id = evil\nclient_secret = evil\n`,
    ".aws/credentials": "[default]\naws_access_key_id = AKIDEVIL\naws_secret_access_key = evil\n",
    ".aws/config": "[default]\nregion = eu-west-1\ncredential_process = ./preload.js\n",
    ".config/python_keyring/keyringrc.cfg": "[codeartifact]\nprofile_name = evil\nverify = false\n",
    "python_keyring/keyringrc.cfg": "[codeartifact]\nprofile_name = evil\n",
    ".netrc": "default login evil password evil\n",
    "config.yaml": config,
    "keywright.yaml": config,
    ".keywright.yaml": config,
    ".config/keywright/config.yaml": config,
    "keyring.cfg": "[backend]\ndefault-keyring=evil.Keyring\n",
    "keyringrc.cfg": "[backend]\ndefault-keyring=evil.Keyring\n",
    keyring: `#!/bin/sh\necho evil\n`,
    "openssl.cnf": "openssl_conf = evil\n",
    "main.ts": leave,
    "index.js": leave,
  };
}

/** Lines of the trace that look below a folder; the folder itself, as where we are, is no secret. */
function looksInto(trace: string, folder: string): readonly string[] {
  return trace.split("\n").filter((line) => {
    const [, call = "", rest = ""] = /^(?:[0-9]+ +)?([a-z0-9_]+)\((.*)$/.exec(line) ?? [];
    if (call === "execve") return new RegExp(`^"(?!/)|^"${folder}`).test(rest);
    // What a symbolic link says is no path that is looked at: our locks say there who holds them.
    const path =
      (call === "symlink" ? /", "((?:[^"\\]|\\.)*)"/ : /"((?:[^"\\]|\\.)*)"/).exec(rest)?.[1] ?? "";
    if (call === "getcwd" || path === "" || path === ".") return false;
    // Relative to a descriptor is what a walk through an own folder does; relative to nothing is the working directory.
    const below = path.startsWith(`${folder}/`) && path !== `${folder}/below`; // The shell asks whether PWD is true.
    return below || (!path.startsWith("/") && !/^[0-9]+, /.test(rest));
  });
}

const CONFIG = `stores: { menda: { backend: menda } }
refs: { index: { store: menda, match: "${INDEX}", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;
const GET = ["get", `http://${INDEX}/simple/`, "token"];
const HOST = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
const EXPLAIN = ["explain", `https://${HOST}/pypi/packages/simple/`];
/** Asked by somebody who has AWS credentials and nothing else. */
const OF_AWS: readonly (readonly string[])[] = [EXPLAIN, ["config", "show", "--origin"]];
const QUESTIONS: readonly (readonly [
  name: string,
  program: Program,
  argv: readonly string[],
  fresh: boolean,
])[] = [
  ["a question without a lease", "keyring", GET, true],
  ["a question with a lease", "keyring", GET, false],
  ["a foreign question", "keyring", ["get", "https://foreign.example/simple/", "me"], false],
  ["a wrong question", "keyring", ["gets"], false],
  ["the configuration", "keywright", ["config", "show", "--origin"], false],
  ["what would be answered", "keywright", EXPLAIN, false],
  ["the audit", "keywright", ["audit", "verify"], false],
  ["the account", "menda", ["auth", "whoami"], false],
];

for (const form of FORMS) {
  test(`${form.name}: the folder in which one stands has no say`, async (t) => {
    const broker = await brokerProcess(t, form);
    const secret = await broker.client("ci", "--principal", "ci", "--menda");
    const home = temporary(t, "home");
    plant(home, {
      ".config/keywright/config.yaml": CONFIG,
      ".menda/mendacfg": `[default]\nhost = ${broker.url}\nauth_type = m2m\nclient_id = ci\nclient_secret = ${secret}\n`,
    });
    const bad = temporary(t, "hostile");
    const mark = join(home, "mark");
    plant(bad, hostile(mark, "http://127.0.0.1:9"));
    plant(join(bad, "below"), hostile(mark, "http://127.0.0.1:9"));
    const quiet = temporary(t, "quiet");
    const fresh = (): void => rmSync(join(home, ".cache"), { recursive: true, force: true });

    for (const [name, program, argv, isFresh] of QUESTIONS) {
      await t.test(name, async () => {
        if (isFresh) fresh();
        const expected = await traced(form, program, argv, home, quiet);
        for (const cwd of [bad, join(bad, "below")]) {
          if (isFresh) fresh();
          const ran = await traced(form, program, argv, home, cwd);
          assert.deepEqual(looksInto(ran.trace, bad), []);
          assert.deepEqual(same(ran, argv === GET), same(expected, argv === GET));
          assert.throws(() => readFileSync(mark), { code: "ENOENT" });
        }
      });
    }
  });
}

for (const form of FORMS) {
  test(`${form.name}: the folder in which one stands does not choose the built-in configuration`, async (t) => {
    const [bad, quiet] = [temporary(t, "hostile"), temporary(t, "quiet")];
    plant(bad, hostile(join(bad, "mark"), "http://127.0.0.1:9"));
    for (const [file, name] of [
      [".aws/credentials", "aws"],
      ["nothing", "menda"],
    ] as const) {
      const home = temporary(t, "home");
      plant(home, { [file]: "[default]\naws_access_key_id = AKID\naws_secret_access_key = hunter2\n" });
      for (const argv of OF_AWS) {
        const expected = await traced(form, "keywright", argv, home, quiet);
        const ran = await traced(form, "keywright", argv, home, bad);
        assert.deepEqual(looksInto(ran.trace, bad), []);
        assert.deepEqual(same(ran, false), same(expected, false));
        assert.match(
          ran.stdout,
          argv === EXPLAIN ? new RegExp(`^store +${name}$`, "m") : new RegExp(`for ${name} holds`),
        );
        assert.doesNotMatch(ran.stdout, /hunter2|EVIL|evil/);
      }
    }
  });
}

/** What must not differ; a token is another one each time that it is fetched. */
function same({ code, stdout, stderr }: Ran, isToken: boolean): object {
  const answer = isToken ? stdout.replace(/^kw_[A-Za-z0-9_-]+\n$/, "TOKEN\n") : stdout;
  if (isToken) assert.equal(answer, "TOKEN\n");
  return {
    code,
    stderr,
    answer: answer.replace(/^[0-9]+ entries \(1 to [0-9]+\), whole; head [0-9a-f]{64}$/m, "whole"),
  };
}

async function traced(
  form: Form,
  program: Program,
  argv: readonly string[],
  home: string,
  cwd: string,
): Promise<Ran & { readonly trace: string }> {
  const file = join(temporaryTrace, `${form.name}-${process.hrtime.bigint()}`);
  const strace = ["-f", "-qq", "-s", "4096", "-e", "trace=%file", "-o", file, form.program(program), ...argv];
  const ran = await run("/usr/bin/strace", strace, {
    env: { HOME: home, PWD: cwd, AWS_EC2_METADATA_DISABLED: "true" },
    cwd,
  });
  return { ...ran, trace: readFileSync(file, "utf8") };
}

const temporaryTrace = join(ROOT, "build", "traces");
mkdirSync(temporaryTrace, { recursive: true });
process.on("exit", () => rmSync(temporaryTrace, { recursive: true, force: true }));

test("the trace shows who looks into the folder", async (t) => {
  const folder = temporary(t, "control");
  plant(folder, { "x/y": "z" });
  const file = join(folder, "trace");
  for (const path of ["x/y", `${folder}/x/y`]) {
    await run("/usr/bin/strace", ["-f", "-qq", "-e", "trace=%file", "-o", file, "cat", path], {
      env: {},
      cwd: folder,
    });
    assert.equal(looksInto(readFileSync(file, "utf8"), folder).length, 1, readFileSync(file, "utf8"));
  }
});
