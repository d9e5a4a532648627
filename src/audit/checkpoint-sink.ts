// Where checkpoints go: a file, standard output, or an address that takes a POST. Each is worth as much as it is out of
// reach of whoever could change the chain. It signs nothing.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { KeywrightError } from "../errors.ts";
import type { Http } from "../io/http.ts";

export interface CheckpointSink {
  /** For messages. */
  readonly name: string;
  /** Resolves when the line, which has no newline, is kept there; throws when it is not. */
  write(line: string): Promise<void>;
}

export interface SinkWays {
  /** Writes to standard output. */
  out(text: string): void;
  http(): Promise<Http>;
}

/** `to`: as the configuration has checked it (src/config/checkpoints.ts). */
export function openCheckpointSink(to: string, { out, http }: SinkWays): CheckpointSink {
  if (to === "stdout") return { name: "stdout", write: async (line) => out(`${line}\n`) };
  if (to.startsWith("file:")) {
    const path = to.slice("file:".length);
    return { name: path, write: (line) => append(path, line) };
  }
  return { name: new URL(to).origin, write: async (line) => post(await http(), to, line) };
}

/** Opened each time, so that the file may be rotated away; never made smaller, so that it may be append-only. */
async function append(path: string, line: string): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0 } = constants;
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    await file.appendFile(`${line}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function post(http: Http, url: string, line: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const { status } = await http.request({ method: "POST", url, headers, body: `${line}\n` });
  if (status < 200 || status > 299) {
    throw new KeywrightError("backend", `${new URL(url).origin} answered ${status} to a checkpoint`);
  }
}
