// Ends the pinentries that GnuPG waits for, once nobody waits for GnuPG any more: its agent started them, so they are in no
// group of ours, and the agent (2.2) lets them stay on the screen. Linux only.
import { readFileSync } from "node:fs";

/** `said`: what GnuPG wrote, with the lines of --status-fd. */
export function endPinentries(said: string): void {
  for (const [, pid = ""] of said.matchAll(/^\[GNUPG:\] PINENTRY_LAUNCHED (\d+) /gm)) {
    try {
      if (isOfAgent(pid)) process.kill(Number(pid), "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  }
}

/** The number may belong to another process by now. */
function isOfAgent(pid: string): boolean {
  const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return readFileSync(`/proc/${parent}/comm`, "latin1").trim() === "gpg-agent";
}
