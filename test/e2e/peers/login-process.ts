// `keywright auth login` (or menda's) as a process of its own with a home of its own: what it asks a person to open, what
// it said, and how it ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";

export interface LoginProcess {
  /** The address that the person has to open, and the code to compare, if there is one. */
  readonly shown: Promise<{ readonly page: string; readonly code: string | undefined }>;
  /** When it has ended. Standard output and error. */
  readonly ended: Promise<{ readonly status: number | null; readonly out: string; readonly err: string }>;
}

/** `page`: what the address looks like. It ends with the test. */
export function loginProcess(
  t: TestContext,
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  page: RegExp,
): LoginProcess {
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let [out, err] = ["", ""];
  let show: (found: { page: string; code: string | undefined }) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const shown = new Promise<{ page: string; code: string | undefined }>((resolve, reject) => {
    [show, fail] = [resolve, reject];
  });
  // Who waits for the end alone need not catch this one.
  shown.catch(() => undefined);
  const look = (): void => {
    const found = page.exec(err)?.[0];
    if (found === undefined) return;
    const code = new URL(found).searchParams.get("user_code") ?? undefined;
    show({ page: found, code });
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    look();
  });
  const ended = once(child, "close").then(([status]) => {
    fail(new Error(`it ended with ${status} before it showed an address\n${err}`));
    return { status: status as number | null, out, err };
  });
  return { shown, ended };
}
