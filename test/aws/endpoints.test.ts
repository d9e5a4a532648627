// Endpoints: every region and flag as botocore has them, and what the user may name instead.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { awsEndpoint, type AwsService } from "../../src/aws/endpoints.ts";
import { profileSettings } from "../../src/aws/profile-settings.ts";
import { askBotocore, type EndpointQuestion } from "./botocore.ts";

const REGIONS = ["us-east-1", "eu-west-3", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"];
const ISOLATED = ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"];
const SERVICES = { codeartifact: "codeartifact", sts: "sts", sso: "sso", oidc: "sso-oidc" } as const;

test("hosts of every partition, FIPS and dual-stack, are those of botocore", () => {
  const asked: { readonly ours: AwsService; readonly theirs: EndpointQuestion }[] = [];
  for (const [ours, service] of Object.entries(SERVICES) as [AwsService, EndpointQuestion["service"]][]) {
    for (const region of [...REGIONS, ...ISOLATED]) {
      for (const [fips, dualstack] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const)
        asked.push({ ours, theirs: { service, region, fips, dualstack } });
    }
  }
  const { endpoint } = askBotocore({ endpoint: asked.map(({ theirs }) => theirs) });
  asked.forEach(({ ours, theirs: { region, fips, dualstack } }, index) => {
    const env = {
      AWS_USE_FIPS_ENDPOINT: String(fips),
      AWS_USE_DUALSTACK_ENDPOINT: dualstack ? "TRUE" : "no",
    };
    assert.equal(awsEndpoint(ours, region, { env }), endpoint[index], JSON.stringify(asked[index]));
  });
});

const at = (env: Record<string, string>, config = "", service: AwsService = "codeartifact"): string => {
  const home = mkdtempSync(join(tmpdir(), "keywright-endpoints-"));
  try {
    mkdirSync(join(home, ".aws"));
    writeFileSync(join(home, ".aws", "config"), `[default]\n${config}`, { mode: 0o600 });
    const profile = profileSettings({ env, home }).endpoints();
    return awsEndpoint(service, "eu-west-1", { env, profile, partitions: ["aws"] });
  } finally {
    rmSync(home, { recursive: true });
  }
};
const PLAIN = "https://codeartifact.eu-west-1.amazonaws.com";

test("a named endpoint: the service's variable, the general one, the profile's services, the profile", () => {
  const profile =
    "endpoint_url = https://d.example\nservices = s\n[services s]\ncodeartifact =\n  endpoint_url = https://c.example/\n";
  const both = { AWS_ENDPOINT_URL: "https://b.example", AWS_ENDPOINT_URL_CODEARTIFACT: "https://a.example" };
  assert.equal(at(both, profile), "https://a.example");
  assert.equal(at(both, profile, "sts"), "https://b.example");
  assert.equal(at({ AWS_ENDPOINT_URL_CODEARTIFACT: "" }, profile), "https://c.example");
  assert.equal(at({}, profile, "sts"), "https://d.example");
  assert.equal(at({ AWS_ENDPOINT_URL_SSO_OIDC: "http://[::1]:9/x/" }, "", "oidc"), "http://[::1]:9/x");
  assert.equal(at({ ...both, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "True" }, profile), PLAIN);
  assert.equal(at({ AWS_USE_FIPS_ENDPOINT: "false" }, "use_fips_endpoint = true"), PLAIN);
  assert.equal(at({}, "use_fips_endpoint = true"), "https://codeartifact-fips.eu-west-1.amazonaws.com");
  assert.equal(at({ AWS_USE_DUALSTACK_ENDPOINT: "TRUE" }), "https://codeartifact.eu-west-1.api.aws");
});

test("what no request may go to is an error of the configuration", () => {
  const wrong = (env: Record<string, string>, said: RegExp, profile = ""): void => {
    assert.throws(() => at(env, profile), { code: "configuration", message: said });
  };
  wrong({ AWS_ENDPOINT_URL: "http://a.example" }, /AWS_ENDPOINT_URL is not https/);
  wrong({ AWS_ENDPOINT_URL: "http://127.0.0.1.example:1" }, /is not https/);
  wrong({ AWS_ENDPOINT_URL: "ftp://127.0.0.1" }, /is not https/);
  wrong({ AWS_ENDPOINT_URL: "https://u:p@a.example" }, /more than scheme/);
  wrong({ AWS_ENDPOINT_URL: "https://a.example/?x" }, /more than scheme/);
  wrong({ AWS_ENDPOINT_URL: "a.example" }, /is not an address/);
  wrong({ AWS_ENDPOINT_URL: "https:\\\\a.example" }, /is not an address/);
  wrong({}, /endpoint_url of the profile is not https/, "endpoint_url = http://a.example");
  wrong({ AWS_ENDPOINT_URL: "https://a.example", AWS_USE_FIPS_ENDPOINT: "true" }, /FIPS asks for another/);
  wrong({}, /dual-stack asks for another/, "endpoint_url = https://a.example\nuse_dualstack_endpoint = true");
});

test("a region has to be one, and of an enabled partition", () => {
  const region = (name: string, partitions?: readonly string[]) =>
    awsEndpoint("sts", name, { env: {}, partitions });
  assert.throws(() => region("cn-north-1", ["aws"]), {
    code: "configuration",
    message: /aws-cn, which is not enabled/,
  });
  assert.equal(region("cn-north-1", ["aws", "aws-cn"]), "https://sts.cn-north-1.amazonaws.com.cn");
  assert.throws(() => region("xx-nowhere-1"), { code: "configuration", message: /no partition/ });
  for (const name of ["", "eu-west-1.evil.example", "eu-west-1/", "EU-west-1", "eu-west-1\n", "x".repeat(99)])
    assert.throws(() => region(name), { code: "configuration", message: /is not a region/ });
});
