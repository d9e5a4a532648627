// docs/contract.md and the program say the same: exit codes, JSON shapes, variables. Golden: a change here is a change
// of the contract, and belongs into the changelog.
import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { hostMemory } from "../../src/account/host-memory.ts";
import { commandsOf, runKeywright } from "../../src/cli/keywright.ts";
import { failureText } from "../../src/cli/failure.ts";
import { noteFailure } from "../../src/cli/why-log.ts";
import { EXIT_CODES, KeywrightError, type ErrorCode } from "../../src/errors.ts";
import { VERSION } from "../../src/version.ts";
import { brokerPlace } from "../e2e/broker-place.ts";

const root = join(import.meta.dirname, "..", "..");
const contract = readFileSync(join(root, "docs", "contract.md"), "utf8");
const home = mkdtempSync(join(tmpdir(), "keywright-contract-"));
after(() => rmSync(home, { recursive: true, force: true }));
const CONFIG = join(home, ".config", "keywright", "config.yaml");
mkdirSync(join(home, ".config", "keywright"), { recursive: true, mode: 0o700 });
writeFileSync(CONFIG, "identity: { role: local_user }\n", { mode: 0o600 });

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(...argv: readonly string[]): Promise<Ran> {
  return runIn({}, ...argv);
}

async function runIn(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const status = await runKeywright(argv, {
    env,
    home,
    clock: { now: () => 1_800_000_000 },
    programFile: () => process.execPath,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { status, out, err };
}

/** Rows of the table below a heading, cells trimmed. */
function table(heading: string): readonly (readonly string[])[] {
  const section = contract.split(`\n## ${heading}`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const EXAMPLES = new Map(
  [...contract.matchAll(/^```json (.+)\n([^`]+)```/gm)].map(
    ([, name = "", text = ""]) => [name, JSON.parse(text) as unknown] as const,
  ),
);

/** The types of a value; of an array, those of its first element. */
function shape(value: unknown): unknown {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
}

/** An empty list has the type of the example's. */
function filled(value: unknown, example: unknown): unknown {
  if (Array.isArray(value)) {
    const [first] = example as readonly unknown[];
    return value.length === 0 ? example : value.map((inner) => filled(inner, first));
  }
  if (typeof value !== "object" || value === null) return value;
  const { ...fields } = example as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, fields[key])]));
}

const same = (name: string, text: string): void => {
  const example = EXAMPLES.get(name);
  assert.deepEqual(shape(filled(JSON.parse(text), example)), shape(example), name);
};

test("contract: the exit codes", () => {
  const written = table("Exit codes").flatMap(([code = "", , names = ""]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => [name, Number(code)] as const),
  );
  assert.deepEqual(Object.fromEntries(written), EXIT_CODES);
});

test("contract: every error code has its exit code, told apart from success", () => {
  const codes: Readonly<Record<ErrorCode, number>> = EXIT_CODES;
  for (const code of Object.values(codes)) assert.ok(code > 0 && code < 10);
});

test("contract: every command that has --json is there, with the shape of what it prints", async () => {
  const program = new Command();
  for (const add of commandsOf()) add(program, { ...({} as Parameters<typeof add>[1]) });
  const named = (command: Command, path: string): readonly string[] => [
    ...(command.options.some(({ long }) => long === "--json") ? [path] : []),
    ...command.commands.flatMap((one) => named(one, `${path} ${one.name()}`)),
  ];
  const commands = named(program, "keywright");
  assert.deepEqual([...EXAMPLES.keys()].filter((name) => name !== "error").sort(), [...commands].sort());
});

test("contract: the JSON of client", async () => {
  const [, created, listed, rotated, revoked] = [
    await run("client", "create", "index", "--resource", "packages", "--json", "--data", join(home, "other")),
    await run("client", "create", "ci", "--principal", "ci", "--json"),
    await run("client", "list", "--json"),
    await run("client", "rotate", "ci", "--json"),
    await run("client", "revoke", "ci", "--json"),
  ];
  for (const [name, { out, err, status }] of Object.entries({
    create: created,
    list: listed,
    rotate: rotated,
    revoke: revoked,
  })) {
    same(`keywright client ${name}`, out);
    assert.deepEqual([status, err], [0, ""]);
  }
});

test("contract: the JSON of user", async () => {
  const data = ["--data", join(home, "people"), "--json"];
  const url = ["--url", "https://keywright.example"];
  const invited = await run("user", "invite", "alice", "--principal", "ci", ...url, ...data);
  same("keywright user invite", invited.out);
  same("keywright user list", (await run("user", "list", ...data)).out);
  same("keywright user sessions", (await run("user", "sessions", ...data)).out);
  same("keywright user disable", (await run("user", "disable", "alice", ...data)).out);
  same("keywright user enable", (await run("user", "enable", "alice", ...data)).out);
  const ended = await run("user", "sessions", "--all", ...data);
  assert.deepEqual([ended.status, ended.out], [0, '{"ended":0}\n']);
});

test("contract: the JSON of config", async () => {
  const shown = JSON.parse((await run("config", "show", "--origin", "--json")).out) as {
    readonly values: { readonly identity: { readonly role: unknown } };
    readonly origins: Readonly<Record<string, unknown>>;
    readonly built_in: unknown;
  };
  const { values, origins, built_in } = shown;
  const few = {
    built_in,
    values: { identity: { role: values.identity.role } },
    origins: { "identity.role": origins["identity.role"], "audit.sink": origins["audit.sink"] },
  };
  assert.deepEqual(Object.keys(shown), ["values", "origins", "built_in"]);
  same("keywright config show", JSON.stringify(few));
  assert.deepEqual(JSON.parse((await run("config", "show", "--json")).out), values);
  same("keywright config check", (await run("config", "check", "--json")).out);
  same("keywright config digest", (await run("config", "digest", "--json")).out);
  same("keywright config path", (await run("config", "path", "--json")).out);
});

test("contract: the JSON of explain, and its exit codes", async () => {
  const host = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
  const { status, out } = await run("explain", "--json", `https://${host}/pypi/packages/simple/`);
  same("keywright explain", out);
  const codes = [status];
  for (const address of [`https://${host}.evil.example/`, "https://packages.example/simple/"])
    codes.push((await run("explain", address)).status);
  assert.deepEqual(codes, [0, 6, 7]);
});

test("contract: the JSON of aws whoami", async () => {
  const keys = {
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "canary",
    AWS_DEFAULT_REGION: "eu-west-1",
  };
  const { status, out, err } = await runIn(keys, "aws", "whoami", "--json");
  same("keywright aws whoami", out);
  assert.deepEqual([status, err], [0, ""]);
  const shown = await runIn(keys, "aws", "whoami");
  assert.match(
    shown.out,
    /^access_key_id +AKIAEXAMPLE\nsource +environment\nrole +-\nregion +eu-west-1\nexpires_at +-\n$/,
  );
  assert.equal((await runIn({ AWS_EC2_METADATA_DISABLED: "true" }, "aws", "whoami", "--json")).status, 5);
  assert.equal((await runIn(keys, "aws", "whoami", "--profile", "gone", "--json")).status, 3);
});

test("contract: the JSON of secrets", async () => {
  const file = join(home, "secrets.yaml");
  const text = `stores: { local: { backend: env } }
refs: { databento_api_key: { store: local, path: key, policy: access } }
policies: { access: { allowed_principals: [local_user] } }
`;
  writeFileSync(file, text, { mode: 0o600 });
  const env = { KEYWRIGHT_CONFIG: file, KEY: "value" };
  const rows = join(home, "rows.yaml");
  writeFileSync(rows, "tests: [ { secret: databento_api_key, as: local_user, expect: allow } ]\n");
  const template = join(home, "app.tpl");
  writeFileSync(template, "{{ keywright:databento_api_key }}");
  const inject = `inject -i ${template} -o ${join(home, "app.conf")}`;
  for (const words of ["get databento_api_key", inject, "check", "matrix", `policy test ${rows}`]) {
    const { out, err, status } = await runIn(env, ...words.split(" "), "--json");
    const name = words.startsWith("policy") ? "policy test" : (words.split(" ")[0] ?? "");
    assert.deepEqual([status, err], [0, ""], words);
    same(`keywright ${name}`, out);
  }
});

test("contract: the JSON of audit", async () => {
  const data = join(home, "audited");
  await run("client", "create", "ci", "--principal", "ci", "--data", data);
  const entry = JSON.parse((await run("audit", "show", "--json", "--data", data)).out) as object;
  const example = EXAMPLES.get("keywright audit show") as object;
  for (const [key, type] of Object.entries(shape(example) as object))
    assert.equal((shape(entry) as Record<string, unknown>)[key], type, key);
  same("keywright audit verify", (await run("audit", "verify", "--json", "--data", data)).out);
});

test("contract: the JSON of server and of the audit key", async (t) => {
  const place = await brokerPlace(t);
  const data = ["--data", join(place.folder, "data"), "--json"];
  const file = join(home, "broker.bak");
  same("keywright server reload", (await run("server", "reload", ...data)).out);
  same("keywright audit key", (await run("audit", "key", ...data)).out);
  same("keywright audit rotate-key", (await run("audit", "rotate-key", ...data)).out);
  same("keywright server rotate-pepper", (await run("server", "rotate-pepper", ...data)).out);
  same("keywright server backup", (await run("server", "backup", file, ...data)).out);
  await place.stop();
  same("keywright server restore", (await run("server", "restore", file, ...data)).out);
  const dropped = await run("server", "rotate-pepper", "--drop-old", "--force", ...data);
  assert.deepEqual(Object.keys(JSON.parse(dropped.out) as object), ["dropped", "shut_out"]);
});

test("contract: the JSON of host", async () => {
  hostMemory(home).keep("https://menda.example", { issuer: "x" }, 1_800_000_000);
  same("keywright host list", (await run("host", "list", "--json")).out);
});

test("contract: the JSON of install-links", async () => {
  same("keywright install-links", (await run("install-links", join(home, "bin"), "--json")).out);
});

test("contract: the JSON of setup, doctor, why, migrate and uninstall", async () => {
  const index = "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/main/";
  const pypirc = join(home, ".pypirc");
  writeFileSync(pypirc, `[codeartifact]\nrepository: ${index}\npassword: x\n`, { mode: 0o600 });
  noteFailure(home, {
    front: "keyring",
    service: index,
    now: 0,
    thrown: new KeywrightError("backend", "x", { hint: "y" }),
  });
  same("keywright setup", (await run("setup", "pip", "--dry-run", "--json")).out);
  const examined = await run("doctor", "uv", "--json");
  same("keywright doctor", examined.out);
  assert.equal(examined.status, EXIT_CODES.configuration);
  same("keywright why", (await run("why", index, "--json")).out);
  same("keywright migrate", (await run("migrate", "--dry-run", "--json")).out);
  same("keywright uninstall", (await run("uninstall", "--dry-run", "--json")).out);
  assert.equal((await run("setup", "pip", "--json")).status, EXIT_CODES.usage);
  rmSync(pypirc);
  assert.equal((await run("migrate", "--dry-run", "--json")).status, EXIT_CODES.not_found);
});

test("contract: a failure with --json is one JSON object on standard error, nothing on standard output", async () => {
  const rows: readonly (readonly [readonly string[], ErrorCode, "string" | "null"])[] = [
    [["client", "revoke", "nobody", "--json"], "not_found", "string"],
    [["client", "create", "--json"], "usage", "string"],
    [["client", "list", "--nonsense", "--json"], "usage", "string"],
    [["--log-level", "loud", "host", "list", "--json"], "usage", "string"],
    [["config", "check", join(home, "missing.yaml"), "--json"], "configuration", "string"],
    [["nothing", "--json"], "usage", "string"],
  ];
  for (const [argv, code] of rows) {
    const { status, out, err } = await run(...argv);
    assert.equal(out, "", argv.join(" "));
    assert.equal(status, EXIT_CODES[code], err);
    assert.equal(err.split("\n").length, 2, err);
    const { error } = JSON.parse(err) as { error: Record<string, unknown> };
    assert.deepEqual(Object.keys(error), ["code", "message", "hint"]);
    assert.equal(error["code"], code);
    assert.ok(error["hint"] === null || typeof error["hint"] === "string");
  }
  const bare = failureText(new KeywrightError("internal", "broken"), true);
  assert.equal(bare, '{"error":{"code":"internal","message":"broken","hint":null}}\n');
  same("error", (await run("client", "revoke", "nobody", "--json")).err);
});

test("contract: without --json a failure is for people", async () => {
  const { status, err } = await run("client", "revoke", "nobody", "--", "--json");
  assert.equal(status, EXIT_CODES.usage);
  assert.match(err, /^error: too many arguments/);
  assert.match((await run("client", "revoke", "nobody")).err, /^keywright: .+\n/);
});

test("contract: --version and --log-level", async () => {
  assert.deepEqual(await run("--version"), { status: 0, out: `${VERSION}\n`, err: "" });
  assert.equal(
    VERSION,
    (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version,
  );
  for (const argv of [
    ["--log-level", "debug", "config", "check"],
    ["config", "check", "--log-level", "debug"],
  ]) {
    const { status, err } = await run(...argv);
    assert.equal(status, 0);
    assert.match(err, /^debug: /m);
  }
  assert.equal((await run("--log-level", "warn", "config", "check")).err, "");
});

test("contract: the environment variables that are read are those of the table", () => {
  const source = globSync("src/**/*.ts", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"));
  const read = source.flatMap((text) =>
    [
      ...text.matchAll(
        /env\["(\w+)"\]|"((?:MENDA|KEYWRIGHT|HTTPS?|ALL|SSL|REQUESTS|NODE|AWS)_[A-Z0-9_]+)"|either\(env, "(\w+)"\)/g,
      ),
    ].map(([, ...names]) => (names.find((name) => name !== undefined) ?? "").toUpperCase()),
  );
  const written = table("Environment variables").flatMap(([names = ""]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
  assert.deepEqual([...new Set(read)].sort(), [...new Set(written)].sort());
});
