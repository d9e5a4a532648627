// Reads the broker's audit from its data folder, for `keywright audit show|verify --data DIR`. It writes nothing, and
// works while the broker runs.
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { KeywrightError } from "../errors.ts";
import { databasePath } from "./database.ts";

/** The lines behind the one with the number `after`, without newlines, as far as they were written when reading began. */
export function* readBrokerAudit(folder: string, after = 0): Iterable<string> {
  const path = databasePath(folder);
  if (!existsSync(path)) {
    throw new KeywrightError("not_found", `there is no broker's database in ${folder}`, {
      hint: "Name the folder that `keywright server --data` has.",
    });
  }
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    const lines = db.prepare("SELECT line FROM audit WHERE seq > ? ORDER BY seq");
    for (const row of lines.iterate(after)) yield row["line"] as string;
  } finally {
    db.close();
  }
}
