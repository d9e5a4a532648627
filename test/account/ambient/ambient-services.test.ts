// How each service of a runner is asked for a token: method, headers, audience; and what is made of its answers.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { header, response, type Recorded } from "../../io/servers.ts";
import { AUDIENCE, jwt, machine, program, refusal, service, type Variables } from "./ambient-place.ts";

const json = (status: number, data: unknown): string => response(status, JSON.stringify(data));
const REQUEST = "canary-request-token";
const PATH = "/api/v1/token?job=7&audience=spoofed";

const github = (url: string): Variables => ({
  GITHUB_SERVER_URL: "https://github.enterprise.example",
  ACTIONS_ID_TOKEN_REQUEST_URL: `${url}${PATH}`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST,
});

/** Nothing of ours stands in an address. */
function assertNotInAddress({ lines: [first = ""] }: Recorded, ...secrets: readonly string[]): void {
  for (const secret of secrets) assert.ok(!first.includes(secret), first);
}

test("github: GET with the audience set in the address, the request token in a header", async (t) => {
  const { url, seen } = await service(t, json(200, { count: 1, value: jwt() }));
  const found = await machine().find(github(url));
  assert.equal(found?.name, "github");
  assert.equal((await found.token(AUDIENCE)).reveal(), jwt());
  const [request] = seen;
  assert.ok(request !== undefined && seen.length === 1);
  assert.equal(request.lines[0], "GET /api/v1/token?job=7&audience=https%3A%2F%2Fbroker.example HTTP/1.1");
  assert.equal(header(request, "authorization"), `Bearer ${REQUEST}`);
  assert.equal(header(request, "accept"), "application/json; api-version=2.0");
  assert.equal(header(request, "user-agent"), "keywright");
  assertNotInAddress(request, REQUEST, jwt());
});

test("github: finding it asks nobody", async (t) => {
  const { url, seen } = await service(t, json(500, {}));
  await machine().find(github(url));
  assert.equal(seen.length, 0);
});

test("github: what may pass is tried again, what may not is not", async (t) => {
  const busy = await service(t, json(503, {}), json(429, {}), json(200, { value: jwt() }));
  const patient = machine();
  await (await patient.find(github(busy.url)))?.token(AUDIENCE);
  assert.deepEqual(patient.waits, [1, 2]);
  const down = await service(t, json(502, { message: REQUEST }));
  const error = await refusal(
    machine()
      .find(github(down.url))
      .then((found) => found?.token(AUDIENCE)),
  );
  assert.equal(down.seen.length, 4);
  assert.match(error.message, /GitHub Actions answered HTTP 502/);
  const no = await service(t, json(403, { message: REQUEST }));
  const denied = await refusal(
    machine()
      .find(github(no.url))
      .then((found) => found?.token(AUDIENCE)),
  );
  assert.deepEqual([no.seen.length, denied.code], [1, "authentication"]);
  assert.ok(!`${denied.message}${denied.hint}`.includes(REQUEST));
});

test("github: an answer without a token, and one for somebody else, are errors", async (t) => {
  const rows: readonly (readonly [string, RegExp])[] = [
    [response(200, "<html>login</html>"), /has no identity token/],
    [json(200, { count: 0 }), /has no identity token/],
    [json(200, { value: "" }), /has no identity token/],
    [json(200, null), /has no identity token/],
    [json(200, { value: jwt({ aud: "sts.amazonaws.com" }) }), /is for "sts\.amazonaws\.com", not for/],
    [response(302, "", "Location: https://evil.example/"), /answered HTTP 302/],
  ];
  for (const [answer, message] of rows) {
    const { url } = await service(t, answer);
    const error = await refusal(
      machine()
        .find(github(url))
        .then((found) => found?.token(AUDIENCE)),
    );
    assert.match(error.message, message);
  }
});

test("forgejo: the same question, under its own name", async (t) => {
  const { url, seen } = await service(t, json(200, { value: jwt() }));
  const path = "/api/actions/_apis/pipelines/workflows/7/idtoken?placeholder=true";
  const env = { ...github(url), ACTIONS_ID_TOKEN_REQUEST_URL: `${url}${path}`, GITHUB_ACTIONS: "true" };
  const found = await machine().find(env);
  assert.deepEqual([found?.name, found?.title], ["forgejo", "Forgejo Actions"]);
  await found?.token(AUDIENCE);
  assert.equal(seen[0]?.lines[0], `GET ${path}&audience=https%3A%2F%2Fbroker.example HTTP/1.1`);
});

test("azure-devops: POST, empty, with what keeps a refusal from being a redirect", async (t) => {
  const fixed = "api://AzureADTokenExchange";
  const { url, seen } = await service(t, json(200, { oidcToken: jwt({ aud: fixed }) }));
  const env = { SYSTEM_OIDCREQUESTURI: `${url}/oidctoken?hub=build`, SYSTEM_ACCESSTOKEN: REQUEST };
  const found = await machine().find({ ...env, KEYWRIGHT_ID_TOKEN_AUDIENCE: fixed });
  assert.equal(found?.audience, fixed);
  await found.token(fixed);
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(request.lines[0], "POST /oidctoken?hub=build&api-version=7.1 HTTP/1.1");
  assert.equal(header(request, "authorization"), `Bearer ${REQUEST}`);
  assert.equal(header(request, "x-tfs-fedauthredirect"), "Suppress");
  assert.deepEqual([header(request, "content-length"), request.body], ["0", ""]);
  assertNotInAddress(request, REQUEST);
  const unset = await refusal(
    machine()
      .find(env)
      .then((one) => one?.token(AUDIENCE)),
  );
  assert.match(unset.message, /is for "api:\/\/AzureADTokenExchange"/);
  assert.match(unset.hint ?? "", /could use it at Entra.*KEYWRIGHT_ID_TOKEN_AUDIENCE/s);
});

test("google: the metadata server, known by its header", async (t) => {
  const answer = response(200, `${jwt()}\n`, "Metadata-Flavor: Google");
  const { port, seen } = await service(t, answer);
  const env = { CLOUD_RUN_JOB: "job", GCE_METADATA_HOST: `127.0.0.1:${port}` };
  assert.equal((await (await machine().find(env))?.token(AUDIENCE))?.reveal(), jwt());
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(
    request.lines[0],
    "GET /computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fbroker.example&format=full HTTP/1.1",
  );
  assert.equal(header(request, "metadata-flavor"), "Google");
  const other = await service(t, response(200, jwt()));
  const elsewhere = { ...env, GCE_METADATA_HOST: `127.0.0.1:${other.port}` };
  const error = await refusal(
    machine()
      .find(elsewhere)
      .then((found) => found?.token(AUDIENCE)),
  );
  assert.match(error.message, /is not the metadata server/);
  const afar = { ...env, GCE_METADATA_HOST: "metadata.example" };
  const refused = await refusal(
    machine()
      .find(afar)
      .then((found) => found?.token(AUDIENCE)),
  );
  assert.match(refused.message, /is not https/);
});

const CALLED: readonly (readonly [string, string, Variables, string, readonly string[]])[] = [
  [
    "buildkite",
    "buildkite-agent",
    { BUILDKITE: "true" },
    `${jwt()}\n`,
    ["oidc", "request-token", "--audience", AUDIENCE, "--claim", "organization_id,pipeline_id"],
  ],
  [
    "circleci",
    "circleci",
    { CIRCLECI: "true", CIRCLE_OIDC_TOKEN_V2: jwt({ aud: "org-id" }) },
    jwt(),
    ["run", "oidc", "get", "--claims", `{"aud":"${AUDIENCE}"}`],
  ],
  [
    "spiffe",
    "spire-agent",
    { SPIFFE_ENDPOINT_SOCKET: "unix:///run/spire.sock" },
    JSON.stringify([{ svids: [{ spiffe_id: "spiffe://td.example/a", svid: jwt() }] }, { bundles: {} }]),
    ["api", "fetch", "jwt", "-audience", AUDIENCE, "-socketPath", "/run/spire.sock", "-output", "json"],
  ],
];

for (const [name, file, env, prints, argv] of CALLED) {
  test(`${name}: the program is called with exactly these arguments, once`, async (t) => {
    const { path, calls } = program(t, file, prints);
    const found = await machine().find({ ...env, PATH: path });
    assert.equal(found?.name, name);
    assert.deepEqual(calls(), []);
    assert.equal((await found.token(AUDIENCE)).reveal(), jwt());
    assert.deepEqual(calls(), [argv]);
    assert.ok(!argv.some((word) => word.includes("eyJ")));
  });

  test(`${name}: without its program, or where that fails, it is an error that shows nothing`, async (t) => {
    const missing = await refusal(
      machine()
        .find({ ...env, PATH: "/nonexistent" })
        .then((one) => one?.token(AUDIENCE)),
    );
    assert.equal(missing.code, "configuration");
    assert.match(missing.message, new RegExp(`its program ${file} is not on the PATH`));
    const { path } = program(t, file, "canary-output", 3);
    const error = await refusal(
      machine()
        .find({ ...env, PATH: path })
        .then((one) => one?.token(AUDIENCE)),
    );
    assert.match(error.message, /failed with exit code 3/);
    assert.doesNotMatch(`${error.message}${error.hint}`, /canary/);
    const empty = program(t, file, "");
    assert.equal(
      (
        await refusal(
          machine()
            .find({ ...env, PATH: empty.path })
            .then((one) => one?.token(AUDIENCE)),
        )
      ).code,
      "backend",
    );
  });
}

test("circleci: where the job's own token is for the broker already, no program is called", async (t) => {
  const { path, calls } = program(t, "circleci", "");
  const found = await machine().find({ CIRCLE_OIDC_TOKEN_V2: jwt(), PATH: path });
  assert.equal((await found?.token(AUDIENCE))?.reveal(), jwt());
  assert.deepEqual(calls(), []);
});

test("spiffe: several identities are no choice of ours", async (t) => {
  const svid = { spiffe_id: "spiffe://td.example/a", svid: jwt() };
  const { path } = program(t, "spire-agent", JSON.stringify([{ svids: [svid, svid] }]));
  const env = { SPIFFE_ENDPOINT_SOCKET: "unix:/run/spire.sock", PATH: path };
  const error = await refusal(
    machine()
      .find(env)
      .then((found) => found?.token(AUDIENCE)),
  );
  assert.match(error.message, /several SPIFFE identities/);
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "keywright-ambient-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("file: read anew each time, and only where nobody else can write it", async (t) => {
  const path = join(folder(t), "token");
  writeFileSync(path, `${jwt()}\n`, { mode: 0o600 });
  const found = await machine().find({ KEYWRIGHT_ID_TOKEN_FILE: path }, { read: undefined });
  assert.equal(found?.name, "file");
  assert.equal((await found.token(AUDIENCE)).reveal(), jwt());
  writeFileSync(path, jwt({ jti: "2" }));
  assert.equal((await found.token(AUDIENCE)).reveal(), jwt({ jti: "2" }));
  writeFileSync(path, "\n");
  assert.match((await refusal(found.token(AUDIENCE))).message, /is empty/);
  rmSync(path);
  assert.match((await refusal(found.token(AUDIENCE))).message, /is not there/);
  const open = join(folder(t), "open");
  writeFileSync(open, jwt());
  chmodSync(open, 0o666);
  const other = await machine().find({ KEYWRIGHT_ID_TOKEN_FILE: open }, { read: undefined });
  assert.match(
    (await refusal(other?.token(AUDIENCE) ?? Promise.resolve())).message,
    /can be written by other/,
  );
});
