import assert from "node:assert/strict";
import { Command } from "commander";
import { test, type TestContext } from "node:test";
import { addConfig } from "../../src/cli/config.ts";
import { asKeywrightError } from "../../src/errors.ts";
import { placeFor, type Place } from "../config/place.ts";

async function run(
  place: Place,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  let text = "";
  const context = {
    env: { AWS_EC2_METADATA_DISABLED: "true", ...env },
    home: place.home,
    clock: { now: () => 0 },
    out: (more: string) => void (text += more),
    err: (more: string) => assert.fail(more),
  };
  const program = new Command("keywright").exitOverride().configureOutput({ writeOut: context.out });
  addConfig(program, context, place.etc);
  await program.parseAsync(["config", ...words], { from: "user" });
  return text;
}

function companyPlace(t: TestContext): Place {
  const place = placeFor(t);
  place.write(
    place.etc,
    `locked: [refs.index]
stores: { menda: { backend: menda } }
refs:
  index: { store: menda, match: a.example, policy: registries }
policies:
  registries: { allowed_principals: [staff] }
`,
  );
  place.write(
    place.user,
    "identity:\n  role: staff\npolicies: { mine: { deny: [ { name: d, apps: [x, y] } ] } }\n",
  );
  return place;
}

test("config show --origin says for every value which file and line it comes from, and what is locked", async (t) => {
  const place = companyPlace(t);
  assert.equal(
    await run(place, ["show", "--origin"]),
    `identity:
  role: staff # ${place.user}:2
  environment: dev # built-in configuration
  app: shell # built-in configuration
audit:
  sink: file # built-in configuration
locked: [ refs.index ] # ${place.etc}:1
stores:
  menda:
    backend: menda # ${place.etc}:2 (locked)
refs:
  index:
    store: menda # ${place.etc}:4 (locked)
    match: a.example # ${place.etc}:4 (locked)
    policy: registries # ${place.etc}:4 (locked)
policies:
  registries:
    allowed_principals: [ staff ] # ${place.etc}:6 (locked)
  mine:
    deny:
      - name: d # ${place.user}:3
        apps: [ x, y ] # ${place.user}:3
`,
  );
});

test("config show prints YAML that can be read again, and JSON", async (t) => {
  const place = companyPlace(t);
  const shown = await run(place, ["show"]);
  assert.ok(!shown.includes("#"));
  const again = placeFor(t);
  again.write(again.etc, shown);
  assert.equal(await run(again, ["show"]), shown);
  const values = JSON.parse(await run(place, ["show", "--json"])) as { identity: { role: string } };
  assert.equal(values.identity.role, "staff");
  const { origins } = JSON.parse(await run(place, ["show", "--json", "--origin"])) as {
    origins: Record<string, unknown>;
  };
  assert.deepEqual(origins["identity.role"], { file: place.user, line: 2 });
  assert.equal(origins["identity.app"], "built-in");
});

test("config show --origin says which built-in configuration holds and why, unless a file names refs", async (t) => {
  const aws = await run(placeFor(t), ["show", "--origin"], { AWS_PROFILE: "p" });
  assert.match(
    aws,
    /^# no file names stores, refs or policies: the built-in configuration for aws holds, as AWS_PROFILE is set\nidentity:/,
  );
  assert.match(aws, /codeartifact_dualstack:\n {4}store: aws # built-in configuration\n/);
  assert.ok(!(await run(placeFor(t), ["show"], { AWS_PROFILE: "p" })).includes("#"));
  assert.match(await run(companyPlace(t), ["show", "--origin"], { AWS_PROFILE: "p" }), /^identity:/);
  const json = async (place: Place, env?: Record<string, string>): Promise<unknown> =>
    (JSON.parse(await run(place, ["show", "--json", "--origin"], env)) as { built_in: unknown }).built_in;
  assert.deepEqual(await json(placeFor(t), { MENDA_HOST: "h", AWS_PROFILE: "p" }), {
    name: "menda",
    reason: "MENDA_HOST is set",
  });
  assert.equal(await json(companyPlace(t)), null);
});

test("config check says ok, or throws what is wrong", async (t) => {
  const place = companyPlace(t);
  assert.equal(
    await run(place, ["check"]),
    `ok: ${place.etc}, ${place.user} (refs: 1, stores: 1, policies: 2)\n`,
  );
  assert.match(
    await run(placeFor(t), ["check"]),
    /^ok: no file, the built-in configuration for menda holds, as there is neither/,
  );
  assert.deepEqual(JSON.parse(await run(place, ["check", "--json"])), {
    ok: true,
    files: [place.etc, place.user],
    refs: 1,
    stores: 1,
    policies: 2,
  });
  assert.match(await run(place, ["check", place.etc]), /^ok: .*etc\/config.yaml \(/);
  place.write(place.user, "polices: {}\n");
  const rejected = async (words: readonly string[]) =>
    asKeywrightError(await run(place, words).catch((error: unknown) => error));
  assert.equal(
    (await rejected(["check"])).message,
    `${place.user}:1: unknown key 'polices' in configuration`,
  );
  assert.equal((await rejected(["check", "--broker"])).code, "usage");
});

test("config check --broker checks a broker's file", async (t) => {
  const place = placeFor(t);
  place.write(place.named, "principals: [ci]\nstores: { s: { backend: issue } }\n");
  assert.match(await run(place, ["check", "--broker", place.named]), /^ok: /);
  await assert.rejects(
    run(place, ["check", place.named]),
    /principals.* belongs to the configuration of a broker/,
  );
});

test("config path lists the layers in order", async (t) => {
  const place = placeFor(t);
  place.write(place.user, "");
  const env = { KEYWRIGHT_CONFIG: place.named };
  assert.equal(
    await run(place, ["path"], env),
    `${place.etc} (does not exist)\n${place.user}\n${place.named} (does not exist)\n`,
  );
  assert.deepEqual(JSON.parse(await run(place, ["path", "--json"])), [
    { name: "system", file: place.etc, exists: false },
    { name: "user", file: place.user, exists: true },
  ]);
});
