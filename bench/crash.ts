// node bench/crash.ts [ROUNDS] [checkout|executable]: kill -9 in the middle of 32 clients, 1,000 times on the same data.
// After each, every token that arrived has its audit entry and the chain verifies; the first that does not ends it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crash } from "../test/broker/crash.ts";
import { CHECKOUT, EXECUTABLE, makePlace } from "../test/broker/server-process.ts";

const rounds = Number(process.argv[2] ?? 1000);
const program = process.argv[3] === "executable" ? EXECUTABLE : CHECKOUT;
const folder = mkdtempSync(join(tmpdir(), "keywright-crash-"));
try {
  const total = await crash(makePlace(folder), { rounds, clients: 32, program, say: console.log });
  console.log(`${rounds} kills, ${total} tokens received, none without its entry`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
