// Takes the youngest audit entries, which a backup cannot have, from the database that it replaces: a restore is no way to
// make the audit forget. It takes them only if they continue the backup's chain.
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { follow, type ChainHead } from "../audit/chain.ts";

/** `from` may be missing or damaged. Returns how many entries went over; their order is that of the chain. */
export function carryAudit(from: string, to: string, head: ChainHead): number {
  if (!existsSync(from)) return 0;
  const lines = linesAfter(from, head);
  if (lines.length === 0) return 0;
  const db = new DatabaseSync(to);
  try {
    const add = db.prepare("INSERT INTO audit (seq, line) VALUES (?, ?)");
    db.exec("BEGIN");
    for (const [at, line] of lines.entries()) add.run(head.seq + at + 1, line);
    db.exec("COMMIT");
    return lines.length;
  } finally {
    db.close();
  }
}

/** As far as they are whole. A database that cannot be read has none; it is kept for whoever can repair it. */
function linesAfter(path: string, start: ChainHead): readonly string[] {
  const lines: string[] = [];
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    let head = start;
    for (const row of db.prepare("SELECT line FROM audit WHERE seq > ? ORDER BY seq").iterate(start.seq)) {
      const line = row["line"] as string;
      const step = follow(head, line);
      if (!step.ok) break;
      ({ head } = step);
      lines.push(line);
    }
  } catch {
    // What was read before the damage counts.
  } finally {
    db?.close();
  }
  return lines;
}
