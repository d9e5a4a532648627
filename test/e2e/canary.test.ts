// Proof 5, the client's half: secrets are planted, every failing path is run at the highest log level in both forms, and
// everything that it wrote, said or started is searched for them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { openKeywright } from "../../src/keywright.ts";
import { createAuthority } from "../io/certificates.ts";
import { recordingServer, response, type Server } from "../io/servers.ts";
import { found, foundBelow, watchArguments } from "./canaries.ts";
import { ROWS } from "./canary-cases.ts";
import { mendaCloud } from "./canary-hosts.ts";
import { ADDRESS, CANARIES, REGISTRY, SECRET, type Place, type Row } from "./canary-planted.ts";
import { FORMS, plant, run, temporary } from "./programs.ts";

let proxy: Server;
let untrusted: Server;
const folder = mkdtempSync(join(tmpdir(), "keywright-canary-"));

before(async () => {
  const authority = createAuthority(folder, "nobody");
  untrusted = await recordingServer(() => response(200), authority.issue("IP:127.0.0.1"));
  proxy = await recordingServer((request) =>
    response(407, request.lines.join(" "), `X-Echo: ${request.lines.join(" ")}`),
  );
});
after(async () => {
  await untrusted.close();
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONFIG = `stores:
  menda: { backend: menda, options: { request_timeout: 0.5 } }
refs:
  local: { store: menda, match: "127.0.0.1:8999", username: token, policy: registries }
policies:
  registries: { allowed_principals: [local_user] }
`;

function usualFiles({ host }: Place): Record<string, string> {
  const secret = SECRET.value.replaceAll("%", "%%");
  return {
    ".menda/mendacfg": `[default]\nhost = ${host}\nauth_type = m2m\nclient_id = canary-client\nclient_secret = ${secret}\n`,
    ".config/keywright/config.yaml": CONFIG,
  };
}

interface Stage {
  readonly place: Place;
  readonly planted: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A HOME with the row's files, and its environment. */
function stage(home: string, cloud: Server, row: Row): Stage {
  const place = {
    host: `http://127.0.0.1:${cloud.port}`,
    proxy: `127.0.0.1:${proxy.port}`,
    untrusted: `https://127.0.0.1:${untrusted.port}`,
  };
  const files = { ...usualFiles(place), ...row.files?.(place) };
  plant(home, files);
  return {
    place,
    planted: Object.keys(files),
    env: { HOME: home, KEYWRIGHT_LOG: "debug", ...row.env?.(place) },
  };
}

/** By design a lease holds the registry token, and the validated copy of the configuration what that says. */
function left(home: string, planted: readonly string[]): string[] {
  return foundBelow(home, CANARIES, (file) => {
    if (planted.includes(file) || file === ".cache/keywright/config-snapshot.json") return CANARIES;
    return /^\.cache\/keywright\/leases\/[0-9a-f]{64}\.json$/.test(file) ? [REGISTRY] : [];
  });
}

for (const form of FORMS) {
  for (const row of ROWS) {
    test(`${form.name}: ${row.name}: nothing shows a secret`, async (t) => {
      const home = temporary(t, "canary");
      const cloud = await recordingServer(row.cloud ?? mendaCloud({}));
      t.after(() => cloud.close());
      const { planted, env } = stage(home, cloud, row);
      const watch = watchArguments(CANARIES);
      const { program = "keyring", argv = ["get", ADDRESS, "token"], input = "" } = row;
      const ran = await run(form.program(program), argv, { env, cwd: home, input });
      const started = watch.end(ran.pid);
      assert.match(ran.stderr, row.says);
      assert.equal(ran.code, row.code ?? 1, ran.stderr);
      assert.equal(ran.stdout, "");
      assert.deepEqual(found(ran.stderr, CANARIES), [], ran.stderr);
      assert.deepEqual(started, []);
      assert.deepEqual(left(home, planted), []);
    });
  }
}

// What a library throws is printed by whoever catches it: on Node, by name, with its causes, and as JSON.
for (const row of ROWS.filter(({ argv }) => argv === undefined)) {
  test(`thrown: ${row.name}: nothing shows a secret`, async (t) => {
    const home = temporary(t, "canary");
    const cloud = await recordingServer(row.cloud ?? mendaCloud({}));
    t.after(() => cloud.close());
    const { env } = stage(home, cloud, row);
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const thrown = await openKeywright({ env, home, warn: say, log: { info: say, debug: say } })
      .then((open) => open.resolve({ kind: "registry", url: ADDRESS, action: "read" }))
      // A token that the keyring protocol cannot carry is none of the library's business.
      .then(
        (secret) => (row.name === "a token with a line end" ? secret : assert.fail("answered")),
        (error: unknown) => error,
      );
    const printed = `${String(thrown)} ${inspect(thrown, { depth: 20, showHidden: true })} ${everyField(thrown)}`;
    assert.deepEqual(found(printed + said.join(" "), CANARIES), [], printed);
  });
}

/** All own properties, enumerable or not, of an error and of its causes. */
function everyField(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const fields = Object.getOwnPropertyNames(thrown).map(
    (name) => [name, (thrown as Record<string, unknown>)[name]] as const,
  );
  return fields
    .map(([name, value]) => `${name} ${name === "cause" ? everyField(value) : JSON.stringify(value)}`)
    .join(" ");
}

test("the search itself finds what is there", async (t) => {
  const folder = temporary(t, "control");
  for (const { name, value } of CANARIES) {
    const bytes = Buffer.from(value);
    const shown = [
      value,
      value.toLowerCase(),
      `first half: ${value.slice(0, 20)}`,
      encodeURIComponent(value),
      JSON.stringify({ value }),
      bytes.toString("hex"),
      ...["", "a", "ab", "abc"].flatMap((id) =>
        (["base64", "base64url"] as const).map((form) => Buffer.from(`${id}:${value}`).toString(form)),
      ),
    ];
    for (const text of shown) assert.ok(found(`x${text}x`, CANARIES).includes(name), `${name}: ${text}`);
  }
  const [first = SECRET] = CANARIES;
  plant(folder, { ".a/.b/c": `${"x".repeat(100_000)}${first.value}` });
  assert.deepEqual(foundBelow(folder, CANARIES), [`.a/.b/c: ${first.name}`]);
  const watch = watchArguments(CANARIES);
  const child = spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)", first.value]);
  await new Promise((done) => child.once("spawn", done));
  assert.equal(watch.end(0).length, 1);
  child.kill();
});
