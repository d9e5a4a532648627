// Which browser is found where, and that none is found where nobody sits.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findBrowser, openBrowser } from "../../src/io/open-browser.ts";

const bin = mkdtempSync(join(tmpdir(), "keywright-browser-"));
after(() => rmSync(bin, { recursive: true, force: true }));
for (const name of ["xdg-open", "firefox", "mine"]) {
  writeFileSync(join(bin, name), "#!/bin/sh\nexit 0\n");
  chmodSync(join(bin, name), 0o755);
}
const PATH = bin;
const found = (env: Record<string, string>, platform: NodeJS.Platform = "linux") => {
  const browser = findBrowser({ PATH, ...env }, platform);
  return browser === undefined
    ? undefined
    : [browser.file.replace(`${bin}/`, ""), ...browser.argv, browser.here];
};

test("a browser is found where there is a display, and nowhere else", () => {
  const rows: readonly (readonly [Record<string, string>, readonly unknown[] | undefined])[] = [
    [{}, undefined],
    [{ DISPLAY: ":0" }, ["xdg-open", true]],
    [{ WAYLAND_DISPLAY: "wayland-0" }, ["xdg-open", true]],
    [{ DISPLAY: "" }, undefined],
    [{ DISPLAY: ":0", PATH: "/nowhere" }, undefined],
    [{ DISPLAY: "localhost:10.0", SSH_CONNECTION: "a" }, undefined],
    [{ DISPLAY: ":0", SSH_TTY: "/dev/pts/1" }, undefined],
    [{ DISPLAY: ":0", CI: "true" }, undefined],
    [{ BROWSER: "mine" }, ["mine", true]],
    [{ BROWSER: join(bin, "mine") }, ["mine", true]],
    [{ BROWSER: "gone:mine --new-window %s" }, ["mine", "--new-window", "%s", true]],
    [{ BROWSER: "mine", SSH_CLIENT: "a" }, ["mine", false]],
    [{ BROWSER: "./mine" }, undefined],
    [{ BROWSER: "gone", DISPLAY: ":0" }, ["xdg-open", true]],
    [{ BROWSER: "mine; touch x" }, undefined],
  ];
  for (const [env, expected] of rows) assert.deepEqual(found(env), expected, JSON.stringify(env));
});

test("a relative entry of the PATH names no browser", () => {
  assert.equal(found({ PATH: ".", DISPLAY: ":0" }), undefined);
});

test("what is no web page is not opened", () => {
  const browser = { file: join(bin, "gone"), argv: [], here: true };
  openBrowser(browser, "file:///etc/passwd", {});
  openBrowser(browser, "javascript:alert(1)", {});
  assert.throws(() => openBrowser(browser, "no address", {}));
  // A browser that cannot be started is nobody's failure.
  openBrowser(browser, "https://menda.example/", {});
});
