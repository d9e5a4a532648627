// Process groups that are started here: ends one with all that is in it, and ends every one when this process ends while
// they run (Ctrl-C included). A group has no controlling terminal, so the terminal's signals do not reach it by themselves.

/** How each that runs is ended. */
const RUNNING = new Set<() => void>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Windows has none: a program is then ended by itself. */
export const HAS_GROUPS = process.platform !== "win32";

/** Call it before the group is started: a signal between the two would end us alone. What is returned ends the watch. */
export function guardGroup(end: () => void): () => void {
  if (RUNNING.size === 0) {
    // First of all: whoever listens once is still counted then.
    for (const signal of SIGNALS) process.prependListener(signal, endAll);
    process.on("exit", endAll);
  }
  RUNNING.add(end);
  return () => {
    if (RUNNING.delete(end) && RUNNING.size === 0) unguard();
  };
}

/** At once and without asking: whatever waits for a person would not hear it. */
export function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function endAll(signal: NodeJS.Signals | number): void {
  for (const end of RUNNING) end();
  RUNNING.clear();
  unguard();
  // Our listener kept the signal from ending this process; unless somebody else listens, it does so now.
  if (typeof signal === "string" && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function unguard(): void {
  for (const signal of SIGNALS) process.off(signal, endAll);
  process.off("exit", endAll);
}
