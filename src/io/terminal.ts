// Whether a person sits at this process, and at which terminal. It reads and writes nothing there.
import { readlinkSync } from "node:fs";
import { isatty } from "node:tty";

export interface Terminal {
  /** The device's name; undefined: the system does not say. */
  readonly device: string | undefined;
}

/** The terminal of our standard input, output or error; undefined: none of them is one, so nobody is there to be asked. */
export function ownTerminal(): Terminal | undefined {
  const stream = [0, 2, 1].find((each) => isatty(each));
  return stream === undefined ? undefined : { device: deviceOf(stream) };
}

function deviceOf(stream: number): string | undefined {
  try {
    const device = readlinkSync(`/proc/self/fd/${stream}`);
    return device.startsWith("/dev/") ? device : undefined;
  } catch {
    return undefined;
  }
}
