import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { cachedLogin } from "../../src/account/token-cache.ts";
import { InvalidCachedTokenError } from "../../src/errors.ts";
import { mendaHome } from "./home.ts";

const NOW = 1_800_000_000;

test("cachedLogin() answers by menda-keyring's rules of validity", (t) => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    [`access_token=a\nid_token=i\nexpires_in=3600\ncached_at=${NOW}`, "i"],
    [`access_token=a\nid_token=\nexpires_in=3600\ncached_at=${NOW}`, "a"],
    [`access_token=a`, "a"],
    [`access_token=a\nexpires_in=1`, "a"],
    [`access_token=a\nexpires_in=\ncached_at=1`, "a"],
    [`access_token=a\nexpires_in=1\ncached_at=`, "a"],
    [`access_token=a\nexpires_in=60\ncached_at=${NOW}`, undefined],
    [`access_token=a\nexpires_in=60.5\ncached_at=${NOW}`, "a"],
    [`access_token=a\nexpires_in=3600\ncached_at=${NOW - 3540}`, undefined],
    [`access_token=a\nexpires_in=3600\ncached_at=${NOW - 3539.5}`, "a"],
    [`access_token=a\nexpires_in=3_600\ncached_at=1.8e9`, "a"],
    [`access_token=a\nexpires_in=nan\ncached_at=1`, "a"],
    [`access_token=a\nexpires_in=Infinity\ncached_at=1`, "a"],
    [`access_token=\nid_token=`, undefined],
    [`expires_in=3600\ncached_at=${NOW}`, undefined],
    [`Access_Token: a%%b`, "a%b"],
  ];
  for (const [section, expected] of rows) {
    const home = mendaHome(t, { tokens: `[other]\naccess_token=no\n[p]\n${section}\n` });
    assert.equal(cachedLogin(home.path, "p", NOW)?.reveal(), expected, section);
  }
});

test("cachedLogin() says when the login ends, if the file says so", (t) => {
  const home = mendaHome(t, {
    tokens: `[p]\naccess_token=a\nexpires_in=3600\ncached_at=${NOW - 100}\n[q]\naccess_token=a\n`,
  });
  assert.equal(cachedLogin(home.path, "p", NOW)?.expiresAt, NOW + 3500);
  assert.equal(cachedLogin(home.path, "q", NOW)?.expiresAt, undefined);
});

test("cachedLogin() refuses times that are no numbers, without showing what stands there", (t) => {
  for (const times of [
    "expires_in=x1\ncached_at=1",
    "expires_in=1\ncached_at=0x10",
    "expires_in=1e\ncached_at=1",
    "expires_in=1__0\ncached_at=1",
  ]) {
    const home = mendaHome(t, { tokens: `[p]\naccess_token=a\n${times}\n` });
    assert.throws(() => cachedLogin(home.path, "p", NOW), {
      name: InvalidCachedTokenError.name,
      code: "authentication",
      message: `Token cache key 'p' in ${home.tokens} has invalid cached_at/expires_in; delete the file or run 'menda auth login' again.`,
    });
  }
});

test("cachedLogin() takes what is not there, or cannot be opened, as no login; what cannot be understood is an error", (t) => {
  const home = mendaHome(t, { tokens: "[p]\naccess_token = a\n" });
  assert.equal(cachedLogin(home.path, "q", NOW), undefined);
  rmSync(home.tokens);
  assert.equal(cachedLogin(home.path, "p", NOW), undefined);
  mkdirSync(home.tokens);
  assert.equal(cachedLogin(home.path, "p", NOW), undefined);
  const broken = mendaHome(t, { tokens: "access_token = a\n" });
  assert.throws(() => cachedLogin(broken.path, "p", NOW), {
    code: "configuration",
    name: "MendaKeyRingError",
  });
});
