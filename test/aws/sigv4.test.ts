// Our Signature Version 4 against known answers and against botocore, which signs the same requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodedPairs, percentEncoded, signed } from "../../src/aws/sigv4.ts";
import type { AwsCredentials } from "../../src/aws/credentials.ts";
import { Secret } from "../../src/secret.ts";
import { askBotocore, type SignQuestion } from "./botocore.ts";

function credentials(id: string, secret: string, token: string | null): AwsCredentials {
  return {
    accessKeyId: id,
    secretAccessKey: new Secret(secret),
    sessionToken: token === null ? undefined : new Secret(token),
    expiresAt: undefined,
    source: "test",
    role: undefined,
  };
}

const AT = Date.parse("2026-01-02T03:04:05Z") / 1000;
const TOKEN = "AQoEXAMPLETOKEN/with+chars==";
const WITH = credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TOKEN);
const WITHOUT = { ...WITH, sessionToken: undefined };
const API = "https://codeartifact.us-east-1.amazonaws.com/v1";
const MINT = `${API}/authorization-token?domain=my-domain&domain-owner=123456789012&duration=900`;
const ENDPOINT = `${API}/repository/endpoint?domain=my-domain&domain-owner=123456789012&format=pypi&repository=my.repo_1&endpointType=dualstack`;
const ECR = {
  "content-type": "application/x-amz-json-1.1",
  "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
};

const VECTORS = [
  [
    "POST",
    MINT,
    WITH,
    "codeartifact",
    {},
    "",
    "host;x-amz-date;x-amz-security-token",
    "1ca7acc0b2e0e46b534b08f6741a0cec58c1d5b13f2a1092d70ea7cb9663fbf1",
  ],
  [
    "POST",
    MINT,
    WITHOUT,
    "codeartifact",
    {},
    "",
    "host;x-amz-date",
    "ae4b6e86f95800a033a8d24cb91cf82535ea748dbb4979ce781ab19be1339fe9",
  ],
  [
    "GET",
    ENDPOINT,
    WITH,
    "codeartifact",
    {},
    "",
    "host;x-amz-date;x-amz-security-token",
    "66f1adb49ddfc17c82b11315bc576b514ab239363caefc6be6fa95ec2a4f64d3",
  ],
  [
    "POST",
    "https://api.ecr.us-east-1.amazonaws.com/",
    WITH,
    "ecr",
    ECR,
    "{}",
    "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
    "cf0de41f99440d7842cb96843bfb9e812ed710ec8acc584233d6d60cf4e9feec",
  ],
] as const;

test("the known answers", () => {
  for (const [method, url, keys, service, headers, body, names, signature] of VECTORS) {
    const sent = signed({ method, url, headers, body }, keys, { region: "us-east-1", service }, AT + 0.9);
    const scope = `20260102/us-east-1/${service}/aws4_request`;
    assert.equal(
      sent["Authorization"],
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    );
    assert.equal(sent["X-Amz-Date"], "20260102T030405Z");
    assert.equal(sent["X-Amz-Security-Token"], keys.sessionToken === undefined ? undefined : TOKEN);
  }
});

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const LETTERS = [..."aZ09-_.~ !*'()%&=+/?#:;@,$[]\"<>\\^`{|}\täöß€😀中"];
const SEGMENTS = ["v1", "a b", "ä", "..", ".", "", "x%2Fy", "p+q", "~u", "😀", "a'b(c)!*", "=&;", "@:,$"];
const HEADERS = ["Content-Type", "X-Custom-One", "x-custom-two", "Accept", "User-Agent", "X-Amz-Target"];
const VALUES = [
  "one",
  "  two  words ",
  "a\tb",
  "a   b    c",
  "",
  "application/json; charset=utf-8",
  "x,y , z",
];

/** The same numbers in every run (mulberry32), so that what fails once fails again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function questions(count: number): readonly SignQuestion[] {
  const below = numbers(20261122);
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const text = (): string => some(12, () => one(LETTERS)).join("");
  return Array.from({ length: count }, () => {
    const host = one([
      "codeartifact.eu-west-1.amazonaws.com",
      "sts.us-east-1.amazonaws.com:8443",
      "127.0.0.1:9",
    ]);
    const path = `/${some(5, () => one(SEGMENTS)).join("/")}`;
    const query = some(6, () => [one(["a", "A", "domain", "b", "b", text()]), text()] as const);
    return {
      method: one(METHODS),
      url: new URL(`https://${host}${encoded({ path, query })}`).href,
      path,
      query,
      headers: Object.fromEntries(some(4, () => [one(HEADERS), one(VALUES)])),
      body: one(["", "{}", text(), "Action=AssumeRole&Version=2011-06-15", text().repeat(200)]),
      region: one(["us-east-1", "eu-central-1", "us-gov-west-1"]),
      service: one(["codeartifact", "sts", "ecr"]),
      at: 1_000_000_000 + below(2_000_000_000),
      keys: ["AKIDEXAMPLE", `secret/${below(1e9)}+=`, below(2) === 0 ? null : `token/${below(1e9)}==`],
    };
  });
}

function encoded({ path, query }: Pick<SignQuestion, "path" | "query">): string {
  const pairs = query.map(([name, value]) => encodedPairs({ [name]: value }));
  return `${path.split("/").map(percentEncoded).join("/")}?${pairs.join("&")}`;
}

test("600 random requests are signed as botocore signs them", () => {
  const asked = questions(600);
  const { sign } = askBotocore({ sign: asked });
  let [tokens, queries, unicode] = [0, 0, 0];
  asked.forEach((question, index) => {
    const { keys, region, service, at, query, path, body } = question;
    const answer = sign[index];
    assert.equal(encoded(question), answer?.encoded, "both encode alike");
    const sent = signed(question, credentials(...keys), { region, service }, at);
    assert.equal(sent["Authorization"], answer?.headers["Authorization"], JSON.stringify(question));
    assert.equal(sent["X-Amz-Date"], answer?.headers["X-Amz-Date"]);
    if (keys[2] !== null) tokens += 1;
    if (query.length > 1) queries += 1;
    if (/[^\0-\x7f]/.test(path + body)) unicode += 1;
  });
  for (const seen of [tokens, queries, unicode]) assert.ok(seen > 100, "the corpus has what it is for");
});

test("what proxies change is sent and not signed, and a pair without a value is left out", () => {
  const request = { method: "GET", url: "https://h.example/", headers: { "User-Agent": "k" }, body: "" };
  const sent = signed(request, WITHOUT, { region: "us-east-1", service: "sts" }, AT);
  assert.equal(sent["User-Agent"], "k");
  assert.match(sent["Authorization"] ?? "", /SignedHeaders=host;x-amz-date,/);
  assert.equal(encodedPairs({ a: "1 /", b: undefined, "c d": "\ud800" }), "a=1%20%2F&c%20d=%EF%BF%BD");
});
