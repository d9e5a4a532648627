// A cache for the tests: locations and contexts as the resolver makes them, and an inner backend that counts its mints.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Parent } from "../../src/io/parent.ts";
import { parseAddress } from "../../src/resolver/address.ts";
import type { Backend, RetrieveContext, Upstream } from "../../src/resolver/backend.ts";
import type { Location } from "../../src/resolver/location.ts";
import { Secret } from "../../src/secret.ts";

export const NOW = 1_800_000_000;

export interface Place {
  readonly url?: string;
  readonly match?: string;
  readonly backend?: string;
  readonly store?: string;
  readonly ref?: string;
  readonly revision?: string;
  readonly action?: "read" | "publish";
  readonly minLife?: number;
}

export function locationOf(place: Place = {}): Location {
  const { url = "https://pypi.corp.example/simple/", match = "*.corp.example", action = "read" } = place;
  const address = parseAddress(url);
  if (address === "disagree" || address === undefined) throw new Error(`not an address: ${url}`);
  const store = {
    name: place.store ?? "menda",
    backend: place.backend ?? "menda",
    root: "",
    minLife: place.minLife,
    options: {},
  };
  const ref = {
    name: place.ref ?? "corp",
    store: store.name,
    path: undefined,
    policy: "registries",
    match,
    username: undefined,
    locked: false,
    options: {},
    revision: place.revision ?? "r1",
  };
  return { backend: store.backend, store, ref, path: undefined, address, action } as unknown as Location;
}

export interface Asker {
  readonly url?: string;
  readonly username?: string;
  readonly principal?: string;
  readonly fresh?: boolean;
}

export function contextOf({
  url = "https://pypi.corp.example/simple/",
  username,
  principal,
  fresh,
}: Asker = {}): RetrieveContext {
  const ask = { kind: "registry", url, username, action: "read" } as const;
  return { ask, principal: { name: principal ?? "local_user" }, identity: {}, decision: "d", fresh };
}

/** Mints `<name>-1`, `<name>-2`, … which live for `life` seconds; undefined: for ever. */
export function counting(clock: { now(): number }, life: number | undefined = 600) {
  const minted: string[] = [];
  const inner = {
    minted,
    life: life as number | undefined,
    fault: undefined as Error | undefined,
    who: { endpoint: "https://menda.example", principal: "client:ci" } as Upstream,
    async retrieve(location: Location): Promise<Secret | undefined> {
      await new Promise(setImmediate);
      if (inner.fault !== undefined) throw inner.fault;
      minted.push(`${location.address?.host ?? ""}-${minted.length + 1}`);
      const expiresAt = inner.life === undefined ? undefined : clock.now() + inner.life;
      return new Secret(minted.at(-1) ?? "", { expiresAt, username: "aws", upstream: "ci" });
    },
    check: async (): Promise<void> => undefined,
    upstream: async (): Promise<Upstream> => inner.who,
  };
  return inner satisfies Backend;
}

export function clockAt(start: number = NOW) {
  const clock = { time: start, now: (): number => clock.time };
  return clock;
}

export function homeOf(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), "keywright-cached-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export function leasesIn(home: string): readonly string[] {
  return readdirSync(join(home, ".cache", "keywright", "leases")).sort();
}

export const pip: Parent = { pid: 4711, startTime: "100" };
export const nobody = (): undefined => undefined;
