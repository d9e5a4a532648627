import assert from "node:assert/strict";
import { test } from "node:test";
import { optionChecks } from "../../src/all-backends.ts";
import { envBackend } from "../../src/backends/env.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { ROOT, secretBackendContract, type Place } from "./contract/contract.ts";
import { CONTEXT, located } from "./contract/locations.ts";

const store: SecretStore = { name: "variables", backend: "env", root: ROOT, options: { prefix: "APP_" } };

function makePlace(): Place {
  const env: Record<string, string> = {};
  return {
    backend: envBackend({ env }),
    store,
    // As the kernel hands it to a process, and Node reads it: bytes that are no UTF-8 are replaced.
    put(path, value) {
      env[`APP_${path.toUpperCase().replace(/[-/]/g, "_")}`] = Buffer.from(value).toString();
    },
  };
}

const always = async ({ backend, store: any }: Place): Promise<void> => {
  await backend.check(any);
  assert.equal(await backend.retrieve(located(any, "never/put"), CONTEXT), undefined);
};

secretBackendContract("env", makePlace, {
  instead: {
    "a folder": {
      because: "a variable holds no other ones, so what would be a folder is missing",
      async proof(place) {
        await place.put(`${ROOT}/folder/inside`, Buffer.from("in-the-folder"));
        assert.equal(await place.backend.retrieve(located(place.store, "folder"), CONTEXT), undefined);
      },
    },
    "a store that is locked": {
      because: "the environment is never locked, it is always ready",
      proof: always,
    },
    "an answer that takes too long": {
      because: "nobody is asked, so an answer is there at once",
      proof: always,
    },
    "a program that is absent": {
      because: "no program is needed, so it works with an empty PATH",
      proof: always,
    },
  },
});

test("the names are those of mxm-secrets 0.2: upper case, - and / become _", async () => {
  const env = { MXM_DEV_API_KEY: "a", API_KEY: "b", EMPTY: "" };
  const backend = envBackend({ env });
  const rows = [
    ["mxm/dev", "api-key", "a"],
    ["mxm/dev", "api_key", "a"],
    ["", "api_key", "b"],
    ["", "Api-Key", "b"],
    ["", "empty", ""],
    ["", "absent", undefined],
    ["mxm", "dev", undefined],
  ] as const;
  for (const [root, path, value] of rows) {
    const secret = await backend.retrieve(located({ ...store, root, options: {} }, path), CONTEXT);
    assert.equal(secret?.reveal(), value, `${root}/${path}`);
  }
});

test("a name that no variable can have", async () => {
  const location = located({ ...store, options: {} }, "a=b");
  await assert.rejects(envBackend({ env: {} }).retrieve(location, CONTEXT), { code: "configuration" });
});

test("options that make no sense are refused while the configuration loads", async () => {
  const { checkStore } = await optionChecks();
  for (const prefix of ["1_", "A-", "A=B", "", 7])
    assert.throws(
      () => checkStore({ ...store, options: { prefix } }),
      { code: "configuration" },
      String(prefix),
    );
});
