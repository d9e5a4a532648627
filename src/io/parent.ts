// Which process asked us: the parent, told apart from another one that got the same number later.
import { startTimeOf } from "./process.ts";

export interface Parent {
  readonly pid: number;
  readonly startTime: string;
}

/** Returns undefined where the system does not say when a process began, and when the parent is already gone. */
export function parentProcess(): Parent | undefined {
  const pid = process.ppid;
  const startTime = pid > 1 ? startTimeOf(pid) : undefined;
  return startTime === undefined ? undefined : { pid, startTime };
}
