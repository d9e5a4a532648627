// The menda cloud client against real loopback servers: what it sends byte by byte, and what it says of each answer.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { registryToken } from "../../src/account/cloud.ts";
import { MendaCloudAPIError } from "../../src/errors.ts";
import { header, response } from "../io/servers.ts";
import {
  ACCESS,
  CLIENT_SECRET,
  LOGIN,
  MENDA_REGISTRY,
  MENDA_TOKEN,
  METADATA,
  NOW,
  QUESTION,
  QUOTED_SECRET,
  REGISTRY,
  asked,
  cloud,
  failure,
  folder,
  json,
  machine,
  mendaRows,
  options,
  sentBy,
  standardRows,
  tidy,
  user,
} from "./menda-cloud.ts";
import { hostMemory } from "../../src/account/host-memory.ts";

after(tidy);

test("after a definite 404 or 410: exactly the requests of menda-keyring", async () => {
  for (const status of [404, 410]) {
    const { host, seen } = await cloud(() => ({ ...mendaRows, [METADATA]: json(status, {}) }));
    const secret = await registryToken(machine(host), QUESTION, options());
    assert.deepEqual([secret.reveal(), secret.username, secret.expiresAt], [REGISTRY, undefined, undefined]);
    const [metadata, token, registry] = seen;
    assert.equal(seen.length, 3);
    assert.equal(metadata?.lines[0], `${METADATA} HTTP/1.1`);
    const query = `grant_type=client_credentials&client_id=id%3A1+a&client_secret=${QUOTED_SECRET}`;
    assert.deepEqual(token, {
      lines: [`${MENDA_TOKEN}?${query} HTTP/1.1`, ...sentBy(host), "Content-Length: 0"],
      body: "",
    });
    const own = [
      `authorizationToken: Bearer ${ACCESS}`,
      "Content-Type: application/json",
      "Content-Length: 0",
    ];
    assert.deepEqual(registry, { lines: [`${MENDA_REGISTRY} HTTP/1.1`, ...sentBy(host), ...own], body: "" });
  }
});

test("a cached login is used as it is, without an exchange", async () => {
  const { host, seen } = await cloud(() => mendaRows);
  for (const account of [user(host), machine(host, LOGIN)]) {
    await registryToken(account, QUESTION, options());
    assert.deepEqual(seen.splice(0).map(asked), [METADATA, MENDA_REGISTRY]);
  }
  const standard = await cloud((own) => ({ ...mendaRows, ...standardRows(own) }));
  await registryToken(user(standard.host), QUESTION, options());
  // What is in the shared cache, a login of the menda form wrote there.
  assert.deepEqual(standard.seen.splice(0).map(asked), [METADATA, MENDA_REGISTRY]);
  await registryToken(user(standard.host), QUESTION, { ...options(), protocol: "standard" });
  const [registry] = standard.seen.filter((one) => asked(one) === "POST /api/v1/registry/token");
  assert.equal(header(registry!, "authorization"), `Bearer ${LOGIN}`);
});

test("with metadata: the standard form, and nothing secret in an address", async () => {
  const { host, seen } = await cloud((own) => standardRows(own));
  const secret = await registryToken(machine(host), QUESTION, options());
  assert.deepEqual([secret.reveal(), secret.username, secret.expiresAt], [REGISTRY, "aws", NOW + 900]);
  assert.deepEqual(seen.map(asked), [METADATA, "POST /oauth2/token", "POST /api/v1/registry/token"]);
  const [, token, registry] = seen;
  const basic = Buffer.from(`id%3A1+a:${QUOTED_SECRET}`).toString("base64");
  assert.equal(header(token!, "authorization"), `Basic ${basic}`);
  assert.equal(header(token!, "content-type"), "application/x-www-form-urlencoded");
  assert.equal(token?.body, "grant_type=client_credentials");
  assert.equal(header(registry!, "authorization"), `Bearer ${ACCESS}`);
  assert.equal(header(registry!, "content-type"), "application/json");
  assert.deepEqual(JSON.parse(registry?.body ?? ""), QUESTION);
});

test("metadata without a registry endpoint: standard token, menda registry step", async () => {
  const { host, seen } = await cloud((own) => standardRows(own, { keywright_registry_endpoint: undefined }));
  await registryToken(machine(host), QUESTION, options());
  assert.deepEqual(seen.map(asked), [METADATA, "POST /oauth2/token", MENDA_REGISTRY]);
  assert.equal(header(seen[2]!, "authorizationToken"), `Bearer ${ACCESS}`);
});

test("a gateway that answers 403 is an error whose way out is one command, until it is forgotten", async () => {
  const gateway = json(403, { message: "Missing Authentication Token" });
  const { host, seen } = await cloud(() => ({ ...mendaRows, [METADATA]: gateway }));
  const memory = hostMemory(folder());
  const refused = await failure(machine(host), options(memory));
  assert.match(refused.hint ?? "", new RegExp(`keywright host menda ${host}$`));
  assert.deepEqual(seen.map(asked), [METADATA]);
  memory.sayMenda(host, NOW);
  await registryToken(machine(host), QUESTION, options(memory));
  assert.deepEqual(
    seen.slice(1).map((each) => asked(each).split("?")[0]),
    [MENDA_TOKEN, MENDA_REGISTRY],
  );
  assert.equal(memory.hadMetadata(host), false);
  assert.ok(memory.forget(host));
  await failure(machine(host), options(memory));
});

test("what the user said of a host holds also for one that had metadata", async () => {
  const { host, seen } = await cloud((own) => standardRows(own));
  const memory = hostMemory(folder());
  await registryToken(machine(host), QUESTION, options(memory));
  assert.equal(memory.hadMetadata(host), true);
  memory.sayMenda(host, NOW);
  await registryToken(machine(host), QUESTION, options(memory));
  assert.equal(asked(seen.at(-1)!), MENDA_REGISTRY);
  await registryToken(machine(host), QUESTION, options(memory, { protocol: "standard" }));
  assert.equal(asked(seen.at(-1)!), "POST /api/v1/registry/token");
});

test("a host with a path: the well-known part goes before it (RFC 8414 §3.1)", async () => {
  const { host, seen } = await cloud(() => ({}), "/menda/eu");
  await failure(machine(host), options());
  assert.deepEqual(
    seen.map((each) => asked(each).split("?")[0]),
    [`${METADATA}/menda/eu`, "POST /menda/eu/api/v1/auth/oauth2/token"],
  );
});

test("expires_at: seconds, a date, or an error", async () => {
  const rows = [
    [NOW + 60, NOW + 60],
    [NOW + 60.9, NOW + 60],
    ["2027-01-15T08:01:00Z", 1_800_000_060],
    [null, undefined],
  ] as const;
  for (const [said, understood] of rows) {
    const { host } = await cloud((own) => ({
      ...standardRows(own),
      "POST /api/v1/registry/token": json(200, { token: "t", expires_at: said }),
    }));
    assert.equal((await registryToken(machine(host), QUESTION, options())).expiresAt, understood);
  }
  for (const said of ["soon", true, {}]) {
    const { host } = await cloud((own) => ({
      ...standardRows(own),
      "POST /api/v1/registry/token": json(200, { token: "t", expires_at: said }),
    }));
    assert.match((await failure(machine(host), options())).message, /expires_at that is no time/);
  }
});

test("an error of the standard form is final", async () => {
  for (const path of ["POST /oauth2/token", "POST /api/v1/registry/token"]) {
    for (const status of [400, 401, 403, 404, 410, 500]) {
      const { host, seen } = await cloud((own) => ({
        ...standardRows(own),
        [path]: json(status, { error: "x", error_description: "y" }),
      }));
      const error = await failure(machine(host), options());
      assert.ok(error instanceof MendaCloudAPIError);
      assert.equal(error.statusCode, status);
      assert.equal(error.message, `${host} answered ${path.slice(6)}: y (HTTP ${status}, x)`);
      assert.ok(seen.every((each) => !asked(each).includes("/api/v1/auth/")));
    }
  }
});

test("the errors of the original, with our own secrets taken out of what they quote", async () => {
  const { host } = await cloud(() => ({ [MENDA_TOKEN]: response(401, "x".repeat(900)) }));
  const long = await failure(machine(host), options());
  assert.ok(long instanceof MendaCloudAPIError);
  assert.deepEqual(
    [long.message, long.statusCode, long.code],
    [`oauth2/token returned HTTP 401: ${"x".repeat(800)}`, 401, "authentication"],
  );
  assert.match(long.hint ?? "", /client id and secret of the profile ci/);

  const echo = `${"x".repeat(790)}${CLIENT_SECRET} ${QUOTED_SECRET} ${encodeURIComponent(CLIENT_SECRET)} ${JSON.stringify(CLIENT_SECRET)}`;
  const echoing = await cloud(() => ({ [MENDA_TOKEN]: response(422, echo) }));
  assert.equal(
    (await failure(machine(echoing.host), options())).message,
    `oauth2/token returned HTTP 422: ${"x".repeat(790)}[secret] [`,
  );
  const echoed = await cloud(() => ({ [MENDA_TOKEN]: response(422, echo.slice(790)) }));
  assert.equal(
    (await failure(machine(echoed.host), options())).message,
    'oauth2/token returned HTTP 422: [secret] [secret] [secret] "[secret]"',
  );

  const registry = await cloud(() => ({
    ...mendaRows,
    [MENDA_REGISTRY]: response(500, `no ${ACCESS} ${CLIENT_SECRET}`),
  }));
  const refused = await failure(machine(registry.host), options());
  assert.deepEqual(
    [refused.message, refused.code],
    ["registry/token returned HTTP 500: no [secret] [secret]", "backend"],
  );
  const login = await cloud(() => ({ [MENDA_REGISTRY]: response(403, `no ${LOGIN}`) }));
  const denied = await failure(user(login.host), options());
  assert.equal(denied.message, "registry/token returned HTTP 403: no [secret]");
  assert.match(denied.hint ?? "", /keywright auth login --profile me/);
  const redirect = await cloud(() => ({ [MENDA_TOKEN]: response(307, "", "Location: /x") }));
  assert.equal(
    (await failure(machine(redirect.host), options())).message,
    "oauth2/token returned HTTP 307: ",
  );
});

test("a success without the token is an error that says so", async () => {
  const bodies = ["", "<html>", "[]", "null", "{}", '{"access_token":""}', '{"access_token":null,"token":7}'];
  for (const body of bodies) {
    const first = await cloud(() => ({ [MENDA_TOKEN]: response(200, body) }));
    assert.match(
      (await failure(machine(first.host), options())).message,
      /^the answer of oauth2\/token (is not a JSON object|has no access_token)$/,
    );
    const second = await cloud(() => ({ ...mendaRows, [MENDA_REGISTRY]: response(200, body) }));
    assert.match(
      (await failure(machine(second.host), options())).message,
      /^the answer of registry\/token (is not a JSON object|has no token)$/,
    );
  }
});

test("a host that is no https address", async () => {
  const hosts = [
    "menda.example",
    "menda.example:443",
    "http://menda.example",
    "ftp://127.0.0.1",
    "https://u:canary@menda.example",
    "https://menda.example?x",
    "",
  ];
  for (const host of hosts) {
    for (const protocol of ["auto", "menda"] as const) {
      if (protocol === "menda" && host.endsWith("?x")) continue;
      assert.equal(
        (await failure(machine(host), options(undefined, { protocol }))).code,
        "configuration",
        `${host} ${protocol}`,
      );
    }
  }
});
