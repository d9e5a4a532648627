import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { cachedBackend } from "../../src/backends/cached.ts";
import { leaseKey, parseLease } from "../../src/backends/cached-lease.ts";
import { KeywrightError, type ErrorCode } from "../../src/errors.ts";
import type { Parent } from "../../src/io/parent.ts";
import {
  clockAt,
  contextOf,
  counting,
  homeOf,
  leasesIn,
  locationOf,
  nobody,
  NOW,
  pip,
  type Place,
} from "./cached-house.ts";

const WORKER = fileURLToPath(new URL("cached-worker.ts", import.meta.url));

function house(home: string | undefined, parent: () => Parent | undefined = nobody) {
  const clock = clockAt();
  const inner = counting(clock);
  const backend = cachedBackend(inner, { home, clock, parent, waitMs: 200 });
  const get = async (place: Place = {}, asker = {}): Promise<string | undefined> =>
    (
      await backend.retrieve(
        locationOf(place),
        contextOf({ ...(place.url === undefined ? {} : { url: place.url }), ...asker }),
      )
    )?.reveal();
  return { clock, inner, get, backend };
}

test("a token is handed out again until shortly before it expires, with its user name, expiry and holder", async (t) => {
  const home = homeOf(t);
  const { clock, inner, get } = house(home);
  assert.equal(await get(), "pypi.corp.example-1");
  clock.time = NOW + 539;
  // Another process, with nothing in its memory:
  const other = cachedBackend(inner, { home, clock, parent: nobody });
  const kept = await other.retrieve(locationOf(), contextOf());
  assert.deepEqual(
    [kept?.reveal(), kept?.username, kept?.upstream, kept?.expiresAt],
    ["pypi.corp.example-1", "aws", "ci", NOW + 600],
  );
  clock.time = NOW + 540;
  assert.equal(await get(), "pypi.corp.example-2");
  assert.equal(inner.minted.length, 2);
});

test("what a store wants a token to live on renews it earlier; a source that gives less gives its most", async (t) => {
  for (const [life, minLife, good, over] of [
    [3600, 1800, 1799.9, 1800],
    [3600, 30, 3539.9, 3540], // Never less than without.
    [3600, 3540, 59.9, 60],
    [600, 3600, 59.9, 60], // The source's tokens never live that long: at most a mint a minute.
    [100, 3600, 9.9, 10],
  ] as const) {
    const { clock, inner, get } = house(homeOf(t));
    inner.life = life;
    for (const [at, mints] of [
      [0, 1],
      [good, 1],
      [over, 2],
    ] as const) {
      clock.time = NOW + at;
      await get({ minLife });
      assert.equal(inner.minted.length, mints, `a life of ${life} and at least ${minLife}, after ${at} s`);
    }
  }
});

test("a new token that cannot be had leaves the one that lives too short", async (t) => {
  const { clock, inner, get } = house(homeOf(t));
  assert.equal(await get({ minLife: 300 }), "pypi.corp.example-1");
  clock.time = NOW + 400;
  inner.fault = new KeywrightError("network", "gone");
  assert.equal(await get({ minLife: 300 }), "pypi.corp.example-1");
});

test("the margin is a tenth of the life, and a minute at most", async (t) => {
  for (const [life, good, over] of [
    [100, 89.9, 90],
    [3600, 3539.9, 3540],
  ] as const) {
    const { clock, inner, get } = house(homeOf(t));
    inner.life = life;
    for (const [at, mints] of [
      [0, 1],
      [good, 1],
      [over, 2],
    ] as const) {
      clock.time = NOW + at;
      await get();
      assert.equal(inner.minted.length, mints, `${at} of ${life}`);
    }
  }
});

test("files are 0600 in a 0700 folder, and nothing else is left there", async (t) => {
  const home = homeOf(t);
  const { get } = house(home, () => pip);
  await get();
  const cache = join(home, ".cache", "keywright");
  for (const folder of ["leases", "asked"]) {
    assert.equal(statSync(join(cache, folder)).mode & 0o777, 0o700);
    const names = readdirSync(join(cache, folder));
    assert.equal(names.length, 1);
    assert.match(names[0] ?? "", /^[0-9a-f]{64}\.json$/);
    assert.equal(statSync(join(cache, folder, names[0] ?? "")).mode & 0o777, 0o600);
  }
  assert.ok(
    !readFileSync(join(cache, "asked", readdirSync(join(cache, "asked"))[0] ?? ""), "utf8").includes(
      "corp.example-1",
    ),
  );
});

test("a value that does not expire is never kept", async (t) => {
  const home = homeOf(t);
  const { inner, get } = house(home);
  inner.life = undefined;
  assert.deepEqual([await get(), await get()], ["pypi.corp.example-1", "pypi.corp.example-2"]);
  assert.deepEqual(leasesIn(home), []);
});

test("a backend that cannot say who asks, or mints here, or has no home, is not wrapped", (t) => {
  const { inner } = house(undefined);
  const { upstream: _, ...silent } = inner;
  const options = { home: homeOf(t), clock: clockAt(), parent: nobody };
  assert.equal(cachedBackend(silent, options), silent);
  const local = { ...inner, local: true };
  assert.equal(cachedBackend(local, options), local);
  assert.equal(cachedBackend(inner, { ...options, home: undefined }), inner);
});

test("nobody gets the lease of another host, port, principal, store, ref, revision, action, endpoint or upstream", async (t) => {
  const { inner, get } = house(homeOf(t));
  await get();
  let mints = 1;
  const others: readonly (readonly [Place, object?])[] = [
    [{ url: "https://npm.corp.example/simple/" }],
    [{ url: "https://pypi.corp.example:8443/simple/", match: "*.corp.example:8443" }],
    [{ match: "*.corp.example/simple" }],
    [{ backend: "other" }],
    [{ store: "other" }],
    [{ ref: "other" }],
    [{ revision: "r2" }],
    [{ action: "publish" }],
    [{}, { principal: "research" }],
  ];
  for (const [place, asker] of others) {
    await get(place, asker);
    assert.equal(inner.minted.length, ++mints, JSON.stringify([place, asker]));
    await get(place, asker);
    assert.equal(inner.minted.length, mints);
  }
  for (const who of [{ endpoint: "https://other.example" }, { principal: "profile:other" }]) {
    inner.who = { endpoint: "https://menda.example", principal: "client:ci", ...who };
    await get();
    assert.equal(inner.minted.length, ++mints, JSON.stringify(who));
  }
});

function domainAt(host: string, path: string): Place {
  return { url: `https://${host}${path}`, match: "*.d.codeartifact.*.amazonaws.com" };
}

test("a lease serves all of a CodeArtifact domain, and no other domain, owner or region", async (t) => {
  const { inner, get } = house(homeOf(t));
  const ours = "corp-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
  for (const path of ["/pypi/one/simple/", "/pypi/two/simple/"]) await get(domainAt(ours, path));
  assert.equal(inner.minted.length, 1);
  for (const host of [
    ours.replace("corp", "other"),
    ours.replace("9012", "9013"),
    ours.replace("eu-west-1", "us-east-1"),
  ]) {
    await get(domainAt(host, "/pypi/one/simple/"));
  }
  assert.equal(inner.minted.length, 4);
});

test("a lease of a CodeArtifact domain serves one form of host, and one VPC endpoint", async (t) => {
  const { get, inner } = house(homeOf(t));
  const vpce = (id: string, domain: string): Place => ({
    url: `https://vpce-${id}.d.codeartifact.eu-west-1.vpce.amazonaws.com/pypi/d/${domain}-123456789012/one/simple/`,
    match: "same",
  });
  const at = (host: string): Place => ({ url: `https://${host}/pypi/one/simple/`, match: "same" });
  const places = [
    at("corp-123456789012.d.codeartifact.eu-west-1.amazonaws.com"),
    at("corp-123456789012.codeartifact.eu-west-1.on.aws"),
    vpce("0a1b-2c3d", "corp"),
    vpce("0a1b-2c3e", "corp"),
    vpce("0a1b-2c3d", "corp2"),
  ];
  for (const place of [...places, ...places]) await get(place);
  assert.equal(inner.minted.length, places.length);
  for (const { url = "", match = "" } of places) await get({ url: url.replace("/one/", "/two/"), match });
  assert.equal(inner.minted.length, places.length, "another repository of the same domain");
});

test("leaseKey() is the same for the same question, and another for any other (property)", () => {
  const word = fc.string({ maxLength: 8 });
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const question = fc.record({
    host: label,
    port: fc.integer({ min: 1, max: 65_535 }),
    prefix: fc.stringMatching(/^(\/[a-z]{1,4}){0,2}$/),
    backend: word,
    store: word,
    ref: word,
    revision: word,
    action: fc.constantFrom("read", "publish"),
    principal: word,
    endpoint: word,
    upstream: word,
  });
  type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;
  const keyOf = (q: Question): string =>
    leaseKey(
      locationOf({
        ...q,
        url: `https://${q.host}.corp.example:${q.port}/x/`,
        match: `*.corp.example:${q.port}${q.prefix}`,
      }),
      contextOf({ principal: q.principal }),
      { endpoint: q.endpoint, principal: q.upstream },
    );
  fc.assert(
    fc.property(
      question,
      question,
      fc.constantFrom(
        "host",
        "port",
        "prefix",
        "backend",
        "store",
        "ref",
        "revision",
        "action",
        "principal",
        "endpoint",
        "upstream",
      ),
      (one, two, field) => {
        const mixed = { ...one, [field]: two[field] };
        assert.equal(keyOf(one) === keyOf(mixed), one[field] === two[field]);
        assert.match(keyOf(one), /^[0-9a-f]{64}$/);
      },
    ),
  );
});

test("parseLease() never throws and gives only what is good now (property)", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.equal(parseLease(text, NOW), undefined)),
  );
});

test("a lease that cannot be read, is torn, forged, from the future or a link is a miss", async (t) => {
  const home = homeOf(t);
  const { inner, get } = house(home);
  await get();
  const file = join(home, ".cache", "keywright", "leases", leasesIn(home)[0] ?? "");
  const text = readFileSync(file, "utf8");
  const broken = [
    "",
    "{",
    "null",
    "[]",
    text.slice(0, -10),
    text.replace('"v":1', '"v":2'),
    text.replace("example-1", "example-9"),
    text.replace(`"minted_at":${NOW}`, `"minted_at":${NOW + 61}`),
    text.replace(`"expires_at":${NOW + 600}`, `"expires_at":"${NOW + 600}"`),
    text.replace(`"expires_at":${NOW + 600}`, `"expires_at":${NOW}`),
    text.replace('"username":"aws"', '"username":7'),
  ];
  let mints = 1;
  for (const content of broken) {
    writeFileSync(file, content);
    await get();
    assert.equal(inner.minted.length, ++mints, content);
  }
  writeFileSync(`${file}.kept`, readFileSync(file), { mode: 0o600 });
  rmSync(file);
  symlinkSync(`${file}.kept`, file);
  await get();
  assert.equal(inner.minted.length, ++mints, "a link");
  rmSync(file);
  mkdirSync(file);
  assert.equal(
    await get(),
    `pypi.corp.example-${++mints}`,
    "a folder in its place can be neither read nor replaced",
  );
});

function refused(error: unknown): boolean {
  return (
    error instanceof KeywrightError && error.code === "configuration" && /chmod go-w/.test(error.hint ?? "")
  );
}

test("a cache that another user can write is refused, with the command that repairs it", async (t) => {
  const home = homeOf(t);
  const { inner, get } = house(home);
  await get();
  const folder = join(home, ".cache", "keywright", "leases");
  const file = join(folder, leasesIn(home)[0] ?? "");
  chmodSync(file, 0o666);
  await assert.rejects(get(), refused);
  chmodSync(file, 0o600);
  chmodSync(folder, 0o777);
  await assert.rejects(get(), refused);
  assert.equal(inner.minted.length, 1);
});

test("a home that cannot be written, is absent or full costs only speed", async (t) => {
  const home = homeOf(t);
  writeFileSync(join(home, "file"), "");
  for (const where of [join(home, "file"), "/proc/keywright", "/dev/full"]) {
    const { inner, get } = house(where, () => pip);
    assert.deepEqual([await get(), await get()], ["pypi.corp.example-1", "pypi.corp.example-2"], where);
    assert.equal(inner.minted.length, 2);
  }
  const closed = join(home, "closed");
  mkdirSync(closed, { mode: 0o500 });
  const root = process.getuid?.() === 0;
  if (root) for (const path of [home, closed]) chownSync(path, 65534, 65534);
  const child = spawnSync(
    process.execPath,
    [WORKER, closed, "/dev/null"],
    root ? { uid: 65534, gid: 65534 } : {},
  );
  assert.match(child.stdout.toString(), /^token of [0-9]+\n$/);
  assert.equal(child.stderr.toString(), "");
});

test("many questions at once make one mint, in one process, also where no lock can be made", async (t) => {
  for (const home of [homeOf(t), "/proc/keywright"]) {
    const { inner, get } = house(home);
    const answers = await Promise.all(Array.from({ length: 100 }, () => get()));
    assert.deepEqual(new Set(answers), new Set(["pypi.corp.example-1"]));
    assert.equal(inner.minted.length, 1);
  }
});

test("many processes that ask at once make one mint, also when the first to mint is killed", async (t) => {
  const home = homeOf(t);
  const mints = join(home, "mints");
  const ask = async (kill: boolean): Promise<string> => {
    const child = spawn(process.execPath, [WORKER, home, mints], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const ended = new Promise((done) => child.on("close", done));
    if (kill) {
      while (!existsSync(mints) || readFileSync(mints, "utf8") === "")
        await new Promise((later) => setTimeout(later, 5));
      child.kill("SIGKILL");
    }
    await ended;
    return out;
  };
  assert.equal(await ask(true), "");
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(false)));
  assert.equal(new Set(answers).size, 1);
  assert.match(answers[0] ?? "", /^token of [0-9]+\n$/);
  assert.equal(readFileSync(mints, "utf8").split("\n").length - 1, 2);
  assert.deepEqual(
    leasesIn(home).filter((name) => !name.endsWith(".json")),
    [],
  );
});

test("a mint that others hold up is waited for no longer than said", async (t) => {
  const home = homeOf(t);
  const { inner, get } = house(home);
  await get();
  const lease = join(home, ".cache", "keywright", "leases", leasesIn(home)[0] ?? "");
  rmSync(lease);
  symlinkSync("somebody somewhere", `${lease}.lock`);
  lutimesSync(`${lease}.lock`, NOW, NOW);
  const start = performance.now();
  assert.equal(await get(), "pypi.corp.example-2");
  assert.ok(performance.now() - start >= 200);
  assert.equal(inner.minted.length, 2);
});

test("the same parent that asks the same again a second later had its token rejected: it gets a new one, once", async (t) => {
  const { clock, inner, get } = house(homeOf(t), () => pip);
  const at = async (seconds: number, mints: number, why: string): Promise<void> => {
    clock.time = NOW + seconds;
    await get();
    assert.equal(inner.minted.length, mints, why);
  };
  await at(0, 1, "minted");
  await at(0.9, 1, "not yet a second");
  await at(6, 2, "more than a second after it was answered");
  await at(20, 2, "the new one was minted for it, and not a minute ago");
  await at(21, 3, "and was rejected in its turn");
});

test("a new token that replaced a rejected one is held to be good for a minute", async (t) => {
  const { clock, inner, get } = house(homeOf(t), () => pip);
  for (const [seconds, mints] of [
    [0, 1],
    [2, 2],
    [62, 3],
  ] as const) {
    clock.time = NOW + seconds;
    await get();
    assert.equal(inner.minted.length, mints, `after ${seconds} s`);
  }
});

test("where clients try something else first, a question that is asked again says nothing", async (t) => {
  const clock = clockAt();
  const inner = counting(clock);
  const hosts: string[] = [];
  const tries = async (host: string): Promise<boolean> => hosts.push(host) > 0;
  const backend = cachedBackend(inner, { home: homeOf(t), clock, parent: () => pip, tries });
  for (let seconds = 0; seconds < 10; seconds += 2) {
    clock.time = NOW + seconds;
    await backend.retrieve(locationOf(), contextOf());
  }
  assert.equal(inner.minted.length, 1);
  assert.deepEqual([...new Set(hosts)], ["pypi.corp.example"]);
});

test("a question that began before the last answer was given says nothing about it", async (t) => {
  const clock = clockAt();
  const inner = counting(clock);
  let began = NOW;
  const backend = cachedBackend(inner, { home: homeOf(t), clock, parent: () => pip, began: () => began });
  const at = async (seconds: number, mints: number): Promise<void> => {
    clock.time = NOW + seconds;
    await backend.retrieve(locationOf(), contextOf());
    assert.equal(inner.minted.length, mints);
  };
  await at(0, 1);
  await at(2, 1);
  await at(5, 1); // Asked at once with the others, and looked at only now.
  began = NOW + 4;
  await at(6, 2);
});

test("an upstream that gives the same token again is asked once for each parent and token", async (t) => {
  const { clock, inner, backend } = house(homeOf(t), () => pip);
  let mints = 0;
  const { retrieve } = inner;
  inner.retrieve = async (location) => {
    mints++;
    inner.minted.length = 0;
    return retrieve(location);
  };
  for (const [seconds, expected] of [
    [0, 1],
    [2, 2],
    [4, 2],
    [6, 2],
    [8, 2],
    [100, 2],
  ] as const) {
    clock.time = NOW + seconds;
    assert.equal((await backend.retrieve(locationOf(), contextOf()))?.reveal(), "pypi.corp.example-1");
    assert.equal(mints, expected, String(seconds));
  }
});

test("another parent, another question and the shim are no repetition", async (t) => {
  let parent: Parent | undefined = pip;
  const { clock, inner, get } = house(homeOf(t), () => parent);
  const steps: readonly (readonly [Parent | undefined, object])[] = [
    [pip, {}],
    [{ ...pip, startTime: "101" }, {}],
    [{ ...pip, pid: 4712 }, {}],
    [pip, { username: "aws" }],
    [pip, { username: "" }],
    [pip, { url: "https://pypi.corp.example/simple" }],
    [undefined, {}],
    [undefined, {}],
  ];
  for (const [who, asker] of steps) {
    parent = who;
    clock.time += 2;
    await get({}, asker);
    assert.equal(inner.minted.length, 1, JSON.stringify([who, asker]));
  }
  parent = pip;
  await get();
  assert.equal(inner.minted.length, 2);
});

test("a repeated question gets the token that another one had minted meanwhile", async (t) => {
  const home = homeOf(t);
  let parent: Parent | undefined = pip;
  const { clock, inner, get } = house(home, () => parent);
  await get();
  clock.time += 4;
  parent = undefined;
  await get({}, { fresh: true });
  parent = pip;
  assert.equal(await get(), "pypi.corp.example-2");
  assert.equal(inner.minted.length, 2);
});

test("context.fresh reads no cache, and what it mints is kept", async (t) => {
  const { inner, get } = house(homeOf(t));
  await get();
  assert.equal(await get({}, { fresh: true }), "pypi.corp.example-2");
  assert.equal(await get(), "pypi.corp.example-2");
  assert.equal(inner.minted.length, 2);
});

test("when minting fails in passing, a lease close to its end still answers; after its end, or for a no, it does not", async (t) => {
  const { clock, inner, get } = house(homeOf(t));
  await get();
  clock.time = NOW + 599;
  for (const code of ["network", "timed_out", "backend", "locked"] satisfies ErrorCode[]) {
    inner.fault = new KeywrightError(code, "no");
    assert.equal(await get(), "pypi.corp.example-1", code);
  }
  for (const code of ["authentication", "configuration", "denied"] satisfies ErrorCode[]) {
    inner.fault = new KeywrightError(code, "no");
    await assert.rejects(get(), { code });
  }
  clock.time = NOW + 600;
  inner.fault = new KeywrightError("network", "no");
  await assert.rejects(get(), { code: "network" });
  inner.fault = undefined;
  assert.equal(await get(), "pypi.corp.example-2", "a failure is not remembered");
});

test("a clock that was set back makes a miss, a small step does not", async (t) => {
  const { clock, inner, get } = house(homeOf(t));
  await get();
  clock.time = NOW - 60;
  await get();
  assert.equal(inner.minted.length, 1);
  clock.time = NOW - 61;
  await get();
  assert.equal(inner.minted.length, 2);
});

test("minting removes leases that have expired, old questions, and what killed processes left", async (t) => {
  const home = homeOf(t);
  const { clock, get } = house(home, () => pip);
  const cache = join(home, ".cache", "keywright");
  await get({ ref: "one" });
  await get({ ref: "two" });
  const old = NOW - 90_000;
  writeFileSync(join(cache, "leases", "left.new"), "");
  writeFileSync(join(cache, "leases", "young.new"), "");
  writeFileSync(join(cache, "asked", "old.json"), "");
  for (const path of ["leases/left.new", "asked/old.json"]) utimesSync(join(cache, path), old, old);
  utimesSync(join(cache, "leases", "young.new"), NOW, NOW);
  clock.time = NOW + 601;
  await get({ ref: "three" });
  assert.equal(leasesIn(home).length, 2);
  assert.ok(leasesIn(home).includes("young.new"));
  assert.ok(!existsSync(join(cache, "asked", "old.json")));
});
