// get, inject, check, matrix and policy test, as a person or a script calls them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CERTIFICATE, CONFIG, secretPlace, VALUES } from "./secret-place.ts";

test("get writes the value and nothing else, and leaves two linked entries in the audit", (t) => {
  const place = secretPlace(t);
  assert.deepEqual(place.keywright(["get", "api_key"]), {
    status: 0,
    out: VALUES.DATABENTO_API_KEY,
    err: "",
  });
  const [decision, issued] = place.audit();
  assert.equal(decision?.["kind"], "decision");
  assert.equal(issued?.["decision"], decision?.["id"]);
  assert.ok(!JSON.stringify(place.audit()).includes(VALUES.DATABENTO_API_KEY));
  assert.deepEqual(JSON.parse(place.keywright(["get", "api_key", "--json"]).out), {
    name: "api_key",
    value: VALUES.DATABENTO_API_KEY,
    expires_at: null,
  });
});

test("unknown, denied, missing and badly asked are told apart by exit code and code", (t) => {
  const place = secretPlace(t);
  const rows: readonly (readonly [string, number, string])[] = [
    ["nope", 7, "unknown"],
    ["absent", 7, "not_found"],
    ["broker_password", 6, "denied"],
    ["Broker", 2, "invalid_ask"],
    ["explained", 6, "denied"],
  ];
  for (const [name, status, code] of rows) {
    const ran = place.keywright(["get", name, "--json"]);
    assert.deepEqual([ran.status, ran.out], [status, ""], name);
    assert.equal((JSON.parse(ran.err) as { error: { code: string } }).error.code, code, name);
  }
  assert.equal(place.keywright(["get", "explained", "--reason", "INC-1"]).out, VALUES.DATABENTO_API_KEY);
});

test("get does not write to a terminal unless asked, and then fetches nothing", (t) => {
  const place = secretPlace(t);
  const refused = place.atTerminal(["get", "api_key"]);
  assert.equal(refused.status, 2);
  assert.match(refused.out, /is a terminal/);
  assert.ok(!refused.out.includes(VALUES.DATABENTO_API_KEY));
  assert.throws(() => place.audit(), { code: "ENOENT" });
  assert.equal(place.atTerminal(["get", "api_key", "--show"]).out, `${VALUES.DATABENTO_API_KEY}\r\n`);
});

test("inject fills a template to a private file, whole or not at all", (t) => {
  const place = secretPlace(t);
  place.write(
    "t.tpl",
    'key={{ keywright:api_key }}\n{"q": {{ keywright:quoted | json }}}\n{{ other }}\n{{ keywright:certificate }}',
  );
  const ran = place.keywright(["inject", "-i", "t.tpl", "-o", "out.conf"]);
  assert.deepEqual(ran, { status: 0, out: "", err: "" });
  const whole = `key=${VALUES.DATABENTO_API_KEY}\n{"q": ${JSON.stringify(VALUES.QUOTED)}}\n{{ other }}\n`;
  const out = place.keywright(["inject", "-i", "t.tpl"]).out;
  assert.ok(out.startsWith(whole) && out.includes(CERTIFICATE.trimEnd()), out);
  assert.equal(statSync(join(place.home, "out.conf")).mode & 0o777, 0o600);

  place.write("denied.tpl", "{{ keywright:api_key }} {{ keywright:broker_password }}");
  assert.equal(place.keywright(["inject", "-i", "denied.tpl", "-o", "out2.conf"]).status, 6);
  assert.throws(() => statSync(join(place.home, "out2.conf")), { code: "ENOENT" });
  assert.equal(
    place.keywright(["inject", "-i", "-"], { input: "<{{ keywright:api_key }}>" }).out,
    `<${VALUES.DATABENTO_API_KEY}>`,
  );
  assert.equal(place.keywright(["inject", "-i", "none.tpl"]).status, 2);
  place.write("bad.tpl", "\n{{ keywright:API }}");
  assert.match(place.keywright(["inject", "-i", "bad.tpl"]).err, /bad\.tpl:2:/);
  writeFileSync(join(place.home, "binary.tpl"), Buffer.from([0xff, 0xfe, 0]));
  assert.match(place.keywright(["inject", "-i", "binary.tpl"]).err, /is not UTF-8 text/);
});

test("inject replaces no pipe, device or folder, and takes no hyphen for a name", (t) => {
  const place = secretPlace(t);
  place.write("t.tpl", "key={{ keywright:api_key }}");
  execFileSync("mkfifo", [join(place.home, "pipe")]);
  for (const out of ["pipe", ".", "-"]) {
    const ran = place.keywright(["inject", "-i", "t.tpl", "-o", out]);
    assert.deepEqual([ran.status, ran.out], [2, ""], out);
    assert.match(ran.err, /no regular file|no name of a file/);
  }
  assert.ok(statSync(join(place.home, "pipe")).isFIFO());
  assert.throws(() => place.audit(), { code: "ENOENT" }); // nothing was fetched for it either
});

test("explain NAME says who would have it and by which rule, for anybody, and shows neither value nor path", (t) => {
  const place = secretPlace(t);
  const ours = place.keywright(["explain", "api_key"]);
  assert.equal(ours.status, 0, ours.err);
  assert.match(ours.out, /^granted +api_key\n/);
  assert.match(ours.out, /^rule +marketdata\.allowed_principals$/m);
  assert.match(ours.out, /^store +local$/m);
  const denied = place.keywright(["explain", "broker_password"]);
  assert.deepEqual([denied.status, /^denied +broker_password$/m.test(denied.out)], [6, true]);
  assert.equal(place.keywright(["explain", "broker_password", "--as", "execution@prod/bridge"]).status, 0);
  assert.equal(place.keywright(["explain", "explained", "--reason", "INC-1"]).status, 0);
  assert.equal(place.keywright(["explain", "explained"]).status, 6);
  assert.equal(place.keywright(["explain", "nope"]).status, 7);
  assert.equal(place.keywright(["explain", "api_key", "--as", "Nobody"]).status, 2);
  const json = JSON.parse(place.keywright(["explain", "api_key", "--json", "--as", "ops"]).out) as object;
  assert.deepEqual(
    [(json as { outcome: string }).outcome, (json as { principal: string }).principal],
    ["denied", "ops"],
  );
  const all = ours.out + denied.out + JSON.stringify(json);
  assert.ok(!/databento|DATABENTO|broker-7c|db-3f/.test(all), all);
  assert.throws(() => place.audit(), { code: "ENOENT" });
});

test("explain and get agree for every secret", (t) => {
  const place = secretPlace(t);
  for (const name of ["api_key", "broker_password", "explained", "nope", "certificate"]) {
    const explained = place.keywright(["explain", name]).status;
    assert.equal(place.keywright(["get", name]).status, explained, name);
  }
});

test("check says of every store whether it is ready, and if not, why", (t) => {
  const place = secretPlace(t);
  assert.deepEqual(place.keywright(["check"]), {
    status: 0,
    out: "local    env   ready\nmounted  file  ready\n",
    err: "",
  });
  const broken = secretPlace(t, CONFIG.replace("FOLDER", "/nowhere/at/all"));
  const ran = broken.keywright(["check", "--json"]);
  assert.equal(ran.status, 8);
  const [local, mounted] = JSON.parse(ran.out) as { ready: boolean; error: { message: string } | null }[];
  assert.deepEqual([local?.ready, local?.error, mounted?.ready], [true, null, false]);
  assert.match(broken.keywright(["check"]).out, /^mounted {2}file {2}not ready: /m);
});

test("matrix shows who may have what; --diff shows who gained and lost", (t) => {
  const place = secretPlace(t);
  const text = place.keywright(["matrix"]).out;
  assert.match(text, /^REF +PRINCIPAL +ACTION +MAY\n/);
  assert.match(text, /^api_key +research +read +always$/m);
  assert.match(text, /^explained +research +read +sometimes: told \(reason required\)$/m);
  assert.ok(
    !/never/.test(text) &&
      /^broker_password +research +read +never$/m.test(place.keywright(["matrix", "--all"]).out),
  );
  const old = place.write("old.yaml", CONFIG.replaceAll("FOLDER", "/tmp"));
  const now = place.write(
    "new.yaml",
    CONFIG.replaceAll("FOLDER", "/tmp").replace("[execution]", "[execution, research]"),
  );
  assert.equal(
    place.keywright(["matrix", now, "--diff", old]).out,
    "+  broker_password  research  read  gained\n",
  );
  assert.equal(place.keywright(["matrix", old, "--diff", old]).out, "nobody gained or lost anything\n");
  const [change] = JSON.parse(place.keywright(["matrix", old, "--diff", now, "--json"]).out) as {
    change: string;
  }[];
  assert.equal(change?.change, "lost");
});

test("policy test holds rows to the configuration; a row that does not hold is named with its line", (t) => {
  const place = secretPlace(t);
  const good = place.write(
    "good.yaml",
    `tests:
  - { secret: api_key, as: research@dev, expect: allow, rule: marketdata.allowed_principals }
  - { secret: broker_password, as: execution@prod/bridge, expect: allow }
  - { secret: broker_password, as: research, expect: deny }
  - { secret: explained, as: research, expect: deny }
  - { secret: explained, as: research, reason: INC-1, expect: allow, rule: told }
  - { registry: "https://elsewhere.example/simple/", as: research, expect: deny }
`,
  );
  assert.deepEqual(place.keywright(["policy", "test", good]), {
    status: 0,
    out: "6 of 6 tests hold\n",
    err: "",
  });
  const bad = place.write(
    "bad.yaml",
    "tests:\n  - { secret: api_key, as: research, expect: allow }\n  - { secret: api_key, as: ops, expect: allow }\n",
  );
  const ran = place.keywright(["policy", "test", bad]);
  assert.equal(ran.status, 6);
  assert.match(
    ran.out,
    /^\S*bad\.yaml:3: api_key as ops: expected allow, but no rule of policy marketdata grants read/,
  );
  const rows = JSON.parse(place.keywright(["policy", "test", bad, "--json"]).out) as { ok: boolean }[];
  assert.deepEqual(
    rows.map(({ ok }) => ok),
    [true, false],
  );
  const misspelled = place.write("slip.yaml", "tests: [ { secret: api_kye, as: ops, expect: deny } ]");
  const slip = place.keywright(["policy", "test", misspelled]);
  assert.deepEqual([slip.status, /api_kye as ops: expected deny, but no ref/.test(slip.out)], [6, true]);
  const ruled = place.write(
    "ruled.yaml",
    "tests: [ { secret: api_key, as: research, expect: allow, rule: other } ]",
  );
  assert.match(place.keywright(["policy", "test", ruled]).out, /expected allow by other, but marketdata/);
  for (const [text, message] of [
    ["tests: []", /has no list of tests/],
    ["tests: [ { as: a, expect: allow } ]", /either a secret or a registry/],
    ["tests: [ { secret: a, as: b } ]", /has no expect/],
    ["tests: [ { secret: a, as: b, expect: maybe } ]", /is none of allow, deny/],
    ["tests: [ { secret: a, as: b, expect: allow, at: soon } ]", /is no date/],
    ["tests: [ { secret: a, as: b, expect: allow, x: 1 } ]", /unknown key/],
  ] as const) {
    const wrong = place.keywright(["policy", "test", place.write("wrong.yaml", text)]);
    assert.deepEqual([wrong.status, message.test(wrong.err)], [3, true], wrong.err);
  }
  assert.throws(() => place.audit(), { code: "ENOENT" });
});
