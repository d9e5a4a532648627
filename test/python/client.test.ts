// The Python client: the cases of mxm-secrets' own API through the original and through ours, threads, forks, and what a
// program sees when its child ends.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test, type TestContext } from "node:test";
import { installTools, pythonFor, toolPath } from "../../scripts/tools.ts";

const here = import.meta.dirname;
const root = join(here, "..", "..");
const say = (text: string): void => void process.stderr.write(`${text}\n`);
installTools(["installers"], say);
const ours = toolPath("installers", "python");

interface Outcome {
  readonly value?: unknown;
  readonly raises?: readonly string[];
  readonly asked: boolean;
}

interface Place {
  readonly home: string;
  readonly env: Record<string, string>;
}

function placeFor(t: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), "keywright-python-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const [bin, fakes] = [join(home, "bin"), join(home, "fakes")];
  for (const folder of [bin, fakes]) mkdirSync(folder);
  symlinkSync(join(root, "bin", "keywright"), join(bin, "keywright"));
  copyFileSync(join(here, "fake-gopass.sh"), join(fakes, "gopass"));
  chmodSync(join(fakes, "gopass"), 0o755);
  const without = [bin, "/usr/bin", "/bin"].join(delimiter);
  return {
    home,
    env: {
      HOME: home,
      PATH: [fakes, without].join(delimiter),
      PATH_WITHOUT_GOPASS: without,
      ASKED: join(fakes, "asked"),
      PYTHONPATH: join(root, "python", "keywright-secrets", "src"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  };
}

function python(
  { home, env }: Place,
  words: readonly string[],
  more: Record<string, string> = {},
  interpreter = ours,
): string {
  const { status, stdout, stderr } = spawnSync(interpreter, words, {
    cwd: home,
    env: { ...env, ...more },
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

type Outcomes = Readonly<Record<string, Outcome>>;

function cases(t: TestContext, name: string, interpreter: string): Outcomes {
  const words = [join(here, "api_cases.py"), name];
  return JSON.parse(python(placeFor(t), words, {}, interpreter)) as Outcomes;
}

/** What mxm-secrets 0.3.2 answered; asked again wherever a Python can run it. */
const STORED = JSON.parse(readFileSync(join(here, "original-outcomes.json"), "utf8")) as Outcomes;

/** What is otherwise on purpose, and how: docs/differences-from-mxm.md. */
const DIFFERENT: Readonly<Record<string, { readonly original: Outcome; readonly ours: Outcome }>> = {
  "the default when gopass is not there": {
    original: { value: "fallback", asked: false },
    ours: { raises: ["RuntimeError"], asked: false },
  },
  // What does not fit together is found while the data is loaded, not by the first question.
  "an unknown policy": {
    original: { raises: ["KeyError"], asked: false },
    ours: { raises: ["TypeError", "ValueError"], asked: false },
  },
  "an unknown store": {
    original: { raises: ["KeyError"], asked: false },
    ours: { raises: ["TypeError", "ValueError"], asked: false },
  },
};

test("the cases of mxm-secrets' own API come out the same with the import changed", (t) => {
  const got = cases(t, "keywright_secrets", ours);
  assert.deepEqual(Object.keys(got), Object.keys(STORED));
  for (const [name, expected] of Object.entries(STORED)) {
    compare(name, expected, got[name] ?? assert.fail(name));
  }
});

test("the stored outcomes are those of mxm-secrets itself, where a Python can run it", (t) => {
  if (pythonFor("mxm") === undefined) return t.diagnostic("no Python 3.12 here: the stored outcomes stand");
  installTools(["mxm"], say);
  assert.deepEqual(cases(t, "mxm.secrets", toolPath("mxm", "python")), STORED);
});

function compare(name: string, expected: Outcome, got: Outcome): void {
  const known = DIFFERENT[name];
  if (known !== undefined) return assert.deepEqual({ original: expected, ours: got }, known, name);
  const said = (outcome: Outcome): object => ({ value: outcome.value, asked: outcome.asked });
  assert.deepEqual(said(got), said(expected), name);
  const shared = expected.raises?.some((kind) => got.raises?.includes(kind) === true);
  assert.notEqual(shared, false, `${name}: ${JSON.stringify([expected, got])}`);
}

const PROGRAM = `
import os, sys, threading, json
from keywright_secrets import *
DATA = {"stores": {"red": {"backend": "gopass", "root": "mxm/red", "options": {"timeout": 1}}},
        "refs": {"api_key": {"store": "red", "path": "marketdata/api_key", "policy": "p"},
                 "slow": {"store": "red", "path": "marketdata/slow", "policy": "p"}},
        "policies": {"p": {"allowed_principals": ["marketdata"]}}}
WHO = RuntimeIdentity(app="a", environment="dev", machine="m", substrate="s", role="marketdata")
api = SecretsApi.from_config_data(DATA)
`;

test("all threads share one child; after a fork, and after the child was killed, there is a new one", (t) => {
  const place = placeFor(t);
  const text = `${PROGRAM}
from keywright_secrets._child import shared
values = []
def ask():
    for _ in range(5): values.append(api.get_secret("api_key", identity=WHO))
threads = [threading.Thread(target=ask) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
first = shared.generation()
if os.fork() == 0:
    ok = api.get_secret("api_key", identity=WHO) == "s3cret" and shared.generation() != first
    os._exit(0 if ok else 1)
forked = os.waitstatus_to_exitcode(os.wait()[1])
os.kill(first[1], 9)
shared._process.wait()
again = api.get_secret("api_key", identity=WHO)
print(json.dumps([len(values), sorted(set(values)), forked, again, shared.generation() != first]))
`;
  assert.deepEqual(JSON.parse(python(place, ["-c", text])), [40, ["s3cret"], 0, "s3cret", true]);
});

test("a store that takes too long is a TimeoutError, never a default; what is missing may be required", (t) => {
  const text = `${PROGRAM}
def kind(work):
    try: return work()
    except KeywrightError as error: return [type(error).__name__, error.code, bool(error.hint)]
refs = {**DATA["refs"], "absent": {"store": "red", "path": "x", "policy": "p"}}
other = SecretsApi.from_config_data({**DATA, "refs": refs})
print(json.dumps([
    kind(lambda: api.get_secret("slow", identity=WHO, default="x")),
    kind(lambda: other.require_secret("absent", identity=WHO)),
    kind(lambda: api.get_secret("api_key")),
    kind(lambda: SecretsApi.from_config_data({"stores": {1, 2}})),
    kind(lambda: SecretsApi.from_config_data({"stores": float("nan")})),
    kind(lambda: SecretsApi.from_config_data(None)),
    kind(lambda: SecretsApi.from_config_data({**DATA, "stores": {"red": "x" * 5_000_000}})),
    issubclass(SecretTimeoutError, TimeoutError), api.check_ready(),
]))
`;
  assert.deepEqual(JSON.parse(python(placeFor(t), ["-c", text])), [
    ["SecretTimeoutError", "timed_out", true],
    ["SecretNotFoundError", "not_found", false],
    ["ConfigDataError", "invalid_ask", false],
    ...Array.from({ length: 4 }, () => ["ConfigDataError", "configuration", false]),
    true,
    true,
  ]);
});

test("a question never reaches what another configuration opened, when the child ends between two steps", (t) => {
  const text = `${PROGRAM}
from keywright_secrets._child import shared
nobody = {**DATA, "policies": {"p": {"allowed_principals": []}}}
denied = SecretsApi.from_config_data(nobody)
ask = shared.ask
def killed(question, *generation):
    shared.ask = ask
    shared._process.kill(); shared._process.wait()
    SecretsApi.from_config_data(nobody); api.get_secret("api_key", identity=WHO)
    return ask(question, *generation)
shared.ask = killed
try: print(denied.get_secret("api_key", identity=WHO))
except SecretDeniedError: print("denied")
shared.ask = killed
print(api.get_secret("api_key", identity=WHO))
`;
  assert.equal(python(placeFor(t), ["-c", text]), "denied\ns3cret\n");
});

test("a fork while another thread speaks to the child does not hang", (t) => {
  const text = `${PROGRAM}
from keywright_secrets._child import shared
shared._lock.acquire()
if os.fork() == 0:
    os._exit(0 if api.get_secret("api_key", identity=WHO) == "s3cret" else 1)
shared._lock.release()
print(os.waitstatus_to_exitcode(os.wait()[1]))
`;
  assert.equal(python(placeFor(t), ["-c", text]), "0\n");
});

test("without a keywright on the PATH the error says what to install", (t) => {
  const text = `
from keywright_secrets import *
try: SecretsApi.from_configuration().get_secret("x")
except BackendUnavailableError as error: print(error)
`;
  const shown = python(placeFor(t), ["-c", text], { PATH: ".:/nowhere" });
  assert.match(shown, /no keywright on the PATH \(Install it: pip install keywright\)/);
});

test("neither a question nor a value is in an argument of the child, and the audit has an entry for each question", (t) => {
  const place = placeFor(t);
  const text = `${PROGRAM}
from keywright_secrets._child import shared
api.get_secret("api_key", identity=WHO)
print(open(f"/proc/{shared.generation()[1]}/cmdline").read())
`;
  const shown = python(place, ["-c", text]);
  assert.ok(shown.includes("resolve\0--jsonl") && !/api_key|s3cret/.test(shown), shown);
  const audit = readFileSync(join(place.home, ".local", "state", "keywright", "audit.jsonl"), "utf8");
  assert.equal(audit.trim().split("\n").length, 2);
  assert.ok(!audit.includes("s3cret"));
});

test("the package is pure and its wheel holds only itself", (t) => {
  const place = placeFor(t);
  const wheels = join(place.home, "wheels");
  const source = join(root, "python", "keywright-secrets");
  python(place, ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, source], {
    PATH: process.env["PATH"] ?? "",
    PYTHONPATH: "",
  });
  writeFileSync(
    join(place.home, "list.py"),
    "import glob,sys,zipfile\nfor w in glob.glob(sys.argv[1]+'/*.whl'): print(w); print(*zipfile.ZipFile(w).namelist(), sep='\\n')",
  );
  const names = python(place, [join(place.home, "list.py"), wheels])
    .trim()
    .split("\n");
  assert.match(names[0] ?? "", /keywright_secrets-0\.1\.0-py3-none-any\.whl$/);
  const foreign = names
    .slice(1)
    .filter((name) => !/^keywright_secrets(\/\w+\.py|\/py\.typed|-0\.1\.0\.dist-info\/.*)$/.test(name));
  assert.deepEqual(foreign, []);
});
