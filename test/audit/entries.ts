// Entries for the tests of the audit, and a folder to write them in.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { FileAuditOptions } from "../../src/audit/file.ts";
import type { DecisionEntry, IssuedEntry } from "../../src/resolver/audit-log.ts";

export const decision: DecisionEntry = {
  principal: "local_user",
  identity: { role: { value: "local_user", attestation: "asserted" } },
  ask: { kind: "registry", url: "https://pypi.corp.example/simple/", action: "read" },
  outcome: "granted",
  ref: "corp",
  rule: "corp.allowed_principals",
  reason: "corp.allowed_principals grants it",
};

export function issued(decisionId: string): IssuedEntry {
  return {
    decision: decisionId,
    ref: "corp",
    sha256: "ab".repeat(32),
    expiresAt: 1_800_000_600,
    upstream: "ci",
  };
}

export function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "keywright-audit-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export function optionsFor(path: string): FileAuditOptions {
  let id = 0;
  return {
    path,
    clock: { now: () => 1_800_000_000 },
    newId: () => `id${++id}`,
    describe: (ask) => (ask.kind === "registry" ? ask.url : undefined),
  };
}
