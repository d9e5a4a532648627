// The pages in Chromium: how they look (screenshots in KEYWRIGHT_SCREENSHOTS, if that is set), and whether everybody can
// read them: by axe, on a phone and a desktop, in light and dark, narrow and enlarged.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { temporaryFolder } from "../broker/broker.ts";
import { isAccessible, isTooWide, newBrowser, newTab } from "./browser.ts";
import { rooms, SCREENS } from "./page-screens.ts";

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const SCHEMES = ["light", "dark"] as const;
/** The least that is promised, and 1280 pixels at 200 and 400 percent. */
const NARROW = [320, 640];

test("every page: seen by axe on a phone and a desktop in light and dark, and never too wide", async (t) => {
  const folder = process.env["KEYWRIGHT_SCREENSHOTS"] ?? temporaryFolder(t);
  const browser = await newBrowser(t);
  for (const [name, open] of Object.entries(SCREENS))
    await t.test(name, async (part) => {
      const all = await rooms(part);
      const { page, context } = await newTab(browser, { reducedMotion: "reduce", bypassCSP: true });
      const shot = (what: string): string => join(folder, `${name}-${what}.png`);
      await open(page, all);
      for (const [size, viewport] of Object.entries(SIZES))
        for (const colorScheme of SCHEMES) {
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: shot(`${size}-${colorScheme}`), fullPage: true });
          await isAccessible(page, `${name} ${size} ${colorScheme}`);
        }
      await isNamed(page);
      for (const width of NARROW) {
        await page.setViewportSize({ width, height: 600 });
        assert.equal(await isTooWide(page), false, `${name} at ${width}`);
        await page.screenshot({ path: shot(`at-${width}`), fullPage: true });
      }
      await page.emulateMedia({ forcedColors: "active" });
      await page.screenshot({ path: shot("forced-colors"), fullPage: true });
      await context.close();
    });
});

async function isNamed(page: Page): Promise<void> {
  assert.match(await page.title(), /^[A-Z].+ · keywright$/);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  const headings = await page.locator("h1").allTextContents();
  assert.equal(headings.length, 1);
  assert.notEqual(headings[0], "That did not work");
}
