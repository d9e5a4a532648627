// A temporary configuration store, for the tests of this room.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { ConfigStoreError, type ConfigStoreFault } from "../../../src/config/store/fault.ts";
import { loadStoreConfig, type StoreConfigOptions } from "../../../src/config/store/load.ts";
import type { MXMConfig } from "../../../src/config/store/view.ts";

export const WHO = {
  app: "ledger",
  environment: "dev",
  machine: "bridge",
  substrate: "local-process",
  role: "research",
} as const;

export interface StorePlace {
  readonly root: string;
  readonly warnings: readonly string[];
  /** The path of a file of the application, whether it is there or not. */
  file(name: string): string;
  /** Loads; a warning is kept. */
  load(more?: Partial<StoreConfigOptions>): MXMConfig;
  /** Loads, and returns the error that this must give. */
  fault(kind: ConfigStoreFault, more?: Partial<StoreConfigOptions>): ConfigStoreError;
}

/** `files`: `default`, `role`, … → the text of the YAML file. */
export function storePlace(t: TestContext, files: Readonly<Record<string, string>>): StorePlace {
  const root = mkdtempSync(join(tmpdir(), "keywright-store-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const file = (name: string): string => join(root, "apps", WHO.app, `${name}.yaml`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  }
  const warnings: string[] = [];
  const load = (more: Partial<StoreConfigOptions> = {}): MXMConfig =>
    loadStoreConfig({
      identity: WHO,
      storeRoot: root,
      env: {},
      home: "/home/nobody",
      warn: (text) => void warnings.push(text),
      ...more,
    });
  return { root, warnings, file, load, fault: (kind, more) => storeFault(kind, () => load(more)) };
}

export function storeFault(kind: ConfigStoreFault, act: () => unknown): ConfigStoreError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ConfigStoreError, String(error));
    assert.deepEqual([error.fault, error.code], [kind, "configuration"], error.message);
    return error;
  }
  return assert.fail("nothing was thrown");
}
