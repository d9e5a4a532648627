import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeywrightError } from "../../src/errors.ts";
import { actionOf } from "../../src/resolver/action.ts";
import { parseAddress, showAddress } from "../../src/resolver/address.ts";
import { matchFault } from "../../src/resolver/match.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import { createRefs, type Found } from "../../src/resolver/refs.ts";
import {
  CODEARTIFACT,
  FOREIGN,
  HOST,
  HOSTILE,
  HOSTILE_BY_FORM,
  HOSTILE_LOOPBACK,
  MATCHES,
  OURS,
  OURS_BY_FORM,
} from "./corpus.ts";
import { FOOLED, FOOLED_ELSEWHERE } from "./hostile.ts";

function ref(name: string, match: string | undefined, more: Partial<SecretRef> = {}): SecretRef {
  const fixed = {
    store: "s",
    path: undefined,
    policy: "p",
    username: "aws",
    locked: false,
    options: {},
    revision: name,
  };
  return { name, match, ...fixed, ...more };
}

function outcome(refs: readonly SecretRef[], url: string): Found {
  return createRefs(refs).find({ kind: "registry", url, action: "read" });
}

const aws = ref("codeartifact", CODEARTIFACT);
const forms = Object.entries(MATCHES).map(([form, match]) => ref(form, match));
const feed = ref("feed", "127.0.0.1:8801/feed");
const local = ref("local", "localhost:8802");

test("every hostile address is refused", () => {
  for (const url of HOSTILE)
    assert.equal(outcome([aws], url).outcome, "refused", JSON.stringify(url.slice(0, 120)));
});

test("every hostile address is refused beside loopback refs, and theirs too", () => {
  for (const url of [...HOSTILE, ...HOSTILE_LOOPBACK]) {
    assert.equal(outcome([aws, feed, local], url).outcome, "refused", JSON.stringify(url.slice(0, 120)));
  }
});

test("every hostile address of each form of host is refused, with its own ref alone and beside the others", () => {
  for (const form of ["ipv4", "dualstack", "vpce"] as const) {
    for (const url of HOSTILE_BY_FORM[form]) {
      for (const refs of [[ref(form, MATCHES[form])], forms]) {
        assert.equal(outcome(refs, url).outcome, "refused", JSON.stringify([form, url.slice(0, 120)]));
      }
    }
  }
});

for (const [name, url] of Object.entries(FOOLED)) {
  test(`refused: ${name}`, () => {
    assert.equal(outcome(forms, url).outcome, "refused", url);
    assert.notEqual(outcome([aws], url).outcome, "ours", url);
  });
}

for (const [name, url] of Object.entries(FOOLED_ELSEWHERE)) {
  test(`foreign: ${name}`, () => assert.equal(outcome(forms, url).outcome, "foreign", url));
}

test("the addresses of all three forms are ours when each has its ref", () => {
  for (const url of [...OURS, ...OURS_BY_FORM]) assert.equal(outcome(forms, url).outcome, "ours", url);
  for (const url of FOREIGN) assert.equal(outcome(forms, url).outcome, "foreign", JSON.stringify(url));
});

test("a piece of a match that is one label imitates only as a label", () => {
  const dual = ref("dual", MATCHES.dualstack);
  assert.equal(outcome([dual], "https://x-123456789012.codeartifact.evil.example/").outcome, "refused");
  assert.equal(outcome([dual], "https://x%2ecodeartifact%2eevil.example/").outcome, "refused");
  assert.equal(outcome([dual], "https://packages.example/codeartifact/simple/").outcome, "foreign");
});

test("our own addresses are ours", () => {
  for (const url of OURS) assert.equal(outcome([aws], url).outcome, "ours", url);
});

test("what is somebody else's is foreign, also beside loopback refs", () => {
  for (const url of FOREIGN) {
    assert.equal(outcome([aws], url).outcome, "foreign", JSON.stringify(url));
    assert.equal(outcome([aws, feed, local], url).outcome, "foreign", JSON.stringify(url));
  }
});

test("a bare host is answered only when one ref covers all of it", () => {
  const whole = ref("whole", "nexus.corp.example");
  const part = ref("part", "nexus.corp.example/pypi");
  assert.equal(outcome([whole], "nexus.corp.example").outcome, "ours");
  assert.equal(outcome([part], "nexus.corp.example").outcome, "foreign");
  assert.equal(outcome([whole, part], "nexus.corp.example").outcome, "foreign");
  assert.equal(outcome([whole], "nexus.corp.example:8443").outcome, "refused");
  assert.equal(outcome([local], "localhost:8802").outcome, "ours");
  assert.equal(outcome([feed], "127.0.0.1:8801").outcome, "foreign");
});

test("path prefixes fit by whole segments, the longest wins, and another feed on the host is foreign", () => {
  const repo = ref("repo", "nexus.corp.example/repo");
  const deep = ref("deep", "nexus.corp.example/repo/deep");
  const name = (url: string): string => {
    const found = outcome([repo, deep], url);
    return found.outcome === "ours" ? found.ref.name : found.outcome;
  };
  assert.equal(name("https://nexus.corp.example/repo/simple/"), "repo");
  assert.equal(name("https://nexus.corp.example/repo"), "repo");
  assert.equal(name("https://nexus.corp.example/repo/deep/simple/"), "deep");
  assert.equal(name("https://nexus.corp.example/repo-evil/simple/"), "foreign");
  assert.equal(name("https://nexus.corp.example/other/"), "foreign");
  assert.equal(name("https://nexus.corp.example/Repo/"), "foreign");
});

test("loopback speaks http, at its port only, and every way to write another port is not it", () => {
  assert.equal(outcome([feed], "http://127.0.0.1:8801/feed/simple/").outcome, "ours");
  assert.equal(outcome([feed], "https://127.0.0.1:8801/feed/simple/").outcome, "ours");
  assert.equal(outcome([feed], "http://127.0.0.1:8801/other/").outcome, "foreign");
  assert.equal(outcome([feed], "http://127.0.0.1:880/feed/").outcome, "foreign");
  assert.equal(outcome([feed], "http://127.0.0.1/feed/").outcome, "foreign");
  const six = ref("six", "[::1]:8803");
  assert.equal(outcome([six], "http://[::1]:8803/simple/").outcome, "ours");
  assert.equal(outcome([six], "[::1]:8803").outcome, "ours");
});

test("a locked ref wins over a more specific one, and two that fit equally well are refused", () => {
  const locked = ref("locked", CODEARTIFACT, { locked: true });
  const exact = ref("exact", HOST);
  const found = outcome([exact, locked], `https://${HOST}/pypi/r/simple/`);
  assert.equal(found.outcome === "ours" && found.ref.name, "locked");
  const open = outcome([exact, aws], `https://${HOST}/pypi/r/simple/`);
  assert.equal(open.outcome === "ours" && open.ref.name, "exact");
  const twin = ref("twin", "*.d.codeartifact.*.amazonaws.com");
  assert.equal(outcome([aws, twin], `https://${HOST}/pypi/r/simple/`).outcome, "refused");
});

test("a secret's name finds its ref and no registry", () => {
  const secret = ref("api_key", undefined, { path: "a/b" });
  const refs = createRefs([secret, aws]);
  assert.equal(refs.find({ kind: "secret", name: "api_key" }).outcome, "ours");
  assert.equal(refs.find({ kind: "secret", name: "codeartifact" }).outcome, "foreign");
  assert.equal(refs.find({ kind: "secret", name: "other" }).outcome, "foreign");
});

test("matches that would reach strangers, or say something else than they seem to, are faults", () => {
  const faulty = [
    "https://host.example",
    "Host.example",
    "*",
    "*.com*",
    "host.*",
    "a..b",
    "host.example:0",
    "host.example:08",
    "host.example:65536",
    "host.example/a/../b",
    "host.example//a",
    "host.example/%2e%2e/",
    "host.example/*",
    "localhost",
    "127.0.0.1/feed",
    "ho st.example",
    "user@host.example",
    "host.example?x",
    "-host.example",
    ".host.example",
    "host.example.",
    "",
    "**.example",
    "h\u00f6st.example",
  ];
  for (const match of faulty) assert.notEqual(matchFault(match), undefined, match);
  const fine = [
    CODEARTIFACT,
    "nexus",
    "nexus.corp.example:8443/repo/",
    "[::1]:80",
    "localhost:1",
    "repo-*.corp.example",
    "10.0.0.5",
  ];
  for (const match of fine) assert.equal(matchFault(match), undefined, match);
});

test("property: a matched address has exactly a configured host, whatever surrounds it", () => {
  const piece = fc.constantFrom(
    HOST,
    "evil.example",
    "https://",
    "http://",
    "@",
    ":",
    "/",
    "\\",
    ".",
    "%2e",
    "#",
    "?",
    "aws",
    "443",
    "8443",
    "[",
    "]",
    " ",
    "\t",
    "\u3002",
    "d.codeartifact",
    "dom",
    "-",
    "*",
    "amazonaws.com",
    "pypi/r/simple/",
    "..",
    "a",
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 300 }),
  );
  fc.assert(
    fc.property(text, (url) => {
      const found = outcome([aws], url);
      if (found.outcome !== "ours") return;
      const host = found.address?.host ?? "";
      assert.match(host, /^[a-z0-9-]+\.d\.codeartifact\.[a-z0-9-]+\.amazonaws\.com$/);
      const asUrl = new URL(found.address?.scheme === undefined ? `https://${url}/` : url);
      assert.equal(asUrl.hostname, host);
      assert.equal(asUrl.protocol, "https:");
      assert.equal(asUrl.port, "");
      assert.equal(asUrl.password, "");
    }),
    { numRuns: 5000 },
  );
});

test("property: reading an address never throws anything but our error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      try {
        outcome([aws, feed, local], text);
        parseAddress(text);
        showAddress(text);
        actionOf(text);
      } catch (error) {
        assert.ok(error instanceof KeywrightError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a long hostile text is judged quickly", () => {
  const started = process.cpuUsage().user;
  for (const unit of ["d.codeartifact.", "a-", "%25", "d.codeartifact.a", "."])
    outcome([aws], unit.repeat(2048 / unit.length));
  assert.ok(process.cpuUsage().user - started < 500_000);
});

test("what is shown of an address has no user information, query, fragment or unprintable character", () => {
  assert.equal(
    showAddress("https://user:hunter2@host.example/simple/?token=hunter2#hunter2"),
    "https://***@host.example/simple/",
  );
  assert.equal(showAddress("user:hunter2@host.example"), "***@host.example");
  assert.equal(showAddress("https://h\u00f6st/\n"), "https://h\\u00f6st/\\u000a");
  assert.ok(showAddress("a".repeat(10_000)).length < 300);
});
