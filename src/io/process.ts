// When a process began, which together with its number tells it from every other one. Linux only; it watches nothing.
import { readFileSync } from "node:fs";

/** What /proc answers for a process that is not there, or hidden. Any other error must not pass for "it is gone". */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR", "ESRCH", "EPERM", "EACCES"]);

/**
 * Clock ticks since the machine started, as the kernel writes them (proc_pid_stat(5), field 22). Returns undefined
 * when there is no such process (one that is dead but not yet reaped included), or no /proc.
 */
export function startTimeOf(pid: number | "self"): string | undefined {
  const stat = readStat(pid);
  // The name of the program, in parentheses, may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || /^[ZXx]$/.test(fields[0] ?? "") ? undefined : fields[19];
}

function readStat(pid: number | "self"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/** Epoch seconds at which this process began, at most `now`; undefined where the system does not say. */
export function beganAt(now: number): number | undefined {
  const ticks = startTimeOf("self");
  if (ticks === undefined) return undefined;
  const uptime = Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  return Math.min(now, now - uptime + Number(ticks) / 100); // Linux shows programs 100 ticks a second everywhere.
}

/** The command lines of the processes above us, nearest first, at most `most`; empty where there is no /proc. */
export function ancestorCommands(most: number): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  for (let pid: number = process.ppid; pid > 1 && found.length < most; pid = parentOf(pid)) {
    try {
      found.push(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1));
    } catch {
      break;
    }
  }
  return found;
}

function parentOf(pid: number): number {
  const stat = readStat(pid);
  return Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}
