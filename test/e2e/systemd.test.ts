// deploy/keywright.service leaves the executable what it needs: every system call that a broker makes, from its start to
// its stop, is one that the unit's filter lets through. strace sees the calls; systemd says what its groups are.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const executable = join(root, "build", "keywright");

/** systemd's groups of system calls, flat. */
function groups(): (name: string) => ReadonlySet<string> {
  const text = execFileSync("systemd-analyze", ["syscall-filter", "--no-pager"], {
    encoding: "utf8",
    stdio: "pipe",
  });
  const members = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("@")) members.set(line.trim(), (current = []));
    else if (/^ +[@a-z]/.test(line)) current.push(line.trim());
  }
  const flat = (name: string): readonly string[] =>
    (members.get(name) ?? assert.fail(`systemd knows no ${name}`)).flatMap((one) =>
      one.startsWith("@") ? flat(one) : [one],
    );
  return (name) => new Set(flat(name));
}

function allowed(): (call: string) => boolean {
  const unit = readFileSync(join(root, "deploy", "keywright.service"), "utf8");
  const filters = [...unit.matchAll(/^SystemCallFilter=(~?)(.+)$/gm)];
  const of = groups();
  const named = (wanted: string): Set<string> =>
    new Set(
      filters
        .filter(([, not]) => not === wanted)
        .flatMap(([, , names = ""]) => names.split(" ").flatMap((name) => [...of(name)])),
    );
  const [always, letIn, keptOut] = [of("@default"), named(""), named("~")];
  return (call) => (always.has(call) || letIn.has(call)) && !keptOut.has(call);
}

test("the executable makes no system call that the systemd unit forbids", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "keywright-systemd-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const traced = join(folder, "calls");
  const data = join(folder, "data");
  const keywright = (...args: readonly string[]): string =>
    execFileSync(executable, [...args, "--data", data, "--json"], { env, encoding: "utf8" });
  const made = JSON.parse(keywright("client", "create", "app", "--principal", "ci")) as {
    client_secret: string;
  };
  const server = ["server", "--data", data, "--listen", "127.0.0.1:0"];
  const child = spawn("strace", ["-f", "-qq", "-o", traced, executable, ...server], { env });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = (/http:\/\/localhost:\d+/.exec(line)?.[0] ?? assert.fail(line)).replace(
    "localhost",
    "127.0.0.1",
  );
  const Authorization = `Basic ${Buffer.from(`app:${made.client_secret}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  const token = await fetch(`${url}/oauth2/token`, { method: "POST", headers: { Authorization }, body });
  assert.equal(token.status, 200);
  assert.equal((await fetch(`${url}/metrics`)).status, 200);
  keywright("server", "reload");
  const ended = once(child, "close");
  const [pid = ""] = /^\d+/.exec(readFileSync(traced, "utf8")) ?? [];
  process.kill(Number(pid), "SIGTERM");
  await ended;
  const calls = readFileSync(traced, "utf8").matchAll(/^\d+ +([a-z0-9_]+)\(/gm);
  const used = new Set([...calls].map(([, call = ""]) => call));
  assert.ok(used.size > 30, `only ${used.size} calls were seen`);
  const mayPass = allowed();
  const asRootOnly = process.getuid?.() === 0 ? ["fchown"] : []; // SQLite gives its files to the database's owner.
  assert.deepEqual(
    [...used].filter((call) => !mayPass(call) && !asRootOnly.includes(call)),
    [],
  );
});
