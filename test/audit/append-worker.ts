// A process of file.test.ts: appends one decision and one issue. Arguments: path, greatest size of a file.
import { fileAudit } from "../../src/audit/file.ts";
import { systemClock } from "../../src/io/clock.ts";
import { decision, issued, optionsFor } from "./entries.ts";

const [path = "", maxBytes = "10000000"] = process.argv.slice(2);
const audit = fileAudit({
  ...optionsFor(path),
  clock: systemClock,
  newId: () => `${process.pid}`,
  lockTimeoutMs: 60_000,
  maxBytes: Number(maxBytes),
  maxFiles: 1000,
});
await audit.issued(issued(await audit.decision(decision)));
process.stdout.write("appended\n");
