// Chromium, headless, for the tests that need a real browser: without a network of its own, with what its pages say to
// the console, and with a passkey when one is wanted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";

const PROGRAM = "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function newBrowser(t: TestContext): Promise<Browser> {
  const launched = chromium.launch({ executablePath: PROGRAM, args: ARGS });
  t.after(async () => (await launched).close());
  return launched;
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console, among them what the Content-Security-Policy stopped. */
  readonly errors: string[];
}

/** A profile of its own with one page. */
export async function newTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, context, errors };
}

/** The page can make and use passkeys from now on; whoever sits there has the finger on the reader. */
export async function addAuthenticator({ page, context }: Tab): Promise<void> {
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

const AXE = readFileSync(join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
  readonly incomplete: AxeResult["violations"];
}

/** Fails for whatever axe finds, by all of its rules; colors that it could not make out count, too. */
export async function isAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE);
  const { violations, incomplete } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations', 'incomplete'] })",
  )) as AxeResult;
  const found = [...violations, ...incomplete].map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
  assert.deepEqual(found, [], where);
}

/** Whether the page has to be moved sideways to be read. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth",
  );
}
