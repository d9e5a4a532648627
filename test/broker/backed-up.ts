// A data folder with clients and a backup of it, and what tests do to such a folder.
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext } from "node:test";
import { administer, type AdminCommand } from "../../src/broker/admin.ts";
import { writeBackup } from "../../src/broker/backup.ts";
import { openData, type OpenData } from "../../src/broker/data-folder.ts";
import { restoreBackup, type Restored } from "../../src/broker/restore.ts";
import { basic, newClient, post, START, temporaryFolder, type Running } from "./broker.ts";

export const HOW = { now: START, by: "tester" };
export const clock = { now: () => START };
export function withData<T>(data: string, work: (open: OpenData) => T): T {
  const open = openData(data, clock);
  try {
    return work(open);
  } finally {
    open.db.close();
  }
}

/** A data folder with two clients and a backup of it. */
export function backedUp(t: TestContext) {
  const place = temporaryFolder(t);
  const [data, file] = [join(place, "data"), join(place, "broker.bak")];
  const secrets = {
    app: newClient(data, { name: "app", principal: "ci" }),
    other: newClient(data, { name: "other", principal: "ci" }),
  };
  writeBackup(data, file);
  return { place, data, file, ...secrets };
}

export const restore = (data: string, file: string): Restored =>
  restoreBackup(data, file, clock, { by: "tester", uid: 7 });

/** Copies a database back by hand, as one should not. */
export function copyBack(data: string, file: string): void {
  for (const name of ["broker.db-wal", "broker.db-shm"]) rmSync(join(data, name), { force: true });
  copyFileSync(file, join(data, "broker.db"));
}

export const works = async (broker: Running, name: string, secret: string): Promise<boolean> =>
  (await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic(name, secret))).status ===
  200;

export async function administered(open: OpenData, command: AdminCommand, now = START) {
  const house = { data: open, clock: { now: () => now } };
  return { result: (await administer(house, command, { by: "tester" })) as Record<string, unknown> };
}
