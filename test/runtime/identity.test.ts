import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { discoverIdentity, discoverMachine, discoverSubstrate } from "../../src/identity/discover.ts";
import {
  attestRuntimeIdentity,
  buildRuntimeIdentity,
  RuntimeIdentityAttestationError,
  RuntimeIdentityError,
  validateRuntimeIdentityShape,
} from "../../src/runtime/identity.ts";

const WHO = {
  app: "ledger",
  environment: "dev",
  machine: "bridge",
  substrate: "local-process",
  role: "market-data",
};
const HERE = { hostname: "bridge.a.example", exists: () => false };

test("the machine is the host name up to its first dot, in lower case", () => {
  assert.equal(discoverMachine({ hostname: "bridge.local" }), "bridge");
  assert.equal(discoverMachine({ hostname: "MONOLITH" }), "monolith");
  assert.equal(discoverMachine(), hostname().split(".")[0]?.toLowerCase());
});

test("the substrate is the first container whose mark is there, or a process", () => {
  const only = (mark: string) => discoverSubstrate({ exists: (path) => path === mark });
  assert.equal(only("/.dockerenv"), "docker-container");
  assert.equal(only("/run/.containerenv"), "podman-container");
  assert.equal(only("/var/run/secrets/kubernetes.io/serviceaccount"), "kubernetes-pod");
  assert.equal(only("/nothing"), "local-process");
  assert.equal(discoverSubstrate({ exists: () => true }), "kubernetes-pod");
});

test("the command line and the library discover the same", () => {
  const { machine, substrate } = discoverIdentity({ app: "a", environment: "b", role: "c" });
  assert.deepEqual([machine?.value, substrate?.value], [discoverMachine(), discoverSubstrate()]);
});

test("an identity is built from what is said, and from what is discovered", () => {
  const said = { app: "ledger", environment: "dev", role: "market-data" };
  assert.deepEqual(buildRuntimeIdentity(WHO, HERE), WHO);
  assert.deepEqual(buildRuntimeIdentity(said, HERE), WHO);
  assert.deepEqual(buildRuntimeIdentity({ ...said, machine: "x" }, HERE), { ...WHO, machine: "x" });
  assert.deepEqual(buildRuntimeIdentity({ ...said, substrate: "x" }, HERE), { ...WHO, substrate: "x" });
  assert.ok(Object.isFrozen(buildRuntimeIdentity(said, HERE)));
  assert.throws(() => buildRuntimeIdentity(said, { ...HERE, hostname: "" }), /empty: machine/);
});

test("every blank field is named, in one order", () => {
  const blank = { app: "", environment: " ", machine: "\t", substrate: "\n", role: "" };
  const all = /empty: app, environment, machine, substrate, role$/;
  assert.throws(
    () => validateRuntimeIdentityShape(blank),
    (error) => error instanceof RuntimeIdentityError && all.test(error.message),
  );
  for (const field of Object.keys(WHO)) {
    for (const value of ["", "  ", undefined, null, 7]) {
      const wrong = () => validateRuntimeIdentityShape({ ...WHO, [field]: value } as never);
      assert.throws(
        wrong,
        (error) => error instanceof RuntimeIdentityError && error.message.endsWith(`: ${field}`),
      );
    }
  }
  validateRuntimeIdentityShape(WHO);
});

test("attested are machine and substrate, and nothing else", () => {
  const attested = attestRuntimeIdentity(WHO, HERE);
  const how = Object.entries(attested).map(([field, known]) => [field, known?.attestation]);
  assert.deepEqual(Object.fromEntries(how), {
    app: "asserted",
    environment: "asserted",
    machine: "discovered",
    substrate: "discovered",
    role: "asserted",
  });
  assert.deepEqual(attestRuntimeIdentity({ ...WHO, machine: "Bridge" }, HERE).machine, {
    value: "bridge",
    attestation: "discovered",
  });
  attestRuntimeIdentity({ ...WHO, app: "x", environment: "y", role: "z" }, HERE);
});

test("what is not true here is refused, all of it in one sentence", () => {
  const refused = (identity: typeof WHO, form: RegExp) =>
    assert.throws(
      () => attestRuntimeIdentity(identity, HERE),
      (error) =>
        error instanceof RuntimeIdentityAttestationError &&
        error.code === "denied" &&
        form.test(error.message),
    );
  refused({ ...WHO, machine: "monolith" }, /here: machine is "bridge", not "monolith"$/);
  refused({ ...WHO, substrate: "docker" }, /here: substrate is "local-process", not "docker"$/);
  refused({ ...WHO, machine: "m", substrate: "s" }, /machine is .*; substrate is /);
});
