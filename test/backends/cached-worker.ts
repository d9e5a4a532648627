// A process of cached.test.ts: asks once through the cache. The inner backend writes a line to the file of mints.
// Arguments: home, file of mints.
import { appendFileSync } from "node:fs";
import { cachedBackend } from "../../src/backends/cached.ts";
import { systemClock } from "../../src/io/clock.ts";
import { Secret } from "../../src/secret.ts";
import { contextOf, locationOf, nobody } from "./cached-house.ts";

const [home = "", mints = ""] = process.argv.slice(2);
const inner = {
  async retrieve(): Promise<Secret> {
    appendFileSync(mints, `${process.pid}\n`);
    await new Promise((later) => setTimeout(later, 300));
    return new Secret(`token of ${process.pid}`, { expiresAt: systemClock.now() + 600 });
  },
  check: async (): Promise<void> => undefined,
  upstream: async () => ({ endpoint: "https://menda.example", principal: "client:ci" }),
};
const backend = cachedBackend(inner, { home, clock: systemClock, parent: nobody });
const secret = await backend.retrieve(locationOf(), contextOf());
process.stdout.write(`${secret?.reveal()}\n`);
