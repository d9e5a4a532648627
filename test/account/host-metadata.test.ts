// Which form is spoken to a host: every answer that is an error, and never a reason to fall back to the older form.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { CloudOptions } from "../../src/account/cloud.ts";
import { registryToken } from "../../src/account/cloud.ts";
import { hostMemory } from "../../src/account/host-memory.ts";
import { hostMetadata } from "../../src/account/host-metadata.ts";
import { createHttp } from "../../src/io/http.ts";
import { response } from "../io/servers.ts";
import {
  NOW,
  REGISTRY,
  QUESTION,
  folder,
  asked,
  json,
  cloud,
  METADATA,
  MENDA_TOKEN,
  MENDA_REGISTRY,
  mendaRows,
  standardRows,
  machine,
  options,
  failure,
  tidy,
} from "./menda-cloud.ts";

after(tidy);

test("the host's answer is remembered for a day, in either form", async () => {
  for (const rows of [(): Record<string, string> => mendaRows, (own: string) => standardRows(own)]) {
    const { host, seen } = await cloud(rows);
    const home = folder();
    const times = [NOW, NOW + 86_399, NOW + 86_400, NOW - 1];
    const counts = [];
    for (const now of times) {
      await registryToken(machine(host), QUESTION, options(hostMemory(home), { now }));
      counts.push(seen.splice(0).filter((each) => asked(each) === METADATA).length);
    }
    assert.deepEqual(counts, [1, 0, 1, 1]);
  }
});

// Each row: what the host answers to the question for its metadata, and what the error says.
const notMetadata: readonly (readonly [string, string | undefined, RegExp])[] = [
  ["500", json(500, {}), /answered HTTP 500 when asked for its OAuth metadata/],
  ["503", response(503, ""), /answered HTTP 503/],
  ["401", json(401, {}), /answered HTTP 401/],
  ["403", json(403, {}), /answered HTTP 403/],
  ["redirect", response(302, "", "Location: /elsewhere"), /answered HTTP 302/],
  ["204", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", /answered HTTP 204/],
  ["HTML", response(200, "<html>log in</html>"), /is not JSON/],
  ["empty", response(200, ""), /is not JSON/],
  ["array", json(200, []), /is not a JSON object/],
  ["null", response(200, "null"), /is not a JSON object/],
  ["no issuer", json(200, {}), /names no issuer/],
  [
    "foreign issuer",
    json(200, { issuer: "https://evil.example" }),
    /says its issuer is https:\/\/evil\.example/,
  ],
  ["issuer is not text", json(200, { issuer: 1 }), /names no issuer/],
  ["silence", undefined, /no answer from http:\/\/127\.0\.0\.1:[0-9]+ within 0\.3 s/],
  ["hang-up", "", /cannot reach http:\/\/127\.0\.0\.1:[0-9]+/],
];

test("anything but metadata, 404 or 410 is an error, and no credential is sent", async () => {
  for (const [name, answer, said] of notMetadata) {
    const { host, seen } = await cloud(() => ({ ...mendaRows, [METADATA]: answer }));
    const home = folder();
    const http = createHttp({ env: {}, clock: { now: () => NOW }, requestTimeout: 0.3 });
    for (const _ of [1, 2])
      assert.match((await failure(machine(host), options(hostMemory(home), { http }))).message, said, name);
    assert.deepEqual(seen.map(asked), [METADATA, METADATA], name);
    assert.deepEqual(hostMemory(home).list(), [], name);
  }
});

test("endpoints on another origin, another port, or that are no address, are an error", async () => {
  const foreign = [
    "https://evil.example/t",
    "http://127.0.0.1:1/t",
    "http://localhost/t",
    "//evil.example/t",
    "/oauth2/token",
    "",
    7,
    null,
  ];
  for (const name of [
    "token_endpoint",
    "keywright_registry_endpoint",
    "keywright_whoami_endpoint",
    "authorization_endpoint",
    "device_authorization_endpoint",
    "revocation_endpoint",
  ]) {
    for (const value of foreign) {
      const { host, seen } = await cloud((own) => standardRows(own, { [name]: value }));
      const error = await failure(machine(host), options());
      assert.match(error.message, new RegExp(`has a ${name} (on another origin|that is not a URL)`));
      assert.deepEqual(seen.map(asked), [METADATA]);
    }
  }
  const userinfo = await cloud((own) =>
    standardRows(own, { token_endpoint: `${own.replace("//", "//x@")}/t` }),
  );
  assert.match((await failure(machine(userinfo.host), options())).message, /not a URL/);
  const slash = await cloud((own) => standardRows(own, { issuer: `${own}/` }));
  assert.match((await failure(machine(slash.host), options())).message, /says its issuer is/);
});

test("RFC 8414 §2: what metadata says of a login, and what holds when it does not say it", async () => {
  const read = async (changes: object) => {
    const { host } = await cloud((own) => standardRows(own, { ...changes, issuer: own }));
    const { http } = options();
    const question = {
      host,
      http,
      memory: hostMemory(undefined),
      now: NOW,
      deadline: undefined,
      required: true,
    };
    const found = await hostMetadata(question);
    const { dpop, saysIssuer, grantTypes, scopes, deviceEndpoint } = found ?? assert.fail("none");
    return { dpop, saysIssuer, grantTypes, scopes, deviceEndpoint };
  };
  const nothing = { dpop: false, saysIssuer: false, scopes: undefined, deviceEndpoint: undefined };
  assert.deepEqual(await read({}), { ...nothing, grantTypes: ["authorization_code", "implicit"] });
  const said = {
    dpop_signing_alg_values_supported: ["EdDSA", "ES256"],
    authorization_response_iss_parameter_supported: true,
    grant_types_supported: ["refresh_token", 7],
    scopes_supported: ["registry"],
  };
  assert.deepEqual(await read(said), {
    dpop: true,
    saysIssuer: true,
    grantTypes: ["refresh_token"],
    scopes: ["registry"],
    deviceEndpoint: undefined,
  });
  const odd = {
    dpop_signing_alg_values_supported: "ES256",
    grant_types_supported: null,
    scopes_supported: {},
  };
  assert.deepEqual(await read(odd), { ...nothing, grantTypes: [], scopes: [] });
});

test("metadata without a token endpoint: an error for a machine, not a fallback", async () => {
  const { host, seen } = await cloud((own) => standardRows(own, { token_endpoint: undefined }));
  assert.match((await failure(machine(host), options())).message, /has no token_endpoint/);
  assert.equal(seen.length, 1);
});

test("a host once seen with metadata never falls back, until it is forgotten", async () => {
  let withdrawn = false;
  const { host, seen } = await cloud((own) => (withdrawn ? mendaRows : standardRows(own)));
  const home = folder();
  const later = (days: number): CloudOptions => options(hostMemory(home), { now: NOW + days * 86_400 });
  await registryToken(machine(host), QUESTION, later(0));
  assert.deepEqual(hostMemory(home).list(), [{ host, metadataSince: NOW, askedAt: NOW, saidMenda: false }]);
  withdrawn = true;
  seen.splice(0);
  for (const days of [1, 40]) {
    const error = await failure(machine(host), later(days));
    assert.match(error.message, /had OAuth metadata before and answers HTTP 404 for it now$/);
    assert.match(error.hint ?? "", new RegExp(`keywright host forget ${host}$`));
  }
  hostMemory(home).keep(host, null, NOW + 2 * 86_400); // a cache that says otherwise does not count
  await failure(machine(host), later(2));
  rmSync(join(home, ".cache"), { recursive: true });
  await failure(machine(host), later(2));
  assert.deepEqual(new Set(seen.map(asked)), new Set([METADATA]));
  assert.equal(hostMemory(home).forget(host), true);
  assert.equal(hostMemory(home).forget(host), false);
  assert.equal((await registryToken(machine(host), QUESTION, later(2))).reveal(), REGISTRY);
});

test("protocol: the user may say which form", async () => {
  const both = await cloud((own) => standardRows(own));
  await registryToken(machine(both.host), QUESTION, options(undefined, { protocol: "menda" }));
  assert.deepEqual(
    both.seen.map((each) => asked(each).split("?")[0]),
    [MENDA_TOKEN, MENDA_REGISTRY],
  );
  const menda = await cloud(() => mendaRows);
  const home = folder();
  await registryToken(machine(menda.host), QUESTION, options(hostMemory(home)));
  menda.seen.splice(0);
  const error = await failure(machine(menda.host), options(hostMemory(home), { protocol: "standard" }));
  assert.match(error.message, /has no OAuth metadata \(HTTP 404\)/);
  assert.deepEqual(menda.seen.map(asked), [METADATA]);
});

test("a home that cannot be written costs only the next question; one that others can write is refused", async () => {
  const { host, seen } = await cloud((own) => standardRows(own));
  const file = join(folder(), "no-folder");
  writeFileSync(file, "");
  const none = options(hostMemory(file));
  for (const _ of [1, 2]) await registryToken(machine(host), QUESTION, none);
  assert.equal(seen.filter((each) => asked(each) === METADATA).length, 2);
  const home = folder();
  const open = join(home, ".cache", "keywright", "hosts");
  mkdirSync(open, { recursive: true });
  chmodSync(open, 0o777);
  const error = await failure(machine(host), options(hostMemory(home)));
  assert.deepEqual(
    [error.code, /can be written by other users/.test(error.message)],
    ["configuration", true],
  );
});
