import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf } from "../../src/resolver/action.ts";
import { DUALSTACK, hostOf, IPV4, VPCE } from "./hostile.ts";

/** Below a repository: what is only ever read, and what may be published, too. */
const TABLE: Readonly<Record<string, readonly [read: readonly string[], publish: readonly string[]]>> = {
  pypi: [
    ["/simple/", "/simple", "/simple/flask/", "/simple/flask/0.1/Flask-0.1.tar.gz"],
    ["", "/", "/legacy/", "/simpleton/", "/x/simple/", "/Simple/"],
  ],
  npm: [
    ["/left-pad/-/left-pad-1.0.0.tgz", "/@scope/pkg/-/pkg-1.0.0.tgz"],
    [
      "/",
      "/left-pad",
      "/@scope%2fpkg",
      "/@scope/pkg",
      "/-/npm/v1/security/audits",
      "/-/package/left-pad/dist-tags/latest",
      "/left-pad/-/left-pad-1.0.0.tgz/-rev/1",
      "/left-pad/-/left-pad-1.0.0.zip",
      "/left-pad/x/left-pad-1.0.0.tgz",
      "/a/b/-/b-1.0.0.tgz",
      "/simple/",
    ],
  ],
  maven: [[], ["/", "/com/example/a/1.0/a-1.0.jar", "/com/example/a/maven-metadata.xml", "/simple/"]],
  nuget: [[], ["/", "/v3/index.json", "/simple/"]],
  ruby: [
    ["/info/rake", "/gems/rake-13.0.0.gem"],
    ["/", "/api/v1/gems", "/info", "/gems/rake", "/info/a/b", "/simple/"],
  ],
  cargo: [[], ["/", "/config.json", "/simple/"]],
  swift: [
    ["/scope/name/1.0.0.zip"],
    ["/", "/login", "/scope/name/1.0.0", "/scope/name", "/name/1.0.0.zip", "/simple/"],
  ],
  generic: [[], ["/", "/package/1.0.0/file", "/simple/"]],
};

const BASES = [
  (format: string) => `https://${hostOf(IPV4)}/${format}/repo`,
  (format: string) => `https://aws@${hostOf(DUALSTACK)}/${format}/repo`,
  (format: string) => `https://${hostOf(VPCE)}/${format}/d/dom-123456789012/repo`,
];

for (const [format, [read, publish]] of Object.entries(TABLE)) {
  test(`${format}: reading is told from publishing where the address shows it, by all forms of host`, () => {
    for (const base of BASES) {
      for (const path of read) assert.equal(actionOf(base(format) + path), "read", base(format) + path);
      for (const path of publish) assert.equal(actionOf(base(format) + path), "publish", base(format) + path);
    }
  });
}

test("a repository that is called simple is no simple API", () => {
  assert.equal(actionOf(`https://${hostOf(IPV4)}/pypi/simple/`), "publish");
  assert.equal(actionOf(`https://${hostOf(IPV4)}/pypi/simple/simple/`), "read");
  assert.equal(actionOf(`https://${hostOf(VPCE)}/pypi/d/dom-123456789012/simple/`), "publish");
});

test("an address that names no feed is published to, as far as anybody knows", () => {
  for (const text of [
    hostOf(IPV4),
    `https://${hostOf(IPV4)}/`,
    `https://${hostOf(IPV4)}/docker/r2/simple/`,
    `https://${hostOf(IPV4)}/pypi/r/simple/`,
  ])
    assert.equal(actionOf(text), "publish", text);
  assert.equal(actionOf(`https://${hostOf(VPCE)}/simple/`), "read", "not a feed of ours: as any other host");
});

test("elsewhere the simple API is read, everything else counts as publish", () => {
  assert.equal(actionOf("https://packages.example/feed/simple/"), "read");
  assert.equal(actionOf("http://127.0.0.1:8801/feed/simple"), "read");
  assert.equal(actionOf("https://packages.example/feed/simpleton/"), "publish");
  assert.equal(actionOf("https://packages.example/"), "publish");
  assert.equal(actionOf("packages.example"), "publish");
  assert.equal(actionOf(""), "publish");
});

test("the partition does not matter to what a path means", () => {
  const china = "https://dom-123456789012.d.codeartifact.cn-north-1.amazonaws.com.cn/pypi/simple/";
  assert.equal(actionOf(china), "publish");
  assert.equal(actionOf(`${china}simple/`), "read");
});
