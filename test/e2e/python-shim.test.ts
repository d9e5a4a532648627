// The Python package keywright-keyring in front of a backend that stores passwords in a file: what it leaves to that one,
// and what nobody stores. Its own tests (python/keywright-keyring/tests, keyring's suite for backends among them) run here too.
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { installTools } from "../../scripts/tools.ts";
import { plant, ROOT, run, temporary, type Ran } from "./programs.ts";
import { buildWheels, withShim } from "./python-wheels.ts";

const OURS = "https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/simple/";
const TESTS = join(ROOT, "python", "keywright-keyring", "tests");
const PASSWORD = "hunter2";
const CONFIG = ".config/keywright/config.yaml";
const AUDIT = ".local/state/keywright/audit.jsonl";

let dist = "";
before(() => {
  installTools(["menda", "shim-tools"], console.log);
  dist = buildWheels();
});

for (const file of globSync("test_*.py", { cwd: TESTS }).sort()) {
  test(`the package's own ${file}`, async (t) => {
    const folder = temporary(t, "pytest");
    const bin = withShim(join(folder, "venv"), ["shim-tools"], dist);
    const options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", join(folder, "tests")];
    const env = { HOME: folder, PYTHONDONTWRITEBYTECODE: "1" };
    const { code, stdout, stderr } = await run(bin("python"), [...options, join(TESTS, file)], {
      env,
      cwd: folder,
    });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /\b\d{2,} passed in/);
    assert.doesNotMatch(stdout, /skipped|xfailed/);
  });
}

interface Row {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly service?: string;
  /** What a `get` ends with, by the name of the class and the first words. */
  readonly says: RegExp;
  /** The value is refused loudly; otherwise it goes nowhere, in silence. */
  readonly refusesToStore?: true;
  prepare?(home: string): void;
}

const DENYING = `refs: { own: { store: menda, match: "*.d.codeartifact.*.amazonaws.com", policy: nobody } }
stores: { menda: { backend: menda } }
policies: { nobody: { allowed_principals: [somebody_else] } }
`;
const profile = (text: string): Readonly<Record<string, string>> => ({
  ".menda/mendacfg": `[default]\n${text}`,
});
const MACHINE = { MENDA_HOST: "http://127.0.0.1:9", MENDA_CLIENT_ID: "c", MENDA_CLIENT_SECRET: "s" };

const ROWS: readonly Row[] = [
  { name: "a denied question", files: { [CONFIG]: DENYING }, says: /MendaKeyRingError: .*denied|not allow/ },
  {
    name: "a look-alike",
    service: OURS.replace(".com/", ".com.evil.example/"),
    says: /MendaKeyRingError: .*looks like/,
    refusesToStore: true,
  },
  {
    name: "a configuration that others can write",
    files: { [CONFIG]: "" },
    prepare: (home) => chmodSync(join(home, CONFIG), 0o666),
    says: /MendaKeyRingError: .*can be written by other users/,
    refusesToStore: true,
  },
  {
    name: "a configuration that belongs to somebody else",
    files: { [CONFIG]: "" },
    prepare: (home) => givenAway(join(home, CONFIG)),
    says: /MendaKeyRingError: .*(belongs to another user|can be written)/,
    refusesToStore: true,
  },
  {
    name: "a configuration that makes no sense",
    files: { [CONFIG]: "nonsense: true\n" },
    says: /MendaKeyRingError: .*nonsense/,
    refusesToStore: true,
  },
  {
    name: "an audit that is configured and cannot be written",
    files: { [CONFIG]: "audit: { sink: file, path: /proc/nothing/audit.jsonl }\n" },
    says: /MendaKeyRingError: .*audit/,
  },
  { name: "no account", says: /MendaKeyRingError: Menda config file not found/ },
  {
    name: "no login",
    files: profile("host = https://menda.example\n"),
    says: /NoCachedLoginError: No valid cached/,
  },
  {
    name: "no such profile",
    files: { ".menda/mendacfg": "[other]\n" },
    says: /ProfileNotFoundError: No profile 'default'/,
  },
  {
    name: "no host",
    files: profile("auth_type = m2m\n"),
    says: /ProfileWithoutHostError: Profile 'default' has no host/,
  },
  {
    name: "no secret",
    files: profile("host = https://menda.example\nauth_type = m2m\n"),
    says: /M2MProfileWithoutClientCredentialsError: Profile 'default'/,
  },
  {
    name: "a token file that makes no sense",
    files: {
      ...profile("host = https://menda.example\n"),
      ".menda/tokens/cache/.token": "[default]\naccess_token = t\ncached_at = x\nexpires_in = y\n",
    },
    says: /InvalidCachedTokenError: /,
  },
  { name: "nobody at the other end", env: MACHINE, says: /MendaKeyRingError: .*127\.0\.0\.1:9/ },
];

test("what the chain stores, it stores: a foreign address", async (t) => {
  const { keyring, home } = await chained(t);
  const service = "https://foreign.example/simple/";
  assert.equal((await keyring("set", service, "me")).code, 0);
  assert.equal(keptAnywhere(home), true);
  assert.equal((await keyring("get", service, "me")).stdout, `${PASSWORD}\n`);
  assert.equal((await keyring("del", service, "me")).code, 0);
  assert.equal((await keyring("get", service, "me")).code, 1);
});

test("what is keywright's, nobody stores and nobody else answers", async (t) => {
  const place = await chained(t);
  await Promise.all(
    ROWS.map(async (row) => {
      const { keyring, home } = place.another(row);
      const service = row.service ?? OURS;
      const set = await keyring("set", service, "aws");
      assert.equal(set.code, row.refusesToStore === true ? 1 : 0, `${row.name}: ${set.stderr}`);
      if (row.refusesToStore === true) assert.match(set.stderr, /NotStoredError: /, row.name);
      assert.equal(keptAnywhere(home), false, row.name);
      const { code, stdout, stderr } = await keyring("--mode", "creds", "get", service);
      assert.deepEqual([code, stdout], [1, ""], row.name);
      assert.match(stderr, row.says, row.name);
    }),
  );
});

test("menda-keyring in the same environment is asked instead of us, for CodeArtifact's addresses", async (t) => {
  const folder = temporary(t, "both");
  const bin = withShim(join(folder, "venv"), ["menda"], dist);
  const env = { HOME: folder };
  const listed = await run(bin("python"), ["-m", "keyring", "--list-backends"], { env });
  assert.match(listed.stdout, /MendaCodeArtifactKeyring \(priority: 10\)/);
  assert.match(listed.stdout, /KeywrightKeyring \(priority: 9\.95\)/);
  const { code, stderr } = await run(bin("python"), ["-m", "keyring", "get", OURS, "aws"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /menda\.error\.exceptions\.MendaKeyRingError: Menda config file not found/);
  assert.equal(existsSync(join(folder, AUDIT)), false, "ours was asked");
});

/** Only root can give a file away; to anybody else, a file that others can write is refused in the same place. */
function givenAway(file: string): void {
  if (process.getuid?.() === 0) chownSync(file, 54_321, 54_321);
  else chmodSync(file, 0o666);
}

interface Chained {
  readonly home: string;
  keyring(...argv: readonly string[]): Promise<Ran>;
  another(row: Row): Omit<Chained, "another">;
}

/** The real keyring program with our backend and one that keeps passwords in a file of the home folder. */
async function chained(t: TestContext): Promise<Chained> {
  const folder = temporary(t, "chained");
  const bin = withShim(join(folder, "venv"), ["shim-tools"], dist);
  let homes = 0;
  const at = ({ files = {}, env = {}, prepare }: Partial<Row>): Omit<Chained, "another"> => {
    const home = join(folder, `home-${(homes += 1)}`);
    plant(home, { ".bashrc": "", ...files });
    prepare?.(home);
    const options = { env: { HOME: home, ...env }, cwd: folder, input: `${PASSWORD}\n` };
    return { home, keyring: (...argv) => run(bin("python"), ["-m", "keyring", ...argv], options) };
  };
  const first = at({});
  const { stdout } = await first.keyring("--list-backends");
  assert.match(stdout, /PlaintextKeyring \(priority: 0\.5\)/);
  return { ...first, another: at };
}

/** PlaintextKeyring writes base64. */
function keptAnywhere(home: string): boolean {
  const files = globSync(["**", "**/.*", "**/.*/**"], { cwd: home, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  const forms = [PASSWORD, Buffer.from(PASSWORD).toString("base64")];
  return files.some(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), "latin1");
    return forms.some((form) => text.includes(form));
  });
}
