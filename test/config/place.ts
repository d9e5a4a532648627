// A temporary home with its configuration files, for the tests of this room.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { loadConfig, type LoadedConfig } from "../../src/config/load.ts";
import { KeywrightError } from "../../src/errors.ts";
import { matchFault } from "../../src/resolver/match.ts";

export const BACKENDS = ["menda", "codeartifact", "gopass", "issue"];

export interface Place {
  readonly home: string;
  readonly etc: string;
  readonly user: string;
  readonly named: string;
  /** Writes a layer's file, with the folders above it. */
  write(file: string, text: string): void;
  load(text?: Texts, kind?: "client" | "broker", more?: Env): LoadedConfig;
  /** Loads, and returns the error that this must give. */
  fault(text: Texts, kind?: "client" | "broker"): KeywrightError;
}

export type Env = Readonly<Record<string, string>>;

export interface Texts {
  readonly etc?: string;
  readonly user?: string;
  readonly named?: string;
}

export function placeFor(t: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), "keywright-config-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const home = join(root, "home");
  const etc = join(root, "etc", "config.yaml");
  const user = join(home, ".config", "keywright", "config.yaml");
  const named = join(root, "named", "config.yaml");
  const load = (texts: Texts = {}, kind: "client" | "broker" = "client", more: Env = {}): LoadedConfig => {
    if (texts.etc !== undefined) write(etc, texts.etc);
    if (texts.user !== undefined) write(user, texts.user);
    if (texts.named !== undefined) write(named, texts.named);
    const env = texts.named === undefined ? more : { ...more, KEYWRIGHT_CONFIG: named };
    return loadConfig({ home, env, etc, kind, backends: BACKENDS, matchFault, vendor: join(root, "vendor") });
  };
  return {
    home,
    etc,
    user,
    named,
    write,
    load,
    fault: (texts, kind) => configurationFault(() => load(texts, kind)),
  };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
}

export function configurationFault(act: () => unknown): KeywrightError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof KeywrightError, String(error));
    assert.equal(error.code, "configuration", error.message);
    return error;
  }
  return assert.fail("nothing was thrown");
}
