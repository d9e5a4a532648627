// What a process says to its sockets and hears from them, by its system calls: how a test learns secrets that never leave
// it otherwise, to look for them where they must not be.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporary } from "../programs.ts";
import type { Canary } from "../canaries.ts";
import { until } from "./place.ts";

const CALLS = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg";

/** The arguments of strace, for a program that is started by it; then come the program and its own. */
export function tracedInto(file: string): readonly string[] {
  return ["-f", "-qq", "-s", "65536", "-e", CALLS, "-o", file];
}

/** From now on; `end` says what was heard. */
export async function overheard(t: TestContext, pid: number): Promise<{ end(): Promise<string> }> {
  const file = join(temporary(t, "heard"), "calls");
  const child = spawn("strace", [...tracedInto(file), "-p", String(pid)], { stdio: "ignore" });
  t.after(() => void child.kill("SIGKILL"));
  await until(() => existsSync(file));
  return {
    async end() {
      const closed = once(child, "close");
      child.kill("SIGINT");
      await closed;
      return readFileSync(file, "latin1");
    },
  };
}

const KINDS: readonly (readonly [string, RegExp])[] = [
  ["refresh token", /\b(kwr_[\w-]{49})/g],
  ["device code", /\b(kwd_[\w-]{49})/g],
  ["authorization code", /\b(kwc_[\w-]{49})/g],
  ["invitation", /\b(kwi_[\w-]{49})/g],
  ["access or registry token", /\b(kw_[\w-]{49})/g],
  ["verifier", /\bcode_verifier(?:=|\\?"\s*:\s*\\?")([\w.~-]{43,128})/g],
  ["id_token", /\b(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{40,})/g],
  ["provider's tokens", /\\?"(?:refresh_token|access_token)\\?"\s*:\s*\\?"((?!kw)[\w.-]{20,})/g],
  ["cookie", /\bkeywright=([\w-]{40,})/g],
];

/** Every secret in what was heard, under the name of its kind. */
export function secretsIn(heard: string): readonly Canary[] {
  const found = KINDS.flatMap(([name, pattern]) =>
    [...heard.matchAll(pattern)].map(([, value = ""]) => ({ name, value })),
  );
  return [...new Map(found.map((one) => [one.value, one])).values()];
}
