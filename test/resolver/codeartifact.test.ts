import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseAddress } from "../../src/resolver/address.ts";
import { codeArtifactTarget, FORMATS, usernameFor } from "../../src/resolver/codeartifact.ts";
import { PARTITION_NAMES, partitionOf, PARTITIONS } from "../../src/resolver/partitions.ts";
import { HOSTILE_BY_FORM, OURS, OURS_BY_FORM } from "./corpus.ts";
import { DUALSTACK, FOOLED, FOOLED_ELSEWHERE, hostOf, IPV4, VPCE } from "./hostile.ts";

function target(text: string, partitions?: readonly string[]): ReturnType<typeof codeArtifactTarget> {
  const address = parseAddress(text);
  return address === undefined || address === "disagree"
    ? undefined
    : codeArtifactTarget(address, partitions);
}

const DOM = { domain: "dom", owner: "123456789012", region: "eu-west-1", partition: "aws" };

test("each form of host names domain, owner, region and the feed", () => {
  const feed = { format: "pypi", repository: "my.repo_1" };
  assert.deepEqual(target(`https://${hostOf(IPV4)}/pypi/my.repo_1/simple/`), {
    ...DOM,
    form: "ipv4",
    ...feed,
  });
  assert.deepEqual(target(`https://${hostOf(DUALSTACK)}/pypi/my.repo_1/`), {
    ...DOM,
    form: "dualstack",
    ...feed,
  });
  assert.deepEqual(target(`https://${hostOf(VPCE)}/pypi/d/dom-123456789012/my.repo_1/simple/`), {
    ...DOM,
    form: "vpce",
    ...feed,
  });
});

test("a bare host names its domain, and that of a VPC endpoint nothing", () => {
  const none = { format: undefined, repository: undefined };
  assert.deepEqual(target(hostOf(IPV4)), { ...DOM, form: "ipv4", ...none });
  assert.deepEqual(target(`${hostOf(DUALSTACK)}:443`), { ...DOM, form: "dualstack", ...none });
  assert.equal(target(hostOf(VPCE)), undefined);
  assert.equal(target(`https://${hostOf(VPCE)}/`), undefined);
});

test("the owner is what stands last: domains have hyphens and digits", () => {
  const host = (label: string): string => `https://${label}.d.codeartifact.us-east-1.amazonaws.com/`;
  const names = (label: string): readonly (string | undefined)[] => {
    const found = target(host(label));
    return [found?.domain, found?.owner];
  };
  assert.deepEqual(names("my-2nd-domain-123456789012"), ["my-2nd-domain", "123456789012"]);
  assert.deepEqual(names("a1-000000000000-123456789012"), ["a1-000000000000", "123456789012"]);
  assert.deepEqual(names(`a${"b".repeat(49)}-123456789012`), [`a${"b".repeat(49)}`, "123456789012"]);
  for (const label of ["dom", "dom-12345678901", "dom-1234567890123", "dom123456789012", "a-123456789012"])
    assert.equal(target(host(label)), undefined, label);
  for (const label of [
    "2dom-123456789012",
    "dom--123456789012",
    "-123456789012",
    "xn--bcher-kva-123456789012",
  ])
    assert.equal(target(host(label)), undefined, label);
});

test("every format is known by its first segment, in the path of a VPC endpoint too", () => {
  for (const format of FORMATS) {
    assert.equal(target(`https://${hostOf(IPV4)}/${format}/repo/`)?.format, format);
    assert.equal(target(`https://${hostOf(VPCE)}/${format}/d/dom-123456789012/repo/`)?.format, format);
  }
  assert.deepEqual(
    FORMATS.filter((format) => usernameFor(format) !== "aws"),
    ["swift"],
  );
  assert.equal(usernameFor("swift"), "token");
  assert.equal(usernameFor(undefined), "aws");
});

test("a path that names no feed leaves it open, and on a VPC endpoint names nothing", () => {
  const odd = ["/", "/PYPI/repo/", "/docker/repo/", "/pypi/", "/pypi/r/", "/pypi/.repo/", "/pypi/re%20po/"];
  for (const path of odd) {
    const found = target(`https://${hostOf(IPV4)}${path}`);
    assert.equal(found?.repository, undefined, path);
    assert.equal(found?.domain, "dom", path);
  }
  const dom = "dom-123456789012";
  for (const path of [
    "/pypi/repo/simple/",
    `/d/${dom}/repo/`,
    `/pypi/${dom}/repo/`,
    `/pypi/D/${dom}/repo/`,
    `/PYPI/d/${dom}/repo/`,
    `/docker/d/${dom}/repo/`,
    `/pypi/d/${dom}/`,
    `/pypi/d/${dom}-evil/repo/`,
    `/pypi/d/evil.${dom}/repo/`,
    `/pypi/d/Dom-123456789012/repo/`,
    `/pypi/x/d/${dom}/repo/`,
  ])
    assert.equal(target(`https://${hostOf(VPCE)}${path}`), undefined, path);
});

test("only https, only port 443, and no stand-in on this machine", () => {
  assert.equal(target(`http://${hostOf(IPV4)}/pypi/repo/`), undefined);
  assert.equal(target(`http://${hostOf(IPV4)}:443/pypi/repo/`), undefined);
  assert.equal(target(`https://${hostOf(IPV4)}:8443/pypi/repo/`), undefined);
  assert.equal(target(`${hostOf(IPV4)}:80`), undefined);
  assert.equal(target("http://localhost:8801/pypi/repo/simple/"), undefined);
  assert.equal(target("https://127.0.0.1/pypi/repo/simple/"), undefined);
});

test("a dot is a dot, and nothing stands around the host", () => {
  for (const host of [
    "dom-123456789012.d.codeartifact.eu-west-1.amazonawsxcom",
    "dom-123456789012.dxcodeartifact.eu-west-1.amazonaws.com",
    "dom-123456789012.codeartifact.eu-west-1.onxaws",
    "vpce-0a1b-2c3d.d.codeartifact.eu-west-1.vpcexamazonaws.com",
    "x.dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com",
    "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com.example",
  ])
    assert.equal(target(`https://${host}/pypi/d/dom-123456789012/repo/`, PARTITION_NAMES), undefined, host);
});

test("a region belongs to its partition, and only what is named counts", () => {
  const at = (region: string, suffix: string, partitions?: readonly string[]): string | undefined =>
    target(`https://dom-123456789012.d.codeartifact.${region}.${suffix}/`, partitions)?.partition;
  assert.equal(at("mx-central-1", "amazonaws.com"), "aws");
  for (const region of [
    "evil-west-1",
    "eu-west",
    "eu-west-1x",
    "west-1",
    "us-gov-west-1",
    "cn-north-1",
    "eu--1",
  ])
    assert.equal(at(region, "amazonaws.com"), undefined, region);
  assert.equal(at("us-gov-west-1", "amazonaws.com", ["aws", "aws-us-gov"]), "aws-us-gov");
  assert.equal(at("eu-west-1", "amazonaws.com", ["aws-us-gov"]), undefined);
  assert.equal(at("cn-north-1", "amazonaws.com.cn", ["aws-cn"]), "aws-cn");
  assert.equal(at("cn-north-1", "amazonaws.com.cn"), undefined);
  assert.equal(at("cn-north-1", "amazonaws.cn", PARTITION_NAMES), undefined);
  assert.equal(at("eusc-de-east-1", "amazonaws.eu", ["aws-eusc"]), "aws-eusc");
  assert.equal(at("eu-west-1", "amazonaws.com", []), undefined);
  const dual = "https://dom-123456789012.codeartifact.cn-north-1.on.amazonwebservices.com.cn/";
  assert.equal(target(dual, ["aws-cn"])?.form, "dualstack");
});

test("every partition's regions are its own", () => {
  const regions = ["us-east-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-east-1"];
  const all = [...regions, "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"];
  assert.deepEqual(
    all.map((region) => partitionOf(region)?.name),
    PARTITIONS.map(({ name }) => name),
  );
  assert.equal(partitionOf("moon-base-1"), undefined);
});

test("what the refs refuse or leave names nothing, in any partition, and what is ours names something", () => {
  const rows = [
    ...Object.values(HOSTILE_BY_FORM).flat(),
    ...Object.values(FOOLED),
    ...Object.values(FOOLED_ELSEWHERE),
  ];
  // These have the right host and path; the refs refuse them for the user name, which is not looked at here.
  const users = rows.filter((url) => /^https:\/\/[\w.]+@[\w.-]+\/pypi\/r\/simple\/$/.test(url));
  assert.equal(users.length, 6);
  for (const url of rows.filter((row) => !users.includes(row)))
    assert.equal(target(url, PARTITION_NAMES), undefined, JSON.stringify(url.slice(0, 120)));
  for (const url of [...OURS, ...OURS_BY_FORM]) assert.notEqual(target(url), undefined, url);
});

test("property: what is named stands in the address, and puts together the host again", () => {
  const letters = fc.stringMatching(/^[a-z0-9.-]{0,12}$/);
  const piece = fc.oneof(
    letters,
    fc.constantFrom("-123456789012", ".d.codeartifact.", "eu-west-1", ".amazonaws.com"),
  );
  const host = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.oneof(
        host,
        host.map((text) => `a${text}-123456789012.d.codeartifact.eu-west-1.amazonaws.com`),
      ),
      (text) => {
        const found = target(`https://${text}/`, PARTITION_NAMES);
        if (found === undefined) return;
        const { domain, owner, region } = found;
        assert.equal(text, `${domain}-${owner}.d.codeartifact.${region}.amazonaws.com`);
      },
    ),
    { numRuns: 3000 },
  );
});
