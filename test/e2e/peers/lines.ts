// A program of another language that speaks in lines of JSON: what its person has to open comes out and is decided here.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { decideBrowser, decideDevice } from "./peer-place.ts";

export interface Spoken {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly redirect: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Line {
  readonly open?: string;
  readonly code?: unknown;
  readonly yes?: boolean;
}

/** Its last line, which asks for nothing. */
export async function spokenWith(
  command: string,
  args: readonly string[],
  { settings, redirect, env }: Spoken,
): Promise<unknown> {
  const child = spawn(command, args, { env });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const closed = once(child, "close") as Promise<[number | null]>;
  const say = (data: unknown): void => void child.stdin.write(`${JSON.stringify(data)}\n`);
  say({ ...settings, redirect });
  let last: unknown;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    last = line;
    if (line.open === undefined) continue;
    if (typeof line.code === "string") await decideDevice(line.open, line.code, line.yes);
    else say({ back: (await decideBrowser(new URL(line.open), redirect, line.yes)).href });
  }
  child.stdin.end();
  const [status] = await closed;
  assert.equal(status, 0, err);
  return last;
}
