import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { spawnCapture } from "../../src/io/spawn.ts";

const SH = "/bin/sh";
const env = { PATH: "/usr/bin:/bin" };

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-group-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Itself, a child and a grandchild, none of which ends; each writes its process's number into `pids`. */
function family(folder: string): string {
  const pids = `${folder}/pids`;
  const rest = `sh -c 'echo $$ >> ${pids}; sleep 300 & echo $! >> ${pids}; wait' & wait`;
  return `trap '' TERM INT HUP; echo $$ >> ${pids}; ${rest}`;
}

function pidsIn(folder: string): readonly number[] {
  const file = join(folder, "pids");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Looked at again and again: whether a watched folder changed is not told reliably everywhere. */
async function untilAllStarted(folder: string): Promise<readonly number[]> {
  while (pidsIn(folder).length < 3) await new Promise((later) => setTimeout(later, 5));
  return pidsIn(folder);
}

/** A signal is on its way for a moment; what it does not reach stays for minutes. */
async function untilAllEnded(pids: readonly number[]): Promise<void> {
  const until = performance.now() + 5000;
  while (pids.some(isRunning) && performance.now() < until) await new Promise(setImmediate);
  assert.deepEqual(pids.filter(isRunning), []);
}

test("past the limit the whole group ends: child and grandchild, also those that hear no signal", async (t) => {
  const folder = scratch(t);
  const started = untilAllStarted(folder);
  const running = spawnCapture(SH, ["-c", family(folder)], { env, limit: 1, together: true });
  const ended = assert.rejects(
    running,
    (error) => error instanceof KeywrightError && error.code === "timed_out",
  );
  const pids = await started;
  assert.deepEqual(pids.map(isRunning), [true, true, true]);
  await ended;
  await untilAllEnded(pids);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  for (const [name, program] of [
    ["Node", process.execPath],
    ["Bun", join(import.meta.dirname, "..", "..", "node_modules", ".bin", "bun")],
  ] as const) {
    test(`${signal} to us (${name}) ends the group too, and us by that signal`, async (t) => {
      const folder = scratch(t);
      const started = untilAllStarted(folder);
      const worker = join(import.meta.dirname, "group-worker.ts");
      const ours = spawn(program, [worker, family(folder)], { stdio: ["ignore", "inherit", "inherit"] });
      const pids = await started;
      ours.kill(signal);
      const [code, by] = (await once(ours, "exit")) as [number | null, string | null];
      assert.deepEqual([code, by], [null, signal]);
      await untilAllEnded(pids);
    });
  }
}

test("with somebody else who listens to the signal, this process goes on", async (t) => {
  const folder = scratch(t);
  const started = untilAllStarted(folder);
  const heard = once(process, "SIGHUP");
  const running = spawnCapture(SH, ["-c", family(folder)], { env, limit: 60, together: true });
  const pids = await started;
  process.kill(process.pid, "SIGHUP");
  await heard;
  assert.equal((await running).code, 137);
  await untilAllEnded(pids);
});

test("standard input is no pipe when there is nothing to read, and the folder is the one that was named", async () => {
  const { stdout } = await spawnCapture(SH, ["-c", "readlink /proc/self/fd/0; pwd"], {
    env,
    limit: 10,
    cwd: "/",
  });
  assert.equal(stdout.toString(), "/dev/null\n/\n");
});

test("a group has a session of its own, so no terminal can stop it; without the option it has ours", async () => {
  const sessionOf = async (together: boolean): Promise<string | undefined> => {
    const script = "cut -d' ' -f6 /proc/self/stat; echo $$";
    const { stdout } = await spawnCapture(SH, ["-c", script], { env, limit: 10, together });
    const [session, pid] = stdout.toString().trim().split("\n");
    return session === pid ? "its own" : "ours";
  };
  assert.equal(await sessionOf(true), "its own");
  assert.equal(await sessionOf(false), "ours");
});
