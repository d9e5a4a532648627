import assert from "node:assert/strict";
import { test } from "node:test";
import { identityAs } from "../../src/cli/as-identity.ts";
import { wantedOf } from "../../src/cli/run-variables.ts";

const known = (value: string, attestation: "asserted" | "discovered" | "verified") => ({
  value,
  attestation,
});
const OWN = {
  role: known("me", "asserted"),
  environment: known("dev", "asserted"),
  machine: known("here", "discovered"),
};

test("--as says role, environment and machine; the rest is our own", () => {
  assert.deepEqual(identityAs({ as: "ops@prod/bridge", app: "cron" }, OWN), {
    role: known("ops", "asserted"),
    environment: known("prod", "asserted"),
    machine: known("bridge", "discovered"),
    app: known("cron", "asserted"),
    substrate: undefined,
  });
  assert.equal(identityAs({ as: "ops" }, OWN).environment?.value, "dev");
  assert.equal(identityAs({}, OWN).role?.value, "me");
  assert.equal(identityAs({ as: "ops@prod", attestation: "verified" }, OWN).machine?.attestation, "verified");
});

test("another form is a usage error", () => {
  for (const as of ["", "Ops", "ops@", "ops@a/b/c", "ops/bridge", "ops@a b", "market-data@prod"])
    assert.throws(() => identityAs({ as }, OWN), { code: "usage" }, as);
});

test("a secret becomes the variable of its name, or the one that is named", () => {
  assert.deepEqual(wantedOf(["databento_api_key", "broker=PGPASSWORD"]), [
    { name: "databento_api_key", variable: "DATABENTO_API_KEY" },
    { name: "broker", variable: "PGPASSWORD" },
  ]);
});

test("no two secrets become one variable, and none becomes PATH unless it is said", () => {
  assert.throws(() => wantedOf(["a", "b=A"]), { code: "usage", message: /the variable A$/ });
  for (const name of ["path", "home", "ld_preload", "node_options", "pythonpath", "keywright_config"])
    assert.throws(() => wantedOf([name]), { code: "usage", message: /decides how programs run/ }, name);
  assert.deepEqual(wantedOf(["path=PATH"]), [{ name: "path", variable: "PATH" }]);
  for (const bad of ["a=", "a=1B", "a=B C", "a=B=C"])
    assert.throws(() => wantedOf([bad]), { code: "usage" }, bad);
});
