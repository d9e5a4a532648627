// One person, one broker, one machine: a broker as a process, somebody with a passkey in a real Chromium, and the real
// `keywright auth login` that waits for a click there. It asserts nothing about secrets.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { addAuthenticator, newBrowser, newTab, type Tab } from "../browser.ts";
import { brokerProcess, type BrokerProcess } from "../broker-process.ts";
import { plant, temporary, type Form } from "../programs.ts";

/** The registry that the broker's own tokens are for; nothing listens there. */
export const ADDRESS = "http://127.0.0.1:8999/simple/";

export const BROKER = `principals: [engineer, ci, intern]
stores:
  own: { backend: issue, options: { ttl: 600, username: token } }
refs:
  index: { store: own, match: "127.0.0.1:8999", username: token, policy: demo }
policies:
  demo: { allowed_principals: [engineer, ci], actions: [read] }
menda: { default: index }
`;

/** What asks the broker for `ADDRESS`. */
const CLIENT = `identity: { role: local_user, environment: dev, app: shell }
stores: { menda: { backend: menda, options: { profile: default } } }
refs: { index: { store: menda, match: "127.0.0.1:8999", username: token, policy: registries } }
policies: { registries: { allowed_principals: [local_user], actions: [read] } }
`;

export interface Place {
  readonly broker: BrokerProcess;
  readonly tab: Tab;
  /** The person's HOME, with a configuration that knows `ADDRESS`. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** A browser of the machine as BROWSER names it: what it was to show. */
  shown(): Promise<string>;
  /** Starts one of our programs, and lets it wait. */
  start(program: "keywright" | "menda" | "keyring", ...argv: readonly string[]): Started;
}

export interface Started {
  readonly child: ChildProcess;
  said(): string;
  out(): string;
  /** The first text that fits, of what it says. */
  says(pattern: RegExp): Promise<string>;
  readonly code: Promise<number | null>;
}

export async function place(t: TestContext, form: Form, config = BROKER): Promise<Place> {
  const broker = await brokerProcess(t, form, { config });
  const home = temporary(t, "person");
  const page = join(home, "shown");
  const browser = join(home, "browser");
  plant(home, {
    ".config/keywright/config.yaml": CLIENT,
    browser: `#!/bin/sh\nprintf %s "$1" > '${page}.new' && mv '${page}.new' '${page}'\n`,
  });
  const { chmodSync } = await import("node:fs");
  chmodSync(browser, 0o700);
  const env = { PATH: "/usr/bin:/bin", HOME: home, LANG: "C.UTF-8" };
  const tab = await newTab(await newBrowser(t));
  return {
    broker,
    tab,
    home,
    env: { ...env, BROWSER: browser },
    async shown() {
      await until(() => existsSync(page));
      return readFileSync(page, "utf8");
    },
    start: (program, ...argv) => started(t, form.program(program), argv, { ...env, BROWSER: browser }),
  };
}

export function started(
  t: TestContext,
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Started {
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => void child.kill("SIGKILL"));
  let [out, said] = ["", ""];
  let over = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = new Promise<number | null>((resolve) =>
    child.once("close", (status) => {
      over = true;
      resolve(status);
    }),
  );
  return {
    child,
    said: () => said,
    out: () => out,
    async says(pattern) {
      await until(() => over || pattern.test(said));
      const found = pattern.exec(said);
      assert.ok(found !== null, `it never said ${pattern}: ${said}`);
      return found[1] ?? found[0];
    },
    code,
  };
}

/** Somebody whom the administrator let in: makes a passkey by the link that `user invite` prints. */
export async function invited({ broker, tab }: Place, name = "ada", principal = "engineer"): Promise<void> {
  const made = await broker.keywright(
    "user",
    "invite",
    name,
    "--principal",
    principal,
    "--data",
    broker.data,
    "--json",
  );
  await addAuthenticator(tab);
  const { link } = JSON.parse(made) as { readonly link: string };
  await tab.page.goto(link);
  await tab.page.getByRole("button").first().click();
  await tab.page
    .getByText(/passkey (is|was) (saved|made|registered|ready)|you (are|can) /i)
    .first()
    .waitFor();
}

/** Opens the page that the program shows, signs in if that is asked for first, and clicks; a yes may ask for the passkey. */
export async function decided({ tab }: Place, address: string, word: "Approve" | "Deny" = "Approve") {
  const { page } = tab;
  await page.goto(address);
  const signIn = page.getByRole("button", { name: "Use your passkey" });
  const button = page.getByRole("button", { name: new RegExp(`^${word}`) });
  await signIn.or(button).first().waitFor();
  if (await signIn.isVisible()) await signIn.click();
  await button.click();
  return page;
}

/** Looks every few milliseconds, for half a minute. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1500; turn += 1) {
    if (holds()) return;
    await pause(20);
  }
  assert.fail("it never came to that");
}
