// Workloads of every preset, with the tokens that their platforms really make: what fits, and what only looks like it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { askRegistry, PACKAGES, type Running } from "../broker.ts";
import { entriesOf } from "../entries.ts";
import { brokerFor, exchange, startIssuer, times, type Issuer } from "./issuer.ts";
import { CIRCLECI, GITHUB, GITLAB, ORG, PROJECT, shapesAt, type Shape } from "./shapes.ts";

interface Place {
  readonly issuer: Issuer;
  readonly broker: Running;
  readonly shape: Shape;
  /** A token like the shape's, with other claims; `undefined` takes one out. */
  token(claims?: object, header?: object): Promise<string>;
  /** The status of its exchange. */
  status(claims?: object, header?: object): Promise<number>;
  /** What the audit says of the last exchange. */
  last(): Readonly<Record<string, unknown>>;
}

async function placeFor(t: TestContext, preset: string, more = "", rule?: readonly string[]): Promise<Place> {
  const issuer = await startIssuer(t);
  const shape = shapesAt(issuer)[preset] as Shape;
  const claims = (rule ?? shape.rule).map((line) => `      ${line}\n`).join("");
  const text =
    `issuers:\n  it: ${shape.issuer}\nworkloads:\n` +
    `  deploy:\n    issuer: it\n    principal: ci\n    claims:\n${claims}${more}`;
  const broker = await brokerFor(t, issuer, text);
  let made = 0;
  const token = (others: object = {}, header: object = {}): Promise<string> => {
    const usual = {
      iss: shape.iss,
      aud: shape.aud ?? broker.url,
      ...shape.claims,
      ...times(broker, `jti-${(made += 1)}`),
    };
    return issuer.sign({ ...usual, ...others }, header);
  };
  const status = async (others: object = {}, header: object = {}): Promise<number> =>
    (await exchange(broker, await token(others, header))).status;
  const last = (): Readonly<Record<string, unknown>> =>
    entriesOf(broker.data).findLast(({ kind }) => kind === "token_exchange") ?? {};
  return { issuer, broker, shape, token, status, last };
}

const PRESETS = Object.keys(shapesAt({ origin: "https://127.0.0.1" }));

test("every preset: a token as the platform makes it becomes an access token that works", async (t) => {
  for (const preset of PRESETS) {
    const { broker, token } = await placeFor(t, preset);
    const { status, json } = await exchange(broker, await token());
    assert.equal(status, 200, `${preset}: ${JSON.stringify(json)}`);
    const asked = await askRegistry(broker, json["access_token"] as string, {
      url: PACKAGES,
      action: "read",
    });
    assert.equal(asked.status, 200, preset);
  }
});

/** A copy of the object with another value at the path; undefined: with nothing there. */
function changed(
  from: Readonly<Record<string, unknown>>,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): object {
  const copy: Record<string, unknown> = { ...from };
  copy[name] = rest.length === 0 ? value : changed(from[name] as Record<string, unknown>, rest, value);
  return copy;
}

test("every preset: an immutable claim that is another, missing, of another type or a list fits nothing", async (t) => {
  for (const preset of PRESETS) {
    const { status, shape, last } = await placeFor(t, preset);
    for (const path of shape.immutable) {
      const right = path.reduce<unknown>(
        (value, name) => (value as Record<string, unknown>)[name],
        shape.claims,
      );
      const wrong: readonly unknown[] = [
        `${String(right)}0`,
        `${String(right)}*`,
        "*",
        "",
        ` ${String(right)}`,
        String(right).toUpperCase() === right ? `${right} ` : String(right).toUpperCase(),
        Number(right),
        [right],
        [right, right],
        { [String(right)]: true },
        null,
        true,
        undefined,
      ];
      for (const value of wrong) {
        const others = changed(shape.claims, path, value);
        assert.equal(await status(others), 400, `${preset} ${path.join(".")} ${JSON.stringify(value)}`);
      }
      assert.match(JSON.stringify(last()["rules"]), new RegExp(`${path.at(-1)} is missing`), preset);
    }
    assert.equal(await status(), 200, preset);
  }
});

test("GitHub: both formats of sub work, and one that a repository made up; ids in it have to agree", async (t) => {
  const { status, last } = await placeFor(t, "github");
  for (const sub of [
    "repo:octocat/my-repo:ref:refs/heads/main",
    "repo:octocat/my-repo:environment:prod",
    "repo:octocat@123456/my-repo@456789:ref:refs/heads/main",
    "repo:octocat@123456/my-repo@456789:environment:a:b@c",
    "repository_id:456789:job_workflow_ref:octocat/x/.github/workflows/y.yml@refs/heads/main",
  ])
    assert.equal(await status({ sub }), 200, sub);
  for (const sub of [
    "repo:octocat@123456/my-repo@4567890:ref:refs/heads/main",
    "repo:octocat@1/my-repo@456789:ref:refs/heads/main",
    "repo:octocat@123456/my-repo:ref:refs/heads/main",
    "repo:octocat@123456/x@1/my-repo@456789:ref:refs/heads/main",
    "repo:octocat@456789/my-repo@123456:ref:refs/heads/main",
    "repo:octocat@123456/my-repo@456789x",
    "repo:octocat@123456/my-repo@456789\n",
    "repo:octocat@１２３４５６/my-repo@456789",
    ["repo:octocat/my-repo"],
    undefined,
  ])
    assert.equal(await status({ sub }), 400, JSON.stringify(sub));
  assert.equal(last()["reason"], "its sub does not agree with its ids");
});

test("GitHub (Sleeper Squats, Sub:jugation): look-alike repositories and a name that somebody else took fit nothing; a renamed one fits", async (t) => {
  const { status } = await placeFor(t, "github");
  const squatted = { ...GITHUB, repository_owner_id: "999999", repository_id: "888888" };
  assert.equal(await status(squatted), 400);
  assert.equal(await status({ ...GITHUB, repository_owner_id: "999999" }), 400); // Transferred to another owner.
  assert.equal(await status({ ...GITHUB, repository_id: "4567890" }), 400);
  const lookAlike = {
    repository: "octocat/my-repo-1",
    repository_id: "1",
    sub: "repo:octocat/my-repo-1:ref:refs/heads/main",
  };
  assert.equal(await status(lookAlike), 400);
  const renamed = {
    repository: "newname/other",
    repository_owner: "newname",
    sub: "repo:newname/other:ref:refs/heads/main",
  };
  assert.equal(await status(renamed), 200);
});

test("GitHub: what strangers can start is denied unless a rule names it", async (t) => {
  const { status, last } = await placeFor(t, "github");
  for (const event_name of [
    "pull_request",
    "pull_request_target",
    "workflow_run",
    "pull_request_review",
    undefined,
    1,
    ["push"],
  ]) {
    assert.equal(await status({ event_name }), 400, String(event_name));
    assert.deepEqual(last()["rules"], [
      { rule: "deploy", clause: "event_name is one that the rule has to name" },
    ]);
  }
  for (const event_name of ["push", "schedule", "workflow_dispatch", "release"])
    assert.equal(await status({ event_name }), 200, event_name);
  const naming = [...shapesAt({ origin: "" })["github"]!.rule, "event_name: [pull_request, push]"];
  const open = await placeFor(t, "github", "", naming);
  assert.equal(await open.status({ event_name: "pull_request" }), 200);
  assert.equal(await open.status({ event_name: "pull_request_target" }), 400);
  assert.equal(await open.status({ event_name: "workflow_dispatch" }), 400);
});

test("forks: a pull request's pipeline of GitLab and of Azure DevOps, and a fork's own ids, fit nothing", async (t) => {
  const gitlab = await placeFor(t, "gitlab");
  assert.equal(await gitlab.status({ pipeline_source: "merge_request_event" }), 400);
  assert.equal(await gitlab.status({ pipeline_source: "external_pull_request_event" }), 400);
  assert.equal(await gitlab.status({ project_id: "23", namespace_id: "99" }), 400); // Since 2025 they are the fork's.
  assert.equal(await gitlab.status({ ref_protected: true }), 400); // GitLab says it as text.
  assert.equal(await gitlab.status({ pipeline_source: "schedule" }), 200);
  const azure = await placeFor(t, "azure_devops");
  assert.equal(await azure.status({ rpo_ref: "refs/pull/7/merge" }), 400);
  assert.equal(await azure.status({ rpo_ref: "refs/heads/main" }), 200);
});

test("CircleCI: every organization is signed by the same keys, so the organization in iss and in the claim both count", async (t) => {
  const { status, token, broker, issuer } = await placeFor(t, "circleci");
  const other = "0ca3ddd9-f0b0-4635-a98c-5866526961b6";
  assert.equal(await status({ "oidc.circleci.com/org-id": other }), 400);
  assert.equal(await status({ iss: `https://oidc.circleci.com/org/${other}` }), 400);
  assert.equal(await status({ iss: "https://oidc.circleci.com" }), 400);
  assert.equal(
    (await exchange(broker, await token({ ...CIRCLECI, "oidc.circleci.com/ssh-rerun": true }))).status,
    400,
  );
  assert.equal(await status({ "oidc.circleci.com/ssh-rerun": "false" }), 400);
  assert.equal(await status({ "oidc.circleci.com/ssh-rerun": undefined }), 400);
  assert.deepEqual([...new Set(issuer.asked)], ["/keys"]);
});

test("Google: an address counts only with email_verified, which is a truth and no text", async (t) => {
  const { status } = await placeFor(t, "google");
  for (const email_verified of [false, "true", 1, undefined])
    assert.equal(await status({ email_verified }), 400);
  assert.equal(await status({ email: "ci@project.example.evil.example" }), 400);
});

test("AWS: what the caller chose, and what lies beside the claim, is no account", async (t) => {
  const { status } = await placeFor(t, "aws");
  const account = { aws_account: "123456789012" };
  assert.equal(await status({ "https://sts.amazonaws.com/": { request_tags: account } }), 400);
  assert.equal(
    await status({
      "https://sts.amazonaws.com/": undefined,
      "https://sts.amazonaws.com/.aws_account": "123456789012",
    }),
    400,
  );
  assert.equal(await status({ "https://sts.amazonaws.com/": undefined, ...account }), 400);
  assert.equal(await status({ "https://sts.amazonaws.com/": [account] }), 400);
});

test("Kubernetes: a service account that was made anew under its old name has another uid", async (t) => {
  const { status, shape } = await placeFor(t, "kubernetes");
  const uid = ["kubernetes.io", "serviceaccount", "uid"];
  assert.equal(await status(changed(shape.claims, uid, ORG)), 400);
  assert.equal(await status({ "kubernetes.io.namespace": "ci", "kubernetes.io": undefined }), 400);
});

test("GitLab: a claim that is no single value never fits, and the audit says which", async (t) => {
  const { status, last } = await placeFor(t, "gitlab");
  assert.equal(await status({ ...GITLAB, ref: ["main"] }), 400);
  assert.deepEqual(last()["rules"], [{ rule: "deploy", clause: "ref is no single value" }]);
  assert.equal(await status({ ...GITLAB, ref: "next" }), 400);
  assert.deepEqual(last()["rules"], [{ rule: "deploy", clause: "ref is another" }]);
});

test("of two rules that fit none counts, and the audit names both", async (t) => {
  const second = `  again:\n    issuer: it\n    principal: release\n    claims: { tid: ${ORG}, oid: ${PROJECT}, ver: "2.0" }\n`;
  const { status, last } = await placeFor(t, "entra", second);
  assert.equal(await status(), 400);
  assert.equal(last()["reason"], "more than one rule fits");
  assert.deepEqual(last()["rules"], [
    { rule: "deploy", clause: "fits" },
    { rule: "again", clause: "fits" },
  ]);
  assert.equal(await status({ ver: "1.0" }), 200);
  assert.equal(last()["rule"], "deploy");
});
