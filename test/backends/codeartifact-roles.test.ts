// Roles of a codeartifact store: which one answers, what its session is told, and what keeps the leases apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionNameOf, tagValueOf, templateFault } from "../../src/backends/codeartifact-templates.ts";
import { header } from "../io/servers.ts";
import { HOST, place, question, ROLE, type Question } from "./codeartifact-place.ts";

const PUBLISHER = "arn:aws:iam::111122223333:role/publish";
const ROLES = [
  { principals: ["ci"], actions: ["read"], role_arn: ROLE, session_policy: "read" },
  {
    principals: ["release", "admin"],
    role_arn: PUBLISHER,
    session_policy: "publish",
    duration: 900,
    external_id: "ex",
  },
];

test("the first role that fits: its session mints, and the audit gets its ARN", async (t) => {
  const { backend, asked, seen } = await place(t);
  const secret = await backend.retrieve(...question({ options: { roles: ROLES } }));
  assert.equal(
    secret?.upstream,
    "ASIAEXAMPLEEXAMPLE01 arn:aws:sts::111122223333:assumed-role/read/keywright-ci",
  );
  const [form, mint] = asked();
  const { Policy: policy, ...rest } = form as Record<string, string>;
  assert.deepEqual(rest, {
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: ROLE,
    RoleSessionName: "keywright-ci",
  });
  assert.deepEqual(JSON.parse(policy ?? ""), {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "codeartifact:GetAuthorizationToken",
        Resource: "arn:aws:codeartifact:eu-west-1:111122223333:domain/my-domain",
      },
      {
        Effect: "Allow",
        Action: "sts:GetServiceBearerToken",
        Resource: "*",
        Condition: { StringEquals: { "sts:AWSServiceName": "codeartifact.amazonaws.com" } },
      },
      {
        Effect: "Allow",
        Action: "codeartifact:ReadFromRepository",
        Resource: "arn:aws:codeartifact:eu-west-1:111122223333:repository/my-domain/my.repo",
      },
    ],
  });
  assert.equal(mint, "POST /v1/authorization-token?domain=my-domain&domain-owner=111122223333&duration=0");
  const [sts, token] = seen.map((request) => header(request, "authorization") ?? "");
  assert.match(sts ?? "", /Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/sts\//);
  assert.match(token ?? "", /Credential=ASIAEXAMPLEEXAMPLE01\/20261122\/eu-west-1\/codeartifact\//);
});

test("publish: its own role and policy, external id, the life of the session", async (t) => {
  const { backend, asked, clock } = await place(t, { session: 900 });
  const publish: Question = { options: { roles: ROLES }, principal: "admin", ask: { action: "publish" } };
  const secret = await backend.retrieve(...question(publish));
  assert.equal(secret?.expiresAt, clock.now() + 900);
  const form = asked()[0] as Record<string, string>;
  assert.deepEqual([form["RoleArn"], form["ExternalId"], form["DurationSeconds"]], [PUBLISHER, "ex", "900"]);
  const { Statement: statements } = JSON.parse(form["Policy"] ?? "") as { Statement: { Resource: string }[] };
  assert.deepEqual(statements.at(-1), {
    Effect: "Allow",
    Action: ["codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"],
    Resource: "arn:aws:codeartifact:eu-west-1:111122223333:package/my-domain/my.repo/pypi/*",
  });
});

test("a longer session leaves the policy's duration in force", async (t) => {
  const { backend, asked } = await place(t, { session: 43_200 });
  const roles = [{ role_arn: ROLE, duration: 43_200 }];
  await backend.retrieve(...question({ options: { roles, duration: 1800 } }));
  assert.match(String(asked()[1]), /&duration=1800$/);
  assert.equal((asked()[0] as Record<string, string>)["Policy"], undefined);
});

test("no role that fits is a denial, before any request and any file", async (t) => {
  const { backend, seen } = await place(t, { env: {}, files: { ".aws/config": "this is no ini file" } });
  const options = { roles: ROLES };
  const denied = { code: "denied", message: /no role for principal ci to publish with/ };
  for (const call of [backend.retrieve.bind(backend), backend.upstream?.bind(backend)])
    await assert.rejects(async () => call?.(...question({ options, ask: { action: "publish" } })), denied);
  await assert.rejects(backend.retrieve(...question({ options, principal: "stranger" })), { code: "denied" });
  assert.deepEqual(seen, []);
});

test("a policy for one repository is not given for an address that names none", async (t) => {
  const { backend, seen } = await place(t);
  await assert.rejects(
    backend.retrieve(...question({ options: { roles: ROLES }, url: `https://${HOST}/` })),
    { code: "denied", message: /'read' is for one repository, and the question names none of my-domain/ },
  );
  assert.deepEqual(seen, []);
});

test("session name and tags are templates, made fit for STS", async (t) => {
  const { backend, asked } = await place(t);
  const roles = [
    {
      role_arn: ROLE,
      session_name: "{app}/{decision} of {principal}",
      tags: { who: "{principal} <{app}>", team: "a" },
    },
  ];
  await backend.retrieve(...question({ options: { roles }, app: "Build Ünit", decision: "0a1b" }));
  const form = asked()[0] as Record<string, string>;
  assert.equal(form["RoleSessionName"], "Build--nit-0a1b-of-ci");
  assert.deepEqual([form["Tags.member.1.Key"], form["Tags.member.1.Value"]], ["who", "ci -Build Ünit-"]);
  assert.deepEqual([form["Tags.member.2.Key"], form["Tags.member.2.Value"]], ["team", "a"]);
});

test("whatever comes in, a session name has 2 to 64 letters that STS takes", () => {
  const values = { principal: "p", app: undefined, decision: "d" };
  assert.equal(sessionNameOf("{principal}", values), "p-");
  assert.equal(sessionNameOf("{app}", values), "unknown");
  const long = { ...values, app: "\u{1F600}\n/".repeat(100) };
  assert.match(sessionNameOf("{app}", long), /^[\w+=,.@-]{64}$/);
  assert.match(tagValueOf("{app}{app}", { ...values, app: "\u{1F600}\u0000".repeat(200) }), /^-{256}$/);
  assert.equal(
    sessionNameOf("{app}", { ...values, app: "{decision}" }),
    "-decision-",
    "a value is no template",
  );
  assert.deepEqual(
    ["{role}", "{", "a}b", "", "x".repeat(257), "{principal}-{app}-{decision}"]
      .map(templateFault)
      .map((fault) => fault?.slice(0, 10)),
    ["has {role}", "has a sing", "has a sing", "is empty", "is longer ", undefined],
  );
});

test("what separates the leases: principal's key, role, policy of the repository; not the audit entry", async (t) => {
  const { backend, seen } = await place(t);
  const of = async (asked: Question): Promise<string> => {
    const upstream = await backend.upstream?.(...question(asked));
    return `${upstream?.endpoint} ${upstream?.principal}`;
  };
  const options = { roles: ROLES };
  const npm = `https://${HOST}/npm/my.repo/`;
  const session = (session_name: string) => ({ roles: [{ role_arn: ROLE, session_name }] });
  const all = [
    await of({}),
    await of({ options }),
    await of({ options, url: `https://${HOST}/pypi/other/simple/` }),
    await of({ options, principal: "admin" }),
    await of({ options, principal: "admin", url: npm }),
    await of({ options: session("a") }),
    await of({ options: session("{app}"), app: "one" }),
    await of({ options: session("{app}"), app: "two" }),
  ];
  assert.equal(new Set(all).size, all.length, all.join("\n"));
  assert.match(all[0] ?? "", /^http:\/\/127\.0\.0\.1:\d+ AKIDEXAMPLE$/);
  assert.match(all[1] ?? "", /AKIDEXAMPLE as arn:aws:iam::111122223333:role\/read [0-9a-f]{64}$/);
  assert.equal(
    await of({ options: session("{decision}"), decision: "1" }),
    await of({ options: session("{decision}"), decision: "2" }),
  );
  assert.deepEqual(seen, [], "nobody was asked");
});

test("describe: everything that would be done, and nobody is asked", async (t) => {
  const { backend, seen } = await place(t);
  const facts = async (asked: Question) =>
    new Map((await backend.describe?.(...question(asked)))?.map(({ name, value }) => [name, value]));
  const plain = await facts({ ask: { duration: 900 } });
  assert.deepEqual(
    ["domain", "owner", "region", "format", "repository", "role"].map((name) => plain.get(name)),
    [
      "my-domain",
      "111122223333",
      "eu-west-1 (partition aws)",
      "pypi",
      "my.repo",
      "none, the credentials themselves",
    ],
  );
  assert.match(plain.get("host form") ?? "", /domain's own host/);
  assert.match(plain.get("endpoint") ?? "", /^http:\/\/127\.0\.0\.1/);
  assert.match(plain.get("credentials") ?? "", /environment/);
  assert.equal(
    plain.get("lifetime"),
    "at most 900 s, decided by the request (policy 3600 s, request 900 s, session known when the credentials are asked for)",
  );
  const role = await facts({ options: { roles: ROLES, duration: 0 } });
  assert.equal(role.get("role"), ROLE);
  assert.equal(role.get("session"), "keywright-ci");
  assert.match(role.get("session policy") ?? "", /^read, for the repository my\.repo alone: \{"Version"/);
  assert.match(role.get("lifetime") ?? "", /^at most 3600 s, decided by the session/);
  await assert.rejects(facts({ options: { roles: ROLES }, principal: "x" }), {
    code: "denied",
    message: /no role for principal x to read with/,
  });
  assert.ok(![...plain, ...role].flat().some((text) => text.includes("secret")));
  assert.deepEqual(seen, []);
});
