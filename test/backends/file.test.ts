import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { optionChecks } from "../../src/all-backends.ts";
import { fileBackend } from "../../src/backends/file.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import type { OptionValue, SecretStore } from "../../src/resolver/store.ts";
import { ROOT, secretBackendContract, type Place } from "./contract/contract.ts";
import { CONTEXT, located, refOf } from "./contract/locations.ts";

const backend = fileBackend({ env: {} });

function storeAt(folder: OptionValue, options: SecretStore["options"] = {}, root = ""): SecretStore {
  return { name: "mounted", backend: "file", root, options: { folder, ...options } };
}

function put(folder: string, path: string, value: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), value);
}

function makePlace(options: SecretStore["options"]): Place {
  const folder = mkdtempSync(join(tmpdir(), "keywright-file-"));
  return {
    backend,
    store: storeAt(folder, options, ROOT),
    put: (path, value) => put(folder, path, value),
    ...(options["trailing_newline"] === "keep"
      ? {}
      : { handedOut: (value: string) => value.replace(/\n$/, "") }),
    absent: () => ({ backend, store: storeAt(join(folder, "gone"), {}, ROOT) }),
    close: () => rmSync(folder, { recursive: true }),
  };
}

for (const trailing of ["strip", "keep"]) {
  secretBackendContract(`file (${trailing})`, () => makePlace({ trailing_newline: trailing }), {
    instead: {
      "a store that is locked": {
        because: "a file has no lock; one that we may not read is a failure, not a missing value",
        async proof({ store, put: fill }) {
          await fill(`${ROOT}/closed/file`, Buffer.from("x"));
          const { folder } = store.options;
          // Root may read everything, so what cannot be read is a path that ends in a circle.
          symlinkSync("circle", join(String(folder), ROOT, "circle"));
          await assert.rejects(backend.retrieve(located(store, "circle"), CONTEXT), {
            code: "backend",
            message: /ELOOP/,
          });
        },
      },
      "an answer that takes too long": {
        because: "a file answers at once, and a pipe in its place is refused instead of waited for",
        async proof({ store }) {
          const { spawnSync } = await import("node:child_process");
          const pipe = join(String(store.options["folder"]), ROOT, "pipe");
          assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
          await assert.rejects(backend.retrieve(located(store, "pipe"), CONTEXT), {
            code: "backend",
            message: /no regular file/,
          });
        },
      },
    },
  });
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-file-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function read(
  store: SecretStore,
  path: string,
  options?: SecretRef["options"],
): Promise<string | undefined> {
  return (await backend.retrieve(located(store, path, options), CONTEXT))?.reveal();
}

test("a Kubernetes mount: links to ..data inside the folder are followed, also while it is swapped", async (t) => {
  const folder = scratch(t);
  for (const [at, version] of ["..2026_01", "..2026_02"].entries())
    put(folder, `${version}/api_key`, `v${at}`);
  symlinkSync("..2026_01", join(folder, "..data"));
  symlinkSync("..data/api_key", join(folder, "api_key"));
  assert.equal(await read(storeAt(folder), "api_key"), "v0");
  symlinkSync("..2026_02", join(folder, "..data_tmp"));
  const { renameSync } = await import("node:fs");
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  assert.equal(await read(storeAt(folder), "api_key"), "v1");
});

test("no link leads out of the folder: to a file, over a folder, absolute or relative, nor a folder beside it", async (t) => {
  const place = scratch(t);
  const folder = join(place, "secrets");
  put(place, "outside/key", "outside-secret");
  put(place, "secrets-beside/key", "beside-secret");
  put(folder, "inside", "x");
  symlinkSync(join(place, "outside/key"), join(folder, "absolute"));
  symlinkSync("../outside/key", join(folder, "relative"));
  symlinkSync("../outside", join(folder, "over"));
  symlinkSync("../secrets-beside/key", join(folder, "beside"));
  symlinkSync("relative", join(folder, "twice"));
  for (const path of ["absolute", "relative", "over/key", "beside", "twice"]) {
    await assert.rejects(read(storeAt(folder), path), { code: "configuration", message: /leads out/ }, path);
  }
  symlinkSync(folder, join(place, "mounted"));
  assert.equal(await read(storeAt(join(place, "mounted")), "inside"), "x", "the folder itself may be a link");
});

test("what other users could have written is refused: a file, its folder, the folder of the store", async (t) => {
  const folder = scratch(t);
  for (const path of ["open", "group", "wide/key", "sticky/key"]) put(folder, path, "v");
  chmodSync(join(folder, "open"), 0o646);
  chmodSync(join(folder, "wide"), 0o777);
  chmodSync(join(folder, "sticky"), 0o1777);
  const refused = ["open", "wide/key"];
  if (process.geteuid?.() === 0) {
    chownSync(join(folder, "group"), 0, 4242);
    chmodSync(join(folder, "group"), 0o660);
    refused.push("group");
  }
  for (const path of refused) {
    await assert.rejects(
      read(storeAt(folder), path),
      { code: "configuration", message: /other users/ },
      path,
    );
  }
  assert.equal(await read(storeAt(folder), "sticky/key"), "v");
  chmodSync(folder, 0o777);
  await assert.rejects(read(storeAt(folder), "sticky/key"), {
    code: "configuration",
    message: /other users/,
  });
  await assert.rejects(backend.check(storeAt(folder)), { code: "configuration", message: /other users/ });
});

test("another owner is refused unless the store names it", async (t) => {
  const folder = scratch(t);
  put(folder, "theirs", "v");
  const owner = givenAway(t, join(folder, "theirs"));
  await assert.rejects(read(storeAt(folder), "theirs"), { code: "configuration", message: /another user/ });
  assert.equal(await read(storeAt(folder, { owners: [owner] }), "theirs"), "v");
  chmodSync(join(folder, "theirs"), 0o602);
  await assert.rejects(read(storeAt(folder, { owners: [owner] }), "theirs"), { message: /other users/ });
});

/** Returns who owns the file now: only root can give one away, so for anybody else we become another. */
function givenAway(t: TestContext, file: string): number {
  const us = process.geteuid?.() ?? 0;
  if (us === 0) {
    chownSync(file, 4242, 4242);
    return 4242;
  }
  const real = process.geteuid;
  process.geteuid = () => us + 1;
  t.after(() => void (process.geteuid = real as () => number));
  return us;
}

test("the size limit counts, and can be moved", async (t) => {
  const folder = scratch(t);
  put(folder, "large", "x".repeat(1024 * 1024 + 1));
  await assert.rejects(read(storeAt(folder), "large"), {
    code: "backend",
    message: /larger than 1048576 bytes/,
  });
  assert.equal((await read(storeAt(folder, { max_bytes: 2_000_000 }), "large"))?.length, 1024 * 1024 + 1);
});

test("one newline at the end goes or stays, as the ref says, else as the store says", async (t) => {
  const folder = scratch(t);
  put(folder, "two", "v\n\n");
  put(folder, "windows", "v\r\n");
  assert.equal(await read(storeAt(folder), "two"), "v\n");
  assert.equal(await read(storeAt(folder), "windows"), "v\r");
  assert.equal(await read(storeAt(folder), "two", { trailing_newline: "keep" }), "v\n\n");
  const keeping = storeAt(folder, { trailing_newline: "keep" });
  assert.equal(await read(keeping, "two"), "v\n\n");
  assert.equal(await read(keeping, "two", { trailing_newline: "strip" }), "v\n");
});

test("the folder may be named by the environment: systemd's credentials, or a variable", async (t) => {
  const folder = scratch(t);
  put(folder, "db", "v");
  const env = { CREDENTIALS_DIRECTORY: folder, SECRETS: folder, RELATIVE: "secrets" };
  const named = fileBackend({ env });
  for (const option of ["credentials_directory", { env: "SECRETS" }] as const) {
    const secret = await named.retrieve(located(storeAt(option), "db"), CONTEXT);
    assert.equal(secret?.reveal(), "v");
    await named.check(storeAt(option));
  }
  put(folder, "file", "v");
  for (const gone of ["gone", "file"])
    await assert.rejects(backend.check(storeAt(join(folder, gone))), {
      code: "backend",
      message: /not there/,
    });
  symlinkSync("circle", join(folder, "circle"));
  await assert.rejects(backend.check(storeAt(join(folder, "circle"))), { code: "backend", message: /ELOOP/ });
  await assert.rejects(backend.check(storeAt("credentials_directory")), {
    code: "backend",
    hint: /LoadCredential/,
  });
  await assert.rejects(backend.check(storeAt({ env: "SECRETS" })), {
    code: "backend",
    message: /SECRETS is not set/,
  });
  await assert.rejects(named.check(storeAt({ env: "RELATIVE" })), {
    code: "backend",
    message: /no absolute path/,
  });
});

test("options that make no sense are refused while the configuration loads", async () => {
  const { checkStore, checkRef } = await optionChecks();
  const wrong: readonly SecretStore["options"][] = [
    {},
    { folder: "relative" },
    { folder: { env: "A B" } },
    { folder: { env: "A", more: "B" } },
    { folder: "/s", trailing_newline: "maybe" },
    { folder: "/s", max_bytes: 0 },
    { folder: "/s", owners: ["root"] },
    { folder: "/s", owners: 0 },
  ];
  for (const options of wrong) {
    const store = { ...storeAt("/s"), options };
    assert.throws(
      () => checkStore(store),
      { code: "configuration", message: /must be/ },
      JSON.stringify(options),
    );
  }
  const ref = refOf(storeAt("/s"), "a", { trailing_newline: true });
  assert.throws(() => checkRef(ref, storeAt("/s")), { code: "configuration", message: /trailing_newline/ });
});
