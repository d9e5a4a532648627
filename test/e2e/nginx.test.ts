// deploy/nginx.conf in a real nginx, only addresses and files replaced: a folder that is served to holders of a
// registry token only, and the broker behind the same TLS.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createAuthority } from "../io/certificates.ts";
import { brokerPlace, type BrokerPlace } from "./broker-place.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "deploy", "nginx.conf");

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Ask = (
  host: string,
  path: string,
  options?: { method?: string; headers?: object; body?: string },
) => Promise<Answer>;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Every replacement has to find its place, so that the sample cannot drift away from the test. */
function placed(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((sample, [from, to]) => {
    assert.ok(sample.includes(from), `${from} is not in the sample`);
    return sample.replaceAll(from, to);
  }, text);
}

async function nginx(t: TestContext, { folder, port: broker, env }: BrokerPlace): Promise<Ask> {
  const port = await freePort();
  const authority = createAuthority(folder, "test-ca");
  for (const name of ["packages.example", "keywright.example"]) {
    const { cert, key } = authority.issue(`DNS:${name}`);
    writeFileSync(join(folder, `${name}.pem`), cert);
    writeFileSync(join(folder, `${name}.key`), key);
  }
  mkdirSync(join(folder, "registry", "simple"), { recursive: true });
  writeFileSync(join(folder, "registry", "simple", "package.txt"), "the package\n");
  const sample = placed(readFileSync(SAMPLE, "utf8"), [
    ["server 127.0.0.1:8765;", `server 127.0.0.1:${broker};`],
    ["listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`],
    ["/etc/nginx/tls/", `${folder}/`],
    ["root /srv/registry;", `root ${folder}/registry;`],
    ["/var/log/nginx/", `${folder}/`],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/temporary-${name};`,
  );
  const main = `daemon off; pid ${folder}/nginx.pid; error_log stderr info; ${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http { access_log off; ${temporary.join(" ")}
${sample} }`;
  const file = join(folder, "nginx.conf");
  writeFileSync(file, main);
  const child = spawn("nginx", ["-p", folder, "-e", "stderr", "-c", file], {
    env: { ...env, PATH: `${env["PATH"]}:/usr/sbin` },
  });
  const ended = once(child, "close");
  t.after(async () => {
    child.kill("SIGQUIT");
    await ended;
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/start worker process \d/.test(said)) resolve();
    });
    void ended.then(() => reject(new Error(said)));
  });
  const ca = readFileSync(authority.file);
  return (host, path, { method = "GET", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername: host, ca, path, method, agent: false } as const;
      const outgoing = request({ ...options, headers: { Host: host, ...headers } }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      outgoing.on("error", reject).end(body);
    });
}

function basic(id: string, secret: string): object {
  return { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
}

test("nginx serves a folder to holders of a registry token, and to nobody when the broker is gone", async (t) => {
  const place = await brokerPlace(t);
  const ask = await nginx(t, place);
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const granted = await ask("keywright.example", "/oauth2/token", {
    method: "POST",
    headers: { ...form, ...basic(place.id, place.secret) },
    body: "grant_type=client_credentials",
  });
  const access = String((JSON.parse(granted.text) as Record<string, unknown>)["access_token"]);
  const minted = await ask("keywright.example", "/api/v1/registry/token", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${access}` },
    body: JSON.stringify({ url: "https://packages.example/simple/" }),
  });
  const token = String((JSON.parse(minted.text) as Record<string, unknown>)["token"]);
  const file = "/simple/package.txt";
  const get = (headers?: object, path = file, method = "GET"): Promise<Answer> =>
    ask("packages.example", path, { method, ...(headers === undefined ? {} : { headers }) });
  const bearer = { Authorization: `Bearer ${token}` };
  const served = await get(basic("token", token));
  assert.deepEqual([served.status, served.text], [200, "the package\n"]);
  assert.equal(served.headers["cache-control"], "private, no-store");
  assert.equal((await get(bearer)).status, 200);
  assert.equal((await get(bearer, "/simple/")).status, 200);
  const nobody = await get();
  assert.equal(nobody.status, 401);
  assert.match(String(nobody.headers["www-authenticate"]), /^Basic realm="keywright"/);
  const rows: readonly (readonly [number, object | undefined, string, string])[] = [
    [401, basic("token", `${token}x`), file, "GET"],
    [401, undefined, `${file}?access_token=${token}`, "GET"],
    [401, { "X-Original-URI": "/", "X-Accel-Redirect": file }, file, "GET"],
    [401, undefined, `/simple/../simple/package.txt`, "GET"],
    [401, undefined, `/simple/%70ackage.txt`, "GET"],
    [403, { Authorization: `Bearer ${access}` }, file, "GET"],
    [403, bearer, file, "PUT"],
    [404, bearer, "/_keywright", "GET"],
    [404, undefined, "/package.txt", "GET"],
    [200, bearer, `${file}?ref=other&action=publish`, "GET"],
  ];
  for (const [status, headers, path, method] of rows)
    assert.equal((await get(headers, path, method)).status, status, `${method} ${path}`);
  assert.equal((await ask("keywright.example", "/metrics")).status, 403);
  const menda = `/api/v1/auth/oauth2/token?grant_type=client_credentials&client_id=app&client_secret=${place.secret}`;
  assert.equal((await ask("keywright.example", menda, { method: "POST" })).status, 200);
  const revoked = await ask("keywright.example", "/oauth2/revoke", {
    method: "POST",
    headers: { ...form, ...basic(place.id, place.secret) },
    body: `token=${token}`,
  });
  assert.equal(revoked.status, 200);
  assert.equal((await get(bearer)).status, 401);
  await place.stop();
  assert.equal((await get(bearer)).status, 500);
  const log = readFileSync(join(place.folder, "keywright.log"), "utf8");
  assert.match(log, /"POST \/api\/v1\/auth\/oauth2\/token" 200/);
  for (const value of [place.secret, token, access, "client_secret"]) assert.ok(!log.includes(value));
});
