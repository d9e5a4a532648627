// `keywright host`: listing and forgetting, on real files.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { hostMemory } from "../../src/account/host-memory.ts";
import { addHost } from "../../src/cli/host.ts";

const home = mkdtempSync(join(tmpdir(), "keywright-host-"));
after(() => rmSync(home, { recursive: true, force: true }));

async function run(...argv: readonly string[]): Promise<{ out: string; err: string }> {
  let out = "";
  let err = "";
  const program = new Command().exitOverride();
  const context = { env: {}, home, clock: { now: () => 0 } };
  addHost(program, { ...context, out: (text) => void (out += text), err: (text) => void (err += text) });
  await program.parseAsync(argv, { from: "user" });
  return { out, err };
}

test("host list and host forget", async () => {
  assert.deepEqual(await run("host", "list"), { out: "", err: "no host is remembered\n" });
  assert.deepEqual(await run("host", "list", "--json"), { out: "[]\n", err: "" });
  hostMemory(home).keep("https://menda.example", { issuer: "x" }, 1_800_000_000.9);
  hostMemory(home).keep("https://old.example", null, 1_800_000_060);
  assert.equal(
    (await run("host", "list")).out,
    "https://menda.example  metadata since 2027-01-15 08:00, asked 2027-01-15 08:00\n" +
      "https://old.example  no metadata, asked 2027-01-15 08:01\n",
  );
  assert.deepEqual(JSON.parse((await run("host", "list", "--json")).out), [
    {
      host: "https://menda.example",
      metadata_since: 1_800_000_000,
      asked_at: 1_800_000_000,
      said_menda: false,
    },
    { host: "https://old.example", metadata_since: null, asked_at: 1_800_000_060, said_menda: false },
  ]);
  assert.deepEqual(await run("host", "forget", "https://menda.example/"), {
    out: "",
    err: "forgotten: https://menda.example\n",
  });
  assert.deepEqual(
    hostMemory(home)
      .list()
      .map(({ host }) => host),
    ["https://old.example"],
  );
  assert.equal(hostMemory(home).hadMetadata("https://menda.example"), false);
  await assert.rejects(run("host", "forget", "menda.example"), { code: "not_found" });
});

test("host menda keeps what the user said, until it is forgotten", async () => {
  const said = await run("host", "menda", "https://gateway.example/");
  assert.deepEqual(said, { out: "", err: "noted: https://gateway.example speaks the menda form\n" });
  assert.match((await run("host", "list")).out, /^https:\/\/gateway\.example {2}menda form, as you said$/m);
  await assert.rejects(run("host", "menda", "gateway.example"), { code: "usage" });
  await run("host", "forget", "https://gateway.example");
  assert.equal(hostMemory(home).saidMenda("https://gateway.example"), false);
});
