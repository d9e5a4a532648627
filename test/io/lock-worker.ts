// A process of lock.test.ts: counts in a file under the lock, and checks that nobody else is inside.
// Arguments: folder, how often. It writes a line for each count that it finished.
import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/io/clock.ts";
import { withLock } from "../../src/io/lock.ts";

const [folder = "", times = "0"] = process.argv.slice(2);
const inside = join(folder, "inside");
const counter = join(folder, "counter");

for (let n = 0; n < Number(times); n++) {
  withLock(join(folder, "lock"), { clock: systemClock, timeoutMs: 60_000 }, () => {
    const other = Number(readFileSync(inside, "utf8"));
    if (other !== 0 && isRunning(other)) writeSync(1, `broken: ${other} is inside\n`);
    writeFileSync(inside, String(process.pid));
    const count = Number(readFileSync(counter, "utf8"));
    const end = performance.now() + 0.3;
    while (performance.now() < end);
    writeFileSync(`${counter}.${process.pid}`, String(count + 1));
    renameSync(`${counter}.${process.pid}`, counter);
    if (readFileSync(inside, "utf8") !== String(process.pid)) writeSync(1, "broken: somebody came in\n");
    writeSync(1, "counted\n");
    writeFileSync(inside, "0");
  });
}

function isRunning(pid: number): boolean {
  try {
    return !/^[0-9]+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
