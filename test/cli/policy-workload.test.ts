// `keywright policy workload`: a token held to a broker's rules, without anybody asked and nothing of it shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { secretPlace } from "./secret-place.ts";

const CONFIG = `principals: [ci, release]
issuers: { github: { preset: github } }
workloads:
  deploy: { issuer: github, principal: ci, claims: { repository_id: "1", repository_owner_id: "2", ref: refs/heads/main } }
  tag: { issuer: github, principal: release, audience: urn:release, claims: { repository_id: "1", repository_owner_id: "2" } }
`;
const CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "https://keywright.example",
  sub: "repo:a/b:ref:refs/heads/main",
  repository_id: "1",
  repository_owner_id: "2",
  ref: "refs/heads/main",
  event_name: "push",
};

function tokenOf(claims: object): string {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encoded({ alg: "RS256" })}.${encoded(claims)}.c2lnbmF0dXJl`;
}

test("policy workload names the rule that fits, or the clause of each that does not", (t) => {
  const place = secretPlace(t);
  const config = place.write("broker.yaml", CONFIG);
  const tried = (text: string, ...more: readonly string[]) => {
    const file = place.write("token.jwt", `${text}\n`);
    return place.keywright(["policy", "workload", file, "--config", config, ...more]);
  };
  const url = ["--url", "https://keywright.example"];
  const fits = { status: 0, out: "issuer github: the rule deploy fits, so it acts as ci\n", err: "" };
  assert.deepEqual(tried(tokenOf(CLAIMS), ...url), fits);
  assert.deepEqual(tried(tokenOf({ ...CLAIMS, aud: "urn:release" })), {
    ...fits,
    out: "issuer github: the rule tag fits, so it acts as release\n",
  });
  const other = tried(tokenOf({ ...CLAIMS, ref: "never-shown" }), ...url);
  assert.equal(other.status, 6);
  assert.equal(other.out, "issuer github\n  deploy: ref is another\n");
  assert.match(other.err, /no rule fits/);
  const event = tried(tokenOf({ ...CLAIMS, event_name: "pull_request_target" }), ...url);
  assert.equal(event.out, "issuer github\n  deploy: event_name is one that the rule has to name\n");
  assert.match(tried(tokenOf(CLAIMS)).err, /for another audience/);
  assert.match(
    tried(tokenOf({ ...CLAIMS, iss: "https://elsewhere.example" }), ...url).err,
    /no issuer that is configured/,
  );
  const none = tried("never-shown", ...url);
  assert.equal(none.status, 6);
  assert.match(none.err, /the token is no JWT/);
  assert.ok(!`${none.err}${other.err}`.includes("never-shown"));
});
