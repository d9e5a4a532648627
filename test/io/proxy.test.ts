// Which requests go through which proxy: the variables and every form of NO_PROXY.
import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFor } from "../../src/io/proxy.ts";
import { isLoopback } from "../../src/loopback.ts";

const PROXY = { HTTPS_PROXY: "http://proxy.example:3128" };

function shown(env: Record<string, string>): string | undefined {
  return proxyFor("menda.example", 443, env)?.shown;
}

test("the variables: lower case first, https before all, empty is none", () => {
  assert.equal(shown({}), undefined);
  assert.equal(shown(PROXY), "http://proxy.example:3128");
  assert.equal(shown({ HTTPS_PROXY: "proxy.example:3128" }), "http://proxy.example:3128");
  assert.equal(shown({ https_proxy: "https://secure.example", ...PROXY }), "https://secure.example:443");
  assert.equal(shown({ all_proxy: "http://all.example", ...PROXY }), "http://proxy.example:3128");
  assert.equal(shown({ ALL_PROXY: "http://all.example" }), "http://all.example:80");
  assert.equal(shown({ https_proxy: "", ...PROXY }), undefined);
  assert.equal(shown({ HTTP_PROXY: "http://plain.example" }), undefined);
  assert.equal(
    shown({ ...PROXY, HTTPS_PROXY: "http://u:p@proxy.example:3128" }),
    "http://proxy.example:3128",
  );
});

test("NO_PROXY", () => {
  const direct = (list: string, host = "a.menda.example", port = 443): boolean =>
    proxyFor(host, port, { ...PROXY, NO_PROXY: list }) === undefined;
  const covered = [
    "*",
    "a.menda.example",
    "menda.example",
    ".menda.example",
    "*.menda.example",
    "A.Menda.Example",
    "a.menda.example:443",
    "x.example, menda.example",
    "x.example menda.example",
    ".example:443",
  ];
  for (const list of covered) assert.ok(direct(list), list);
  const not = [
    "",
    ",",
    ".",
    "x.example",
    "nda.example",
    "a.menda.example:8443",
    "a.menda.example.com",
    "b.a.menda.example",
    "10.0.0.0/8",
  ];
  for (const list of not) assert.ok(!direct(list), list);
  const addresses = [
    ["10.1.2.3", "10.1.2.3"],
    ["10.0.0.0/8", "10.1.2.3"],
    ["10.1.2.3:443", "10.1.2.3"],
    ["[fd00::1]", "[fd00::1]"],
    ["fd00::/8", "[fd00::1]"],
    ["FD00::1", "[fd00::1]"],
    ["[fd00::1]:443", "[fd00::1]"],
  ] as const;
  for (const [list, host] of addresses) assert.ok(direct(list, host), list);
  const others = [
    ["10.1.2.4", "10.1.2.3"],
    ["11.0.0.0/8", "10.1.2.3"],
    ["10.0.0.0/99", "10.1.2.3"],
    ["2.3", "10.1.2.3"],
    ["0.0.0.0/0", "[fd00::1]"],
    ["10.1.2.3:80", "10.1.2.3"],
  ] as const;
  for (const [list, host] of others) assert.ok(!direct(list, host), list);
  assert.ok(proxyFor("menda.example", 443, { ...PROXY, no_proxy: "x.example", NO_PROXY: "*" }) !== undefined);
});

test("loopback is by address, not by looks", () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"]) {
    assert.ok(isLoopback(host), host);
    assert.equal(proxyFor(host, 443, PROXY), undefined);
  }
  for (const host of [
    "localhost.example",
    "127.0.0.1.example",
    "127.example",
    "[::2]",
    "0.0.0.0",
    "localhost.",
  ])
    assert.ok(!isLoopback(host), host);
});
