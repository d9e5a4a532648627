// A home folder in which `keywright auth` runs in this process, with a person whose part a test plays. The clock is the test's;
// nothing waits.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { login, type LoginOptions } from "../../src/cli/auth-login.ts";
import type { Screen } from "../../src/cli/auth-screen.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { runKeywright } from "../../src/cli/keywright.ts";
import { asKeywrightError, type KeywrightError } from "../../src/errors.ts";
import { deviceCloud, json } from "../account/login/device-cloud.ts";
import { mendaHome, type MendaHome } from "../account/home.ts";

export const HERE = { file: "/usr/bin/browser", argv: [], here: true };

export interface Place {
  readonly home: MendaHome;
  readonly context: CliContext;
  readonly said: { out: string; err: string };
  readonly opened: string[];
  /** Logs in; what `wait` and `open` do is the person's part. */
  login(
    options: LoginOptions,
    person: Partial<Screen> & { readonly waits?: (code: string) => unknown },
  ): Promise<KeywrightError | undefined>;
  run(
    ...argv: readonly string[]
  ): Promise<{ readonly status: number; readonly out: string; readonly err: string }>;
}

export function placeFor(
  t: TestContext,
  clock: { time: number; now(): number },
  {
    mendacfg,
    env = {},
  }: { readonly mendacfg?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Place {
  const home = mendaHome(t, { mendacfg });
  const said = { out: "", err: "" };
  const opened: string[] = [];
  const context: CliContext = {
    env,
    home: home.path,
    clock,
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
  };
  const clear = (): void => void Object.assign(said, { out: "", err: "" });
  return {
    home,
    context,
    said,
    opened,
    async login(options, { waits, ...person }) {
      clear();
      const screen: Screen = {
        room: undefined,
        browser: undefined,
        attended: false,
        line: (text) => void (said.err += `${text}\n`),
        status: () => undefined,
        done: () => undefined,
        open: (page) => void opened.push(page),
        async wait(seconds) {
          clock.time += seconds;
          await waits?.(/there: (\S+)/.exec(said.err)?.[1] ?? "");
        },
        endable: () => () => undefined,
        ...person,
      };
      return login(options, context, screen).then(
        () => undefined,
        (thrown: unknown) => asKeywrightError(thrown),
      );
    },
    async run(...argv) {
      clear();
      const status = await runKeywright(argv, context);
      return { status, ...said };
    },
  };
}

/** A scripted menda cloud that found no fault when the test ends. */
export async function mendaFor(t: TestContext, script: Parameters<typeof deviceCloud>[0] = {}) {
  const whoami = json(200, { username: "änn", identity_type: "user" });
  const cloud = await deviceCloud({ whoami, ...script });
  t.after(() => {
    assert.deepEqual(cloud.faults, []);
    return cloud.close();
  });
  const clock = { time: 1_800_000_000, now: () => clock.time };
  return { cloud, clock };
}
