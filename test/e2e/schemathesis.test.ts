// schemathesis over the OpenAPI document that a running broker serves: no 5xx, no answer outside the schema.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { brokerPlace, type BrokerPlace } from "./broker-place.ts";

/** The secrets are in a file, not among the arguments. */
function settings(base: string, { id, secret }: BrokerPlace, token: string): string {
  const basic = Buffer.from(`${id}:${secret}`).toString("base64");
  return `base-url = "${base}"
seed = 1
[generation]
max-examples = 60
database = "none"
[[operations]]
include-path-regex = "^/oauth2/"
headers = { Authorization = "Basic ${basic}" }
[operations.checks] # A scope or resource that is none of ours is a 400, by RFC 6749 and 8707.
positive_data_acceptance = { enabled = false }
[[operations]]
include-path = "/api/v1/registry/token"
headers = { Authorization = "Bearer ${token}" }
[[operations]]
include-path-regex = "^/api/v1/auth/(whoami|registry)"
headers = { authorizationToken = "${token}" }
[[operations]]
include-path-regex = "^/api/v1/auth/device/"
[operations.checks] # Whatever it tries, it has no code that somebody approved.
positive_data_acceptance = { enabled = false }
[[operations]]
include-path-regex = "^/(device|approve|login|logout|invite)"
[operations.checks] # Nor has it a page open, an account or an invitation.
positive_data_acceptance = { enabled = false }
[[operations]]
include-path = "/api/v1/whoami"
headers = { Authorization = "Bearer ${token}" }
`;
}

async function tokenOf({ id, secret }: BrokerPlace, base: string): Promise<string> {
  const answer = await fetch(`${base}/oauth2/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

test("schemathesis finds no 5xx and no answer outside the schema", async (t) => {
  installTools(["conformance"], (text) => t.diagnostic(text));
  const place = await brokerPlace(t, "limits: { failures_per_address: 100000 }\n"); // most of it is to be refused
  const base = `http://127.0.0.1:${place.port}`;
  const file = join(place.folder, "schemathesis.toml");
  writeFileSync(file, settings(base, place, await tokenOf(place, base)), { mode: 0o600 });
  const child = spawn(
    toolPath("conformance", "schemathesis"),
    ["--config-file", file, "run", `${base}/openapi.json`, "--no-color"],
    { cwd: place.folder, env: place.env },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [status] = (await once(child, "close")) as [number | null];
  assert.equal(status, 0, output);
  assert.match(output, /Selected: (\d+)\/\1\n\s+Tested: \1\n/);
  const generated = Number(/(\d+) generated/.exec(output)?.[1]);
  assert.ok(generated > 500, `only ${generated} cases`);
  assert.doesNotMatch(place.logged(), /\berror\b| 429 /);
});
