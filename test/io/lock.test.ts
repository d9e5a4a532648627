import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { preferLock, withLock, type LockOptions } from "../../src/io/lock.ts";
import { parentProcess } from "../../src/io/parent.ts";
import { startTimeOf } from "../../src/io/process.ts";

const WORKER = fileURLToPath(new URL("lock-worker.ts", import.meta.url));
const soon = { clock: systemClock, timeoutMs: 30 };

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "keywright-lock-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** What the lock file says while we hold it: pid, start time, PID namespace, boot, nonce. */
function ourClaim(path: string): string[] {
  return withLock(path, soon, () => readlinkSync(path).split(" "));
}

function after(seconds: number): LockOptions {
  return { clock: { now: () => systemClock.now() + seconds }, timeoutMs: 10 };
}

const isTimedOut = (error: unknown): boolean => error instanceof KeywrightError && error.code === "timed_out";

test("withLock() returns what the work returns, gives the lock back also after a throw, and leaves nothing behind", (t) => {
  const path = join(folder(t), "lock");
  assert.equal(
    withLock(path, soon, () => (existsSync(path) ? "free" : readdirSync(join(path, "..")).join())),
    "lock",
  );
  assert.throws(
    () =>
      withLock(path, soon, () => {
        throw new RangeError("mine");
      }),
    RangeError,
  );
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("withLock() throws timed_out when a living process holds it; preferLock() works without it", async (t) => {
  const path = join(folder(t), "lock");
  await withLock(path, soon, async () => {
    assert.throws(() => withLock(path, soon, () => assert.fail("two are inside")), isTimedOut);
    symlinkSync(ourClaim(`${path}2`).join(" "), `${path}3`);
    assert.equal(await preferLock(`${path}3`, soon, async () => "without"), "without");
    assert.ok(readlinkSync(`${path}3`), "it is not ours to remove");
  });
});

test("withLock() breaks the lock of a process that is dead, or that is another one by now", (t) => {
  const path = join(folder(t), "lock");
  const [pid = "", start = "", ...place] = ourClaim(path);
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  for (const holder of [`${dead} 1`, `${pid} 1`]) {
    symlinkSync([holder, ...place].join(" "), path);
    assert.equal(
      withLock(path, soon, () => "in"),
      "in",
    );
  }
  symlinkSync([pid, start, ...place].join(" "), path);
  assert.throws(
    () => withLock(path, { ...soon, clock: { now: () => systemClock.now() + 1e6 } }, () => "in"),
    isTimedOut,
  );
  unlinkSync(path);
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("withLock() waits 30 seconds for a holder of another namespace, another boot, or unknown form", (t) => {
  const path = join(folder(t), "lock");
  const [pid, start, namespace, boot, nonce] = ourClaim(path);
  for (const holder of [
    `${pid} ${start} 1 ${boot} ${nonce}`,
    `${pid} ${start} ${namespace} other ${nonce}`,
    "what?",
  ]) {
    symlinkSync(holder, path);
    assert.throws(() => withLock(path, after(29), () => "in"), isTimedOut, holder);
    assert.equal(
      withLock(path, after(31), () => "in"),
      "in",
      holder,
    );
  }
  writeFileSync(path, ""); // Where there are no links, and the holder died before it wrote.
  assert.throws(() => withLock(path, after(29), () => "in"), isTimedOut);
  assert.equal(
    withLock(path, after(31), () => "in"),
    "in",
  );
});

test("withLock() gets past a guard whose holder died, and sweeps guards that were left", (t) => {
  const path = join(folder(t), "lock");
  const [pid, , namespace, boot] = ourClaim(path);
  const dead = (nonce: string): string => `${pid} 1 ${namespace} ${boot} ${nonce.repeat(16)}`;
  symlinkSync(dead("a"), path);
  symlinkSync(dead("b"), `${path}.break-${"a".repeat(16)}`);
  symlinkSync(dead("c"), `${path}.break-${"b".repeat(16)}`);
  symlinkSync(dead("d"), `${path}.break-${"e".repeat(16)}`);
  assert.equal(
    withLock(path, soon, () => "in"),
    "in",
  );
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("withLock() leaves the lock alone while the guard's holder lives", (t) => {
  const path = join(folder(t), "lock");
  const [pid, start, namespace, boot] = ourClaim(path);
  const place = `${namespace} ${boot}`;
  symlinkSync(`${pid} 1 ${place} ${"a".repeat(16)}`, path);
  symlinkSync(`${pid} ${start} ${place} ${"b".repeat(16)}`, `${path}.break-${"a".repeat(16)}`);
  assert.throws(() => withLock(path, soon, () => "in"), isTimedOut);
});

test("withLock() does not give back a lock that became another's", (t) => {
  const path = join(folder(t), "lock");
  withLock(path, soon, () => {
    unlinkSync(path);
    symlinkSync("another", path);
  });
  assert.equal(readlinkSync(path), "another");
});

test("withLock() throws what the system says when no lock can be made; preferLock() goes on", async (t) => {
  const path = join(folder(t), "absent", "lock");
  assert.throws(() => withLock(path, soon, () => "in"), { code: "ENOENT" });
  assert.equal(await preferLock(path, soon, async () => "without"), "without");
});

test("preferLock() lets one after the other in", async (t) => {
  const path = join(folder(t), "lock");
  let inside = 0;
  const options = { clock: systemClock, timeoutMs: 20_000 };
  const work = async (): Promise<number> => {
    assert.equal(++inside, 1);
    await new Promise(setImmediate);
    return --inside;
  };
  await Promise.all(Array.from({ length: 10 }, () => preferLock(path, options, work)));
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("a hundred processes, of which some are killed at any moment, are never inside together", async (t) => {
  const where = folder(t);
  writeFileSync(join(where, "inside"), "0");
  writeFileSync(join(where, "counter"), "0");
  let counted = 0;
  let killed = 0;
  const broken: string[] = [];
  const run = async (n: number): Promise<void> => {
    const child = spawn(process.execPath, [WORKER, where, "8"], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      // Every third is killed after some counts, most likely inside or just beside the lock.
      if (n % 3 === 0 && out.length > 8 * (1 + (n % 5))) child.kill("SIGKILL");
    });
    const signal = await new Promise((done) => child.on("close", (_code, by) => done(by)));
    if (signal === "SIGKILL") killed++;
    counted += out.split("\n").filter((line) => line === "counted").length;
    broken.push(...out.split("\n").filter((line) => line.startsWith("broken")));
  };
  await Promise.all(Array.from({ length: 100 }, (_, n) => run(n)));
  const count = Number(readFileSync(join(where, "counter"), "utf8"));
  assert.deepEqual(broken, []);
  assert.ok(killed > 20, `${killed} were killed`);
  assert.ok(
    count >= counted && count <= counted + killed,
    `${count} counts, ${counted} told of, ${killed} killed`,
  );
  withLock(join(where, "lock"), { clock: systemClock, timeoutMs: 1000 }, () => undefined);
  const left = readdirSync(where).filter((name) => name.startsWith("lock"));
  assert.ok(left.length <= 1, `left behind: ${left.join(" ")}`);
});

test(
  "parentProcess() names the process that started us, with the time when it began",
  { skip: process.platform !== "linux" },
  () => {
    const script = `import { parentProcess } from ${JSON.stringify(new URL("../../src/io/parent.ts", import.meta.url))}; console.log(JSON.stringify(parentProcess()));`;
    const told = spawnSync(process.execPath, ["--input-type=module", "-e", script]).stdout.toString();
    assert.deepEqual(JSON.parse(told), { pid: process.pid, startTime: startTimeOf("self") });
    assert.ok(parentProcess());
  },
);

test(
  "startTimeOf() knows no dead process and no zombie",
  { skip: process.platform !== "linux" },
  async () => {
    assert.equal(startTimeOf(spawnSync("true").pid), undefined);
    // The shell's child is ended once the shell has become a program that does not wait for it.
    const child = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 61"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(await new Promise((told) => child.stdout.once("data", told)));
    const become = (): boolean =>
      readFileSync(`/proc/${child.pid}/cmdline`, "latin1").startsWith("sleep\x0061");
    while (!become()) await new Promise(setImmediate);
    process.kill(pid, "SIGKILL");
    const state = (): string => readFileSync(`/proc/${pid}/stat`, "latin1").split(" ")[2] ?? "";
    while (state() !== "Z") await new Promise(setImmediate);
    assert.equal(startTimeOf(pid), undefined);
    child.kill("SIGKILL");
  },
);

test("a lock in a folder that is gone at the end is not an error", (t) => {
  const where = join(folder(t), "sub");
  mkdirSync(where);
  assert.equal(
    withLock(join(where, "lock"), soon, () => (rmSync(where, { recursive: true }), "done")),
    "done",
  );
});
