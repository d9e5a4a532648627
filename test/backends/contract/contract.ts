// The contract that every backend of secrets passes, run by `secretBackendContract(name, makePlace, …)`. A place is a
// backend with a store that the suite may fill; a case that a backend cannot have is proved to be none, with the reason
// in the test's name.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { CLIENT_BACKENDS, optionChecks } from "../../../src/all-backends.ts";
import { KeywrightError } from "../../../src/errors.ts";
import { CONTEXT, forged, located, refOf, registryLocation } from "./locations.ts";
import { ROOT, type Case, type Differences, type Place, type Variant } from "./place.ts";

export { ROOT, type Differences, type Instead, type Place, type Variant } from "./place.ts";

export function secretBackendContract(
  name: string,
  makePlace: () => Place | Promise<Place>,
  { instead = {}, whenLocked = "locked", timedOutSays = /./ }: Differences = {},
): void {
  let place: Place;
  const planted: string[] = [];

  const put = async (path: string, value: string | Uint8Array): Promise<void> => {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    const text = Buffer.from(bytes).toString();
    if (text.trim().length >= 4) planted.push(text.trim());
    await place.put(path, bytes);
  };
  const get = async (path: string, { backend, store }: Variant = place): Promise<string | undefined> =>
    (await backend.retrieve(located(store, path, place.refOptions), CONTEXT))?.reveal();
  const handedOut = (value: string): string => place.handedOut?.(value) ?? value;

  /** The error that it fails with; no value, root or path is in it, wherever it is printed. */
  async function refusal(work: Promise<unknown>): Promise<KeywrightError> {
    const outcome = await work.then(
      (answer) => answer,
      (thrown: unknown) => thrown,
    );
    assert.ok(outcome instanceof KeywrightError, `not refused: ${inspect(outcome)}`);
    const printed = inspect(outcome, { depth: 9, showHidden: true, maxStringLength: null }) + outcome.hint;
    for (const value of [...planted, ROOT]) assert.ok(!printed.includes(value), `an error holds '${value}'`);
    return outcome;
  }

  function one(title: Case, work: () => Promise<void>): void {
    const other = instead[title];
    if (other === undefined) test(title, work);
    else test(`${title}: ${other.because}`, () => other.proof(place));
  }

  describe(`${name} keeps the contract of secrets`, () => {
    before(async () => {
      place = await makePlace();
      assert.equal(place.store.root, ROOT);
    });
    after(async () => {
      const started = place.argv?.();
      await place.close?.();
      for (const value of planted)
        assert.ok(!JSON.stringify(started ?? []).includes(value), `an argument holds '${value}'`);
    });

    test("it is in the table of backends, and checks the options that stores and refs give it", async () => {
      assert.ok((CLIENT_BACKENDS as readonly string[]).includes(place.store.backend));
      const checks = await optionChecks();
      checks.checkStore(place.store);
      checks.checkRef(refOf(place.store, "a", place.refOptions), place.store);
      const wrong = { ...place.store, options: { ...place.store.options, no_such_option: 1 } };
      assert.throws(() => checks.checkStore(wrong), { code: "configuration", message: /no_such_option/ });
      assert.throws(() => checks.checkRef(refOf(place.store, "a", { no_such_option: 1 }), place.store), {
        code: "configuration",
        message: /no_such_option/,
      });
    });

    test("a value", async () => {
      await put(`${ROOT}/team/api_key`, "v-0123456789");
      assert.equal(await get("team/api_key"), handedOut("v-0123456789"));
    });

    one("an empty value", async () => {
      await put(`${ROOT}/empty`, "");
      assert.equal(await get("empty"), handedOut(""));
    });

    test("a newline at the end, several of them, spaces around, and more than one line", async () => {
      const values = [
        "line-one\n",
        "line-one\n\n",
        "  two leading, two trailing  ",
        "first one\nuser: bob\n",
      ];
      for (const [at, value] of values.entries()) {
        await put(`${ROOT}/lines/l${at}`, value);
        assert.equal(await get(`lines/l${at}`), handedOut(value));
      }
    });

    one("a value of 1 MB", async () => {
      const value = `begin-${"x".repeat(999_990)}-end`;
      await put(`${ROOT}/large`, value);
      assert.ok((await get("large")) === handedOut(value));
    });

    one("a binary value", async () => {
      await put(`${ROOT}/binary`, Uint8Array.of(0xff, 0xfe, 0x80, 0x41, 0xc3));
      const error = await refusal(get("binary"));
      assert.equal(error.code, "backend");
      assert.match(error.message, /UTF-8|no text/);
    });

    test("unicode, in the value and in the name", async () => {
      const value = "pä§wörd-é中🔑-e\u0301";
      await put(`${ROOT}/schlüssel/中`, value);
      assert.equal(await get("schlüssel/中"), handedOut(value));
    });

    one("a name that begins with -", async () => {
      for (const path of ["-o", "team/-c", "--help"]) {
        assert.equal((await refusal(get(path))).code, "configuration", path);
        await refusal(place.backend.retrieve(forged(place.store, path, place.refOptions), CONTEXT));
      }
      await put(`${ROOT}/team/a-o`, "dash-inside");
      assert.equal(await get("team/a-o"), handedOut("dash-inside"));
    });

    one("a folder", async () => {
      await put(`${ROOT}/folder/inside`, "in-the-folder");
      const error = await refusal(get("folder"));
      assert.equal(error.code, "backend");
      assert.match(error.message, /folder/);
      assert.notEqual(error.hint, undefined);
    });

    test("a path that climbs out of its root", async () => {
      await put("mxm/black/only_in_black", "black-secret");
      for (const path of [
        "../black/only_in_black",
        "a/../../black/only_in_black",
        "/mxm/black",
        "a//b",
        "./a",
      ])
        assert.equal((await refusal(get(path))).code, "configuration", path);
      for (const path of [`${ROOT}/../black/only_in_black`, "../mxm/black/only_in_black", "/etc/passwd"]) {
        const location = forged(place.store, path, place.refOptions);
        assert.equal((await refusal(place.backend.retrieve(location, CONTEXT))).code, "configuration", path);
      }
    });

    test("a value that is missing, also below one that is there", async () => {
      await put(`${ROOT}/there`, "is-there");
      assert.equal(await get("nope"), undefined);
      assert.equal(await get("no/such/folder"), undefined);
      assert.equal(await get("there/below"), undefined);
    });

    one("a store that is locked", async () => {
      await put(`${ROOT}/shut`, "shut-away");
      assert.ok(place.locked, "the place has no `locked`");
      const error = await refusal(get("shut", await place.locked()));
      assert.equal(error.code, whenLocked);
      assert.notEqual(error.hint, undefined);
    });

    one("an answer that takes too long", async () => {
      assert.ok(place.hanging, "the place has no `hanging`");
      const error = await refusal(get("hangs", await place.hanging()));
      assert.equal(error.code, "timed_out");
      assert.match(error.message, timedOutSays);
      assert.notEqual(error.hint, undefined);
      // A signal is on its way for a moment; what it does not reach stays.
      const until = performance.now() + 5000;
      const running = (): readonly number[] => place.running?.() ?? [];
      while (running().length > 0 && performance.now() < until) await new Promise(setImmediate);
      assert.deepEqual(running(), [], "something still runs");
    });

    one("a program that is absent", async () => {
      assert.ok(place.absent, "the place has no `absent`");
      const absent = await place.absent();
      const error = await refusal(get("team/api_key", absent));
      assert.ok(["backend", "network"].includes(error.code), error.code);
      assert.notEqual(error.hint, undefined);
      await refusal(absent.backend.check(absent.store));
    });

    test("many questions at once, each with its own answer", async () => {
      const names = Array.from({ length: 12 }, (_, at) => `many/m${at}`);
      for (const path of names) await put(`${ROOT}/${path}`, `value-of-${path}`);
      assert.deepEqual(await Promise.all([...names, "many/none"].map((path) => get(path))), [
        ...names.map((path) => handedOut(`value-of-${path}`)),
        undefined,
      ]);
    });

    test("check: ready, and no value is in what it says", async () => {
      await place.backend.check(place.store);
    });

    test("a registry's address is no place for a secret", async () => {
      const error = await refusal(place.backend.retrieve(registryLocation(place.store), CONTEXT));
      assert.equal(error.code, "configuration");
    });
  });
}
