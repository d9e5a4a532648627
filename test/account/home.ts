// A home folder for one test, with the menda files in it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

export interface MendaHome {
  readonly path: string;
  readonly mendacfg: string;
  readonly tokens: string;
}

/** undefined for a file: it is not there. Gone when the test ends. */
export function mendaHome(
  t: TestContext,
  files: { readonly mendacfg?: string | undefined; readonly tokens?: string | undefined } = {},
): MendaHome {
  const path = mkdtempSync(join(tmpdir(), "keywright-home-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const home = {
    path,
    mendacfg: join(path, ".menda/mendacfg"),
    tokens: join(path, ".menda/tokens/cache/.token"),
  };
  if (files.mendacfg !== undefined) put(home.mendacfg, files.mendacfg);
  if (files.tokens !== undefined) put(home.tokens, files.tokens);
  return home;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}
