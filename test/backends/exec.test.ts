// The exec backend: the contract in both protocols, real programs, and everything that a program can do wrong.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { execBackend } from "../../src/backends/exec.ts";
import { KeywrightError, type ErrorCode } from "../../src/errors.ts";
import type { Backend } from "../../src/resolver/backend.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { ROOT, secretBackendContract, type Instead, type Place } from "./contract/contract.ts";
import { CONTEXT, located } from "./contract/locations.ts";
import { execHouse, execStore, isAlive } from "./exec-house.ts";

const PATH = process.env["PATH"] ?? "";
const house = execHouse();
after(() => house.remove());

function ask(backend: Backend, store: SecretStore, path: string): Promise<string | undefined> {
  return backend.retrieve(located(store, path), CONTEXT).then((secret) => secret?.reveal());
}

async function fails(code: ErrorCode, work: Promise<unknown>, says: RegExp): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof KeywrightError, inspect(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.match(`${thrown.message} ${thrown.hint}`, says);
    assert.doesNotMatch(inspect(thrown, { depth: 9, showHidden: true }) + thrown.hint, /canary/);
    return true;
  });
}

async function retrieved(place: Place, path: string): Promise<unknown> {
  return place.backend.retrieve(located(place.store, path), CONTEXT);
}

const aFolder: Instead = {
  because: "the program decides what a folder is: what it refuses is a failure",
  async proof(place) {
    await place.put(`${ROOT}/folder/inside`, Buffer.from("in-the-folder"));
    await fails("backend", retrieved(place, "folder"), /./);
  },
};

function summonPlace(): Place {
  const home = execHouse();
  const backend = execBackend({ env: { PATH, HOME: home.home } });
  const options = { command: [home.provider], missing_exit: 44 };
  const store = execStore(options, ROOT);
  const other = (more: SecretStore["options"]) => ({
    backend,
    store: execStore({ ...options, ...more }, ROOT),
  });
  return {
    backend,
    store,
    put: home.put,
    handedOut: (value) => value.trim(),
    hanging: () => other({ timeout: 0.5 }),
    absent: () => other({ command: join(home.home, "nowhere") }),
    argv: home.argv,
    running: home.running,
    close: home.remove,
  };
}

secretBackendContract("exec, as summon", summonPlace, {
  instead: {
    "a folder": aFolder,
    "a store that is locked": {
      because: "a provider has no word for it: every failure is one",
      proof: aFolder.proof,
    },
  },
});

function linesPlace(): Place {
  const home = execHouse();
  const backend = execBackend({ env: { PATH } });
  const options = { command: home.lines, protocol: "jsonl" };
  const other = (more: SecretStore["options"], root = ROOT) => ({
    backend,
    store: execStore({ ...options, ...more }, root),
  });
  return {
    backend,
    store: execStore(options, ROOT),
    put: home.put,
    locked: () => renamed(other({}, "odd"), "shut", "locked"),
    hanging: () => other({ timeout: 0.5 }, "odd"),
    absent: () => other({ command: join(home.home, "nowhere") }),
    close: home.remove,
  };
}

/** The suite asks for `from`; the program has its behaviours under names of its own. */
function renamed({ backend, store }: Pick<Place, "backend" | "store">, from: string, to: string) {
  const retrieve: Backend["retrieve"] = ({ ref }, context) => {
    assert.equal(ref.path, from);
    return backend.retrieve(located(store, to), context);
  };
  return { backend: { ...backend, retrieve }, store };
}

secretBackendContract("exec, JSON lines", linesPlace, {
  instead: {
    "a folder": aFolder,
    "a binary value": {
      because: "JSON holds text, so the program has to refuse it",
      async proof(place) {
        await place.put(`${ROOT}/binary`, Uint8Array.of(0xff, 0xfe));
        await fails("backend", retrieved(place, "binary"), /says that it failed/);
      },
    },
  },
});

const script = (text: string): SecretStore =>
  execStore({ command: [house.script(`s${(scripts += 1)}`, `#!/bin/sh\n${text}\n`), "fixed arg"] });
let scripts = 0;
const bare = execBackend({
  env: { PATH, HOME: "/home/of", SECRET_OF_OURS: "canary-env", LANG: "C", PASSED: "yes" },
});

test("summon: white space around is taken away as summon does, nothing else is; no shell reads the words", async () => {
  for (const [printed, value] of [
    ["a", "a"],
    ["\\n\\t a b \\r\\n\\n", "a b"],
    ["\\302\\205a\\302\\240\\343\\200\\200", "a"],
    ["\\357\\273\\277a\\n", "\ufeffa"],
    ["one\\n\\ntwo\\n", "one\n\ntwo"],
    ["\\n \\n", ""],
  ])
    assert.equal(await ask(bare, script(`printf '${printed}'`), "id"), value, printed);
  const words = "$HOME `id` 'x' \"y\" *;exit 3";
  assert.equal(await ask(bare, script(`printf '%s|' "$@"`), words), `fixed arg|${words}|`);
});

test("summon: the program gets PATH, HOME and what the store names, no standard input, and works in /", async () => {
  const store = script("env | sort; pwd; read line || echo no input");
  const seen =
    (await ask(bare, { ...store, options: { ...store.options, pass_env: ["PASSED", "UNSET"] } }, "id")) ?? "";
  const own = ["PWD", "SHLVL", "OLDPWD", "_"];
  const lines = seen.split("\n").filter((line) => !own.includes(line.split("=")[0] ?? ""));
  assert.deepEqual(lines, ["HOME=/home/of", "PASSED=yes", `PATH=${PATH}`, "/", "no input"]);
});

test("summon: a failure tells the exit code and never the output; what is no text is refused", async () => {
  await fails(
    "backend",
    ask(bare, script("echo canary-out; echo canary-err >&2; exit 7"), "id"),
    /exit code 7/,
  );
  await fails("backend", ask(bare, script("kill -9 $$"), "id"), /137/);
  await fails("backend", ask(bare, script("printf '\\377canary'"), "id"), /UTF-8/);
  await fails("backend", ask(bare, script("yes canary-flood"), "id"), /more than/);
  const store = script("exit 44");
  await fails("backend", ask(bare, store, "id"), /exit code 44/);
  const told = { ...store, options: { ...store.options, missing_exit: 44 } };
  assert.equal(await ask(bare, told, "id"), undefined);
});

test("a program that others could replace is not started, nor one that is none", async () => {
  const marker = join(house.home, "was-started");
  const text = `#!/bin/sh\ntouch '${marker}'`;
  const open = house.script("open-file", text);
  chmodSync(open, 0o722);
  const inside = house.script("open-folder/program", text);
  chmodSync(join(house.home, "open-folder"), 0o777);
  const link = join(house.home, "link");
  symlinkSync(inside, link);
  for (const command of [open, inside, link])
    await fails("configuration", ask(bare, execStore({ command }), "id"), /written by other users/);
  const plain = house.script("not-executable", text, 0o600);
  chmodSync(plain, 0o600);
  for (const command of [plain, house.home, "/nowhere/at/all"])
    await fails("backend", bare.check(execStore({ command })), /the program .* (may not|is not)/);
  await bare.check(execStore({ command: [process.execPath, "anything"] }));
  const orphan = house.script("no-interpreter", "#!/nowhere/sh\n");
  for (const protocol of ["summon", "jsonl"])
    await fails("backend", ask(bare, execStore({ command: orphan, protocol }), "id"), /interpreter/);
  assert.equal(spawnSync("test", ["-e", marker]).status, 1);
});

const odd = (timeout = 10): SecretStore =>
  execStore({ command: house.lines, protocol: "jsonl", timeout }, "odd");
const starts = (): number => house.events().filter((line) => line.startsWith("start")).length;

test("jsonl: many questions go to one process, and are answered in any order", async () => {
  const backend = execBackend({ env: { PATH } });
  const before = starts();
  const answers = await Promise.all(
    ["kept", "kept", "kept", "turn"].map((path) => ask(backend, odd(), path)),
  );
  assert.deepEqual(answers, ["turned 1", "turned 2", "turned 3", "turned 4"]);
  assert.equal(await ask(backend, odd(), "pieces"), "in pieces ä🔑");
  assert.equal(await ask(backend, odd(), "noisy"), "after the noise");
  assert.equal(starts() - before, 1);
});

test("jsonl: what the program says is told by its code only; an unknown code is a failure", async () => {
  const backend = execBackend({ env: { PATH } });
  await fails("locked", ask(backend, odd(), "locked"), /Unlock/);
  await fails("denied", ask(backend, odd(), "denied"), /may not hand this out/);
  await fails("backend", ask(backend, odd(), "strange"), /does not know/);
  await fails("backend", ask(backend, odd(), "half"), /is not UTF-8/); // it would be another value once it is written
});

test("jsonl: a line that is no answer ends the program and every question; the next one starts it again", async () => {
  const backend = execBackend({ env: { PATH } });
  for (const wrong of ["no-json", "other-id", "both", "number", "too-long", "ends"]) {
    const before = starts();
    const waiting = ask(backend, odd(), "kept");
    const caught = fails("backend", waiting, /no answer|too long|ended/);
    await fails("backend", ask(backend, odd(), wrong), /no answer|too long|ended/);
    await caught;
    assert.equal(await ask(backend, odd(), "turn"), `turned ${(asked += 3)}`, wrong);
    assert.equal(starts() - before, asked === 3 ? 2 : 1, wrong);
  }
});
let asked = 0;

test("jsonl: past the time limit the program ends with all that it started", async () => {
  const backend = execBackend({ env: { PATH } });
  await ask(backend, odd(0.5), "turn");
  await fails("timed_out", ask(backend, odd(0.5), "hangs"), /0.5 s/);
  const started = house.events().slice(-2);
  assert.deepEqual(
    started.map((line) => line.split(" ")[0]),
    ["start", "child"],
  );
  const pids = started.map((line) => Number(line.split(" ")[1]));
  await until(() => !pids.some(isAlive));
});

test("jsonl: the program gets PATH, HOME and what the store names, and works in /", async () => {
  const backend = execBackend({ env: { PATH, HOME: "/h", PASSED: "yes", OTHER: "canary" } });
  const store = odd();
  const named = { ...store, options: { ...store.options, pass_env: ["PASSED"] } };
  const { env, cwd } = JSON.parse((await ask(backend, named, "environment")) ?? "");
  assert.deepEqual(env, { PATH, HOME: "/h", PASSED: "yes" });
  assert.equal(cwd, "/");
});

test("jsonl: it neither keeps us alive nor outlives us, and its input ends so that it can tidy up", async () => {
  const store = JSON.stringify(execStore({ command: house.lines, protocol: "jsonl" }, ROOT));
  house.put(`${ROOT}/one`, Buffer.from("the value"));
  const source = new URL("../../src/backends/exec.ts", import.meta.url).href;
  const program = `const { execBackend } = await import(${JSON.stringify(source)});
    const store = ${store};
    const location = { store, path: "${ROOT}/one", ref: { name: "r", options: {} } };
    const secret = await execBackend({ env: process.env }).retrieve(location, {});
    process.stdout.write(secret.reveal());`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program], {
    timeout: 20_000,
  });
  assert.deepEqual([stdout.toString(), status], ["the value", 0]);
  await until(() => house.events().at(-1) === "end");
});

test("jsonl: a program that goes away between two questions is started again", async () => {
  const backend = execBackend({ env: { PATH } });
  await ask(backend, odd(), "turn");
  const pid = Number(house.events().at(-1)?.split(" ")[1]);
  process.kill(pid, "SIGKILL");
  // A question that goes out in the moment of its end fails; then it is known to have ended.
  const again = (): Promise<string | undefined> => ask(backend, odd(), "turn");
  const answer = await again().catch(
    (error: KeywrightError) => (assert.equal(error.code, "backend"), again()),
  );
  assert.match(answer ?? "", /turned/);
  assert.notEqual(Number(house.events().at(-1)?.split(" ")[1]), pid);
});

test("jsonl: the program in docs/backends/exec.md does what the page says", async () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "backends", "exec.md"), "utf8");
  const program = /```python\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const store = execStore({ command: house.script("example", program), protocol: "jsonl" }, "team/red");
  assert.equal(await ask(bare, store, "service/api_key"), "example");
  assert.equal(await ask(bare, store, "service/other"), undefined);
});

test("options: only an absolute program, known protocols, names of variables", async () => {
  const { checkStore } = await import("../../src/option-checks.ts");
  const refused = (options: SecretStore["options"], says: RegExp): void =>
    assert.throws(() => checkStore(execStore(options)), { code: "configuration", message: says });
  refused({}, /command must be the absolute path/);
  refused({ command: "provider" }, /command/);
  refused({ command: ["./provider"] }, /command/);
  refused({ command: [] }, /command/);
  refused({ command: ["/bin/a", 7] }, /command/);
  refused({ command: "/bin/a", protocol: "grpc" }, /protocol/);
  refused({ command: "/bin/a", pass_env: ["A=B"] }, /pass_env/);
  refused({ command: "/bin/a", timeout: 0 }, /timeout/);
  refused({ command: "/bin/a", missing_exit: 0 }, /missing_exit/);
  checkStore(execStore({ command: ["/bin/a", "-x"], protocol: "jsonl", pass_env: ["A_B"], timeout: 1 }));
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 500, "it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
