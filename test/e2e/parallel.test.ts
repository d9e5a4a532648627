// Proof 7, and what leases promise: a hundred at once leave one whole chain and make one exchange; without a place to
// write the answer still comes.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { recordingServer, type Server } from "../io/servers.ts";
import { EXCHANGE, mendaCloud, TOKEN } from "./canary-hosts.ts";
import { REGISTRY } from "./canary-planted.ts";
import { FORMS, plant, run, temporary, type Form, type Ran } from "./programs.ts";

const INDEX = "127.0.0.1:8999";
const GET = ["get", `http://${INDEX}/simple/`, "token"];
/** Long limits: a hundred programs that start at once leave little to the server, which is in this process. */
const CONFIG = `stores: { menda: { backend: menda, options: { request_timeout: 60, timeout: 60 } } }
refs: { index: { store: menda, match: "${INDEX}", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;

async function cloudFor(t: TestContext): Promise<Server> {
  const cloud = await recordingServer(mendaCloud({}));
  t.after(() => cloud.close());
  return cloud;
}

function machine({ port }: Server): Record<string, string> {
  return { MENDA_HOST: `http://127.0.0.1:${port}`, MENDA_CLIENT_ID: "c", MENDA_CLIENT_SECRET: "s" };
}

/** How often a call was made, by its method and path. */
function calls({ seen }: Server, call: string): number {
  return seen.filter(({ lines }) => lines[0]?.startsWith(call)).length;
}

test("a hundred first questions at once: one exchange, one whole chain of 200 entries", async (t) => {
  const cloud = await cloudFor(t);
  const home = temporary(t, "hundred");
  plant(home, { ".config/keywright/config.yaml": CONFIG });
  const env = { HOME: home, ...machine(cloud) };
  const ask = (n: number): Promise<Ran> => run((FORMS[n % 2] as Form).program("keyring"), GET, { env });
  const all = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(n)));
  for (const { code, stdout, stderr } of all) {
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${REGISTRY.value}\n`, stderr: "" });
  }
  assert.deepEqual([calls(cloud, TOKEN), calls(cloud, EXCHANGE)], [1, 1]);

  for (const form of FORMS) {
    const { code, stdout } = await run(form.program("keywright"), ["audit", "verify", "--json"], { env });
    const { ok, count, first } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([code, ok, count, first], [0, true, 200, 1]);
  }
  const path = join(home, ".local/state/keywright/audit.jsonl");
  const entries = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  const decided = entries.filter(({ kind }) => kind === "decision").map(({ id }) => id);
  const issued = entries.filter(({ kind }) => kind === "issued").map(({ decision }) => decision);
  assert.equal(new Set(decided).size, 100);
  assert.deepEqual(issued.toSorted(), decided.toSorted());

  // A chain in which anything was changed is none.
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"outcome":"granted"', '"outcome":"denied"'));
  const { code } = await run((FORMS[0] as Form).program("keywright"), ["audit", "verify"], { env });
  assert.equal(code, 9);
});

/** A HOME in which nothing can be kept, and what runs a program there. */
const PLACES: readonly (readonly [
  name: string,
  home: (t: TestContext) => string | undefined,
  full: boolean,
  warns: boolean,
])[] = [
  ["that is not set", () => undefined, false, true],
  ["that is empty text", () => "", false, true],
  ["that is relative", () => ".", false, true],
  ["that does not exist", (t) => join(temporary(t, "absent"), "home"), false, false],
  ["below a file", (t) => belowFile(t), false, true],
  // Nobody, root included, makes anything in /sys.
  ["that is read-only", () => "/sys", false, true],
  ["that is full", (t) => temporary(t, "full"), true, true],
];

function belowFile(t: TestContext): string {
  const folder = temporary(t, "file");
  writeFileSync(join(folder, "file"), "");
  return join(folder, "file", "home");
}

for (const form of FORMS) {
  for (const [name, homeOf, full, warns] of PLACES) {
    test(`${form.name}: a HOME ${name} keeps no answer from coming`, async (t) => {
      const cloud = await cloudFor(t);
      const folder = temporary(t, "homeless");
      const cwd = join(folder, "here");
      mkdirSync(cwd, { mode: 0o700 });
      plant(folder, { "config.yaml": CONFIG });
      const home = homeOf(t);
      const env = {
        ...machine(cloud),
        KEYWRIGHT_CONFIG: join(folder, "config.yaml"),
        ...(home === undefined ? {} : { HOME: home }),
      };
      const program = form.program("keyring");
      // A limit of no bytes for every file is a full disk; pipes have none.
      const ran = full
        ? await run("/bin/sh", ["-c", `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`, program, ...GET], {
            env,
            cwd,
          })
        : await run(program, GET, { env, cwd });
      assert.equal(ran.stdout, `${REGISTRY.value}\n`, ran.stderr);
      assert.equal(ran.code, 0);
      const lines = ran.stderr.split("\n").filter((line) => line !== "");
      assert.equal(lines.length, warns ? 1 : 0, ran.stderr);
      if (warns) assert.match(ran.stderr, /going on without an audit/);
      const again = await run("/bin/ls", ["-A", cwd], { env });
      assert.equal(again.stdout, "", "it wrote into the working directory");
    });
  }
}
