import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { redacted } from "../../src/account/redact.ts";
import { Secret } from "../../src/secret.ts";

const VALUE = "Zk3v9QpL2m/+~\"'é <&>=bT7xW1nRc8";
const SECRET = new Secret(VALUE);

test("a secret is taken out in every encoding in which a server echoes it", () => {
  const bytes = Buffer.from(VALUE);
  const form = new URLSearchParams({ s: VALUE }).toString().slice(2);
  const echoes = [
    VALUE,
    form,
    encodeURIComponent(VALUE),
    JSON.stringify(VALUE),
    VALUE.replaceAll('"', "&quot;").replaceAll("<", "&lt;"),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...["", "a", "ab", "abc"].flatMap((id) => [
      Buffer.from(`${id}:${VALUE}`).toString("base64"),
      Buffer.from(`${id}:${form}`).toString("base64"),
      Buffer.from(`${id}:${VALUE}!`).toString("base64url"),
    ]),
  ];
  for (const echo of echoes) {
    const text = redacted(`before ${echo} after`, [undefined, SECRET]);
    assert.match(text, /^before .*\[secret\].* after$/, echo);
    assert.ok(!/Zk3v9|xW1nR|Wmsz|eFcxb/.test(text), text);
  }
});

test("what looks like a token goes, what a person reads stays", () => {
  const token = "kw_Zk3v9QpL2mbT7xW1nRc8Zk3v9QpL2mbT7xW1nRc8abcd";
  assert.equal(redacted(`{"access_token":"${token}"}`, []), '{"access_token":"[secret]"}');
  for (const text of [
    "request 5f0c2a6e-8a34-4a58-9c1f-0d4d7b1f2e11 failed",
    "x".repeat(900),
    "/api/v1/auth/registry/token: a-very-long-name-of-an-error-without-any-number",
  ]) {
    assert.equal(redacted(text, [SECRET]), text);
  }
});

test("the value itself never survives (property)", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (value, before, after) => {
      fc.pre(!"[secret]".includes(value) && !`${before}${after}`.includes(value));
      const text = redacted(`${before}\n${value}\n${after}`, [new Secret(value)]);
      assert.ok(!text.includes(`\n${value}\n`));
    }),
  );
});
