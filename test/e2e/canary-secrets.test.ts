// The canary of the second half: values, credentials of stores, store roots and paths are planted; every command is run at the
// highest log level, where it succeeds and where it fails, and everything that it wrote, said or started is searched for them.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { recordingServer, response, type Recorded, type Server } from "../io/servers.ts";
import { canary, found, foundBelow, watchArguments, type Canary } from "./canaries.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

const VALUE = canary("value", `/+~"'é <&>=`);
const TOKEN = canary("token of the store", "-", 22);
const ROOT = canary("root of the store", "-r-");
const PATH = canary("path of the ref", "-p-");
const TYPED = canary("text on standard input", "/+");
const ALL: readonly Canary[] = [VALUE, TOKEN, ROOT, PATH, TYPED];
const PLACE = `${ROOT.value}/${PATH.value}`;

interface Row {
  readonly name: string;
  /** The store, after `backend:`. HOME, PORT and the canaries' names are filled in. */
  readonly store: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Programs on the PATH, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly vault?: (request: Recorded) => string;
  readonly argv: readonly string[];
  readonly input?: string;
  readonly code?: number;
  /** What standard error, or for check and explain standard output, must say. */
  readonly says?: RegExp;
  /** The canaries that standard output may hold. */
  readonly out?: readonly Canary[];
  readonly role?: string;
}

const FILE = "file, root: ROOT, options: { folder: HOME/mounted }";
const VAULT =
  "vault, root: ROOT, options: { address: http://127.0.0.1:PORT, auth: { method: token, token_env: STORE_TOKEN } }";
const MOUNTED = { [`mounted/${PLACE}`]: VALUE.value };
const GET = ["get", "planted"];
const echo = (status: number) => (request: Recorded) => {
  const said = { errors: [`${request.lines.join(" ")} ${VALUE.value}`], value: VALUE.value };
  return response(status, JSON.stringify(said), "Content-Type: application/json");
};
const shell = (text: string): string => `#!/bin/sh\n${text}\n`;
const SAID = `printf '%s' "${VALUE.value.replace(/["$`\\]/g, "\\$&")}"`;
const exec = (protocol: string): string =>
  `exec, root: ROOT, options: { command: HOME/bin/provider, protocol: ${protocol}, timeout: 2 }`;

const ROWS: readonly Row[] = [
  { name: "a value", store: FILE, files: MOUNTED, argv: GET, code: 0, out: [VALUE] },
  {
    name: "no such file",
    store: FILE,
    files: { "mounted/other": "x" },
    argv: GET,
    code: 7,
    says: /no value for/,
  },
  {
    name: "a folder in its place",
    store: FILE,
    files: { [`mounted/${PLACE}/x`]: VALUE.value },
    argv: GET,
    code: 8,
    says: /folder/,
  },
  { name: "not UTF-8", store: FILE, files: MOUNTED, argv: GET, code: 8, says: /UTF-8|text/ },
  { name: "no folder", store: FILE, argv: ["check"], code: 8, says: /not ready/ },
  { name: "denied", store: FILE, files: MOUNTED, argv: GET, role: "nobody", code: 6, says: /does not allow/ },
  { name: "explained", store: FILE, files: MOUNTED, argv: ["explain", "planted"], code: 0 },
  { name: "the matrix", store: FILE, files: MOUNTED, argv: ["matrix", "--all"], code: 0 },
  {
    name: "gopass fails and prints everything",
    store: "gopass, root: ROOT",
    programs: {
      gopass: shell(
        `[ "$1" = --version ] && { echo "gopass 1.16.1 x"; exit; }\n${SAID}; ${SAID} >&2; echo "$@" >&2; exit 11`,
      ),
    },
    argv: GET,
    code: 8,
    says: /exit code 11/,
  },
  {
    name: "gopass takes too long after half of the value",
    store: "gopass, root: ROOT, options: { timeout: 0.3 }",
    programs: {
      gopass: shell(`[ "$1" = --version ] && { echo "gopass 1.16.1 x"; exit; }\n${SAID}; exec sleep 60`),
    },
    argv: GET,
    code: 4,
    says: /locked, or waiting/,
  },
  { name: "gopass is not there", store: "gopass, root: ROOT", argv: GET, code: 8, says: /gopass/ },
  {
    name: "pass fails and prints everything",
    store: "pass, root: ROOT",
    programs: { pass: shell(`${SAID}; ${SAID} >&2; echo "$@" >&2; exit 2`) },
    argv: GET,
    code: 8,
    says: /pass/,
  },
  {
    name: "a provider fails",
    store: exec("summon"),
    programs: { provider: shell(`${SAID} >&2; echo "$@" >&2; exit 1`) },
    argv: GET,
    code: 8,
    says: /provider|exit code/,
  },
  {
    name: "a provider's line is no answer",
    store: exec("jsonl"),
    programs: { provider: shell(`read x; ${SAID}; echo; echo "$x" >&2`) },
    argv: GET,
    code: 8,
    says: /./,
  },
  { name: "a vault that echoes: 403", store: VAULT, vault: echo(403), argv: GET, says: /./, code: 5 },
  { name: "a vault that echoes: 500", store: VAULT, vault: echo(500), argv: GET, says: /./, code: 8 },
  {
    name: "a vault that echoes: no JSON",
    store: VAULT,
    vault: () => response(200, `<${VALUE.value}>`),
    argv: GET,
    code: 8,
    says: /./,
  },
  {
    name: "a vault with two fields",
    store: VAULT,
    vault: () => response(200, JSON.stringify({ data: { data: { a: VALUE.value, b: VALUE.value } } })),
    argv: GET,
    code: 8,
    says: /./,
  },
  {
    name: "an age file for somebody else",
    store: "age, root: ROOT, options: { folder: HOME/mounted, identity_file: HOME/key.txt }",
    files: {
      [`mounted/${PLACE}.age`]: `age-encryption.org/v1\n${VALUE.value}`,
      "key.txt": `AGE-SECRET-KEY-1${TOKEN.value}\n`,
    },
    argv: GET,
    code: 5,
    says: /./,
  },
  {
    name: "run: the program is not there",
    store: FILE,
    files: MOUNTED,
    argv: ["run", "--secret", "planted", "--", "not-there"],
    code: 127,
    says: /was not found/,
  },
  {
    name: "run --redact",
    store: FILE,
    files: MOUNTED,
    argv: ["run", "--redact", "--secret", "planted=V", "--", "python3", "-c", PRINTING()],
    code: 0,
  },
  {
    name: "run --files",
    store: FILE,
    files: MOUNTED,
    argv: ["run", "--files", "--secret", "planted", "--", "true"],
    code: 0,
  },
  {
    name: "inject into nothing",
    store: FILE,
    files: { ...MOUNTED, "t.tpl": "{{ keywright:planted }}" },
    argv: ["inject", "-i", "t.tpl", "-o", "/proc/nothing/here"],
    code: 3,
    says: /cannot be written/,
  },
  {
    name: "inject: a bad template",
    store: FILE,
    files: { ...MOUNTED, "t.tpl": `${TYPED.value}\n{{ keywright:${TYPED.value} }}` },
    argv: ["inject", "-i", "t.tpl"],
    code: 3,
    says: /t\.tpl:2:/,
  },
  {
    name: "resolve: a line that is none",
    store: FILE,
    files: MOUNTED,
    argv: ["resolve", "--jsonl"],
    input: `${TYPED.value}\n{"id":1,"op":"${TYPED.value}"}\n`,
    code: 0,
  },
  {
    name: "resolve: data with a value in it",
    store: FILE,
    argv: ["resolve", "--jsonl"],
    input: `{"id":1,"op":"open","config":{"stores":{"a":{"backend":"vault","options":{"auth":{"method":"token","token":${JSON.stringify(TYPED.value)}}}}},"refs":{},"policies":{}}}\n`,
    code: 0,
  },
  { name: "a name that is none", store: FILE, argv: ["get", `x ${TYPED.value}`], code: 2, out: [] },
];

/** A program that writes the value in every form it can think of, in small pieces. */
function PRINTING(): string {
  return [
    "import os,sys,json,base64,time,urllib.parse",
    "v=os.environ['V'];b=v.encode()",
    "forms=[b,json.dumps(v).encode(),base64.b64encode(b),base64.b64encode(b'u:'+b),base64.b64encode(b'ab'+b+b'cd'),b.hex().encode(),urllib.parse.quote(v,safe='').encode(),base64.urlsafe_b64encode(b'x'+b)]",
    "for f in forms:",
    "  for out in (sys.stdout.buffer,sys.stderr.buffer):",
    "    for at in range(0,len(f),7): out.write(f[at:at+7]); out.flush()",
    "    out.write(b'\\n')",
  ].join("\n");
}

interface Stage {
  readonly env: Readonly<Record<string, string>>;
  readonly planted: readonly string[];
}

function stage(home: string, row: Row, port: number): Stage {
  const fill = (text: string): string =>
    text.replaceAll("HOME", home).replaceAll("ROOT", ROOT.value).replaceAll("PORT", String(port));
  const config = `identity: { role: ${row.role ?? "research"} }
stores: { store: { backend: ${fill(row.store)} } }
refs: { planted: { store: store, path: ${PATH.value}, policy: access } }
policies: { access: { allowed_principals: [research] } }
`;
  const files = { ...row.files, ".config/keywright/config.yaml": config };
  plant(home, files);
  if (row.name === "not UTF-8")
    writeFileSync(join(home, "mounted", PLACE), Buffer.from([0xff, 0xfe, ...Buffer.from(VALUE.value)]));
  for (const [name, text] of Object.entries(row.programs ?? {})) {
    plant(home, { [`bin/${name}`]: text });
    chmodSync(join(home, "bin", name), 0o755);
  }
  const programs = Object.keys(row.programs ?? {}).map((name) => `bin/${name}`);
  const env = {
    HOME: home,
    PATH: `${home}/bin:/usr/bin:/bin`,
    KEYWRIGHT_LOG: "debug",
    STORE_TOKEN: TOKEN.value,
    ...row.env,
  };
  return { env, planted: [...Object.keys(files), ...programs] };
}

async function vaultFor(t: TestContext, row: Row): Promise<Server | undefined> {
  if (row.vault === undefined) return undefined;
  const server = await recordingServer(row.vault);
  t.after(() => server.close());
  return server;
}

for (const form of FORMS) {
  for (const row of ROWS) {
    test(`${form.name}: ${row.name}: nothing shows a secret`, async (t) => {
      const home = temporary(t, "canary");
      const vault = await vaultFor(t, row);
      const { env, planted } = stage(home, row, vault?.port ?? 9);
      const watched = ALL.filter((one) => one !== TYPED);
      const watch = watchArguments(
        row.store.startsWith("exec") || /gopass|pass/.test(row.store) ? [VALUE, TOKEN] : watched,
      );
      const ran = await run(form.program("keywright"), row.argv, { env, cwd: home, input: row.input ?? "" });
      const started = watch.end(ran.pid);
      assert.equal(ran.code, row.code ?? 1, ran.stderr);
      assert.match(ran.stdout + ran.stderr, row.says ?? /(?:)/);
      const allowed = row.out ?? [];
      assert.deepEqual(found(ran.stderr, row.name === "a name that is none" ? watched : ALL), [], ran.stderr);
      assert.deepEqual(
        found(ran.stdout, ALL).filter((name) => !allowed.some((one) => one.name === name)),
        [],
        ran.stdout,
      );
      for (const one of allowed) assert.ok(ran.stdout.includes(one.value));
      assert.deepEqual(started, []);
      const left = foundBelow(home, ALL, (file) =>
        planted.includes(file) ||
        file.startsWith("mounted/") ||
        file === ".cache/keywright/config-snapshot.json"
          ? ALL
          : [],
      );
      assert.deepEqual(left, []);
      if (row.name === "run --redact")
        assert.ok((ran.stdout.match(/\[redacted\]/g)?.length ?? 0) >= 8, ran.stdout);
    });
  }
}
