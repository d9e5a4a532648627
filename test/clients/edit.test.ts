// One key of an INI or a TOML file changes, everything else stays byte for byte; what is not understood stays whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diffText } from "../../src/clients/diff.ts";
import { hidden, withoutPassword } from "../../src/clients/hidden.ts";
import { iniEntries, pipKey, plainKey, withIniKey, withoutIniKey } from "../../src/clients/ini-edit.ts";
import { netrcEntries } from "../../src/io/netrc-entries.ts";
import { tomlLine, withTomlKey } from "../../src/clients/toml-edit.ts";
import { asKeywrightError } from "../../src/errors.ts";

const set = (text: string): string =>
  withIniKey(text, "pip.conf", "global", "keyring-provider", "subprocess", pipKey);

test("INI: a new key goes below its header, and nothing else changes", () => {
  const rows: readonly (readonly [before: string, after: string])[] = [
    ["", "[global]\nkeyring-provider = subprocess\n"],
    [
      "# mine\n[global]\ntimeout = 1\n; end",
      "# mine\n[global]\nkeyring-provider = subprocess\ntimeout = 1\n; end\n",
    ],
    ["[global]\r\na = 1\r\n", "[global]\r\nkeyring-provider = subprocess\r\na = 1\r\n"],
    ["[install]\na = 1\n", "[install]\na = 1\n\n[global]\nkeyring-provider = subprocess\n"],
    [
      "[global]\n  a = 1\n  b =\n    x\n    y\n",
      "[global]\n  keyring-provider = subprocess\n  a = 1\n  b =\n    x\n    y\n",
    ],
    ["[global]", "[global]\nkeyring-provider = subprocess\n"],
  ];
  for (const [before, after] of rows) assert.equal(set(before), after);
});

test("INI: a key that is there is changed in its place, in whatever form pip takes it", () => {
  assert.equal(
    set("[global]\nKeyring_Provider : import   \nz = 1\n"),
    "[global]\nKeyring_Provider : subprocess\nz = 1\n",
  );
  assert.equal(set("[global]\n--keyring-provider=auto\n"), "[global]\n--keyring-provider=subprocess\n");
  assert.equal(
    set("[global]\nkeyring-provider =\n    auto\nz = 1\n"),
    "[global]\nkeyring-provider =subprocess\nz = 1\n",
  );
});

test("INI: a file that configparser refuses is refused, and its text is not said", () => {
  for (const text of ["no section = secret\n", "[global]\nsecret\n", "[global]\na = 1\na = secret\n"]) {
    assert.throws(
      () => set(text),
      (thrown) =>
        !asKeywrightError(thrown).message.includes("secret") &&
        asKeywrightError(thrown).code === "configuration",
    );
  }
});

test("INI: taking a key out takes its own lines only", () => {
  const text = "[a]\npassword: x\n  more\n# kept\nusername: y\n[b]\npassword: z\n";
  assert.equal(
    withoutIniKey(text, "f", "a", "password", plainKey),
    "[a]\n# kept\nusername: y\n[b]\npassword: z\n",
  );
  assert.equal(withoutIniKey(text, "f", "c", "password", plainKey), text);
  assert.deepEqual(iniEntries(text, "f", plainKey)[0], {
    section: "a",
    key: "password",
    value: "x\nmore",
    line: 2,
  });
});

const provider = (text: string): string =>
  withTomlKey(text, "uv.toml", undefined, "keyring-provider", '"subprocess"');

test("TOML: a new key goes to the top level, whatever the file looks like", () => {
  const rows: readonly (readonly [before: string, after: string])[] = [
    ["", 'keyring-provider = "subprocess"\n'],
    [
      "# mine\n\n[[index]]\nurl = 'x'\n",
      "# mine\n\nkeyring-provider = \"subprocess\"\n[[index]]\nurl = 'x'\n",
    ],
    ["a = [\n  1,\n]\n", 'keyring-provider = "subprocess"\na = [\n  1,\n]\n'],
    [
      '[pip]\nkeyring-provider = "disabled"\n',
      'keyring-provider = "subprocess"\n[pip]\nkeyring-provider = "disabled"\n',
    ],
    ["keyring-provider = 'disabled' # why\nb = 2", 'keyring-provider = "subprocess" # why\nb = 2'],
    ['"keyring-provider" = "disabled"\r\n', '"keyring-provider" = "subprocess"\r\n'],
  ];
  for (const [before, after] of rows) assert.equal(provider(before), after);
});

test("TOML: a key of a table is changed there, and a line inside a long text is not taken for it", () => {
  assert.equal(
    withTomlKey("[keyring]\nenabled = false\n[x]\nenabled = false\n", "f", "keyring", "enabled", "true"),
    "[keyring]\nenabled = true\n[x]\nenabled = false\n",
  );
  const tricky = 'a = """\nkeyring-provider = "disabled"\n"""\n';
  assert.equal(provider(tricky), `keyring-provider = "subprocess"\n${tricky}`);
  assert.equal(tomlLine("[keyring]\nenabled = false\n", "keyring", "enabled"), 2);
});

test("TOML: what is no TOML, or cannot be changed by a line, is refused without its text", () => {
  for (const work of [
    () => provider('url = "https://aws:secret@x\n'),
    () => withTomlKey('a = """\nk = 1 # secret\n"""\nk = 2\n', "f", undefined, "k", "2"),
    () => withTomlKey('keyring = { enabled = false, x = "secret" }\n', "f", "keyring", "enabled", "true"),
  ])
    assert.throws(
      work,
      (thrown) =>
        !asKeywrightError(thrown).message.includes("secret") &&
        asKeywrightError(thrown).code === "configuration",
    );
});

test("a diff shows what changes and hides what may be a secret", () => {
  const before = "a\nb\nc\nd\ne\nf\nindex-url = https://aws:SECRET@host/\ng\n";
  const after = "a\nb\nc\nd\ne\nf\nindex-url = https://aws@host/\ng\n";
  assert.equal(
    diffText("p", before, after),
    "--- p\n+++ p\n e\n f\n-index-url = https://aws:***@host/\n+index-url = https://aws@host/\n g\n",
  );
  assert.equal(diffText("p", undefined, "x\n"), "--- (no such file)\n+++ p\n+x\n");
  assert.equal(diffText("p", "x\n", "x\n"), "");
});

test("hidden: passwords of every form", () => {
  for (const line of [
    "password = SECRET",
    "password: SECRET",
    "//h/npm/r/:_authToken=SECRET",
    "  _auth = SECRET",
    "machine h login l password SECRET",
    "url = 'https://u:SECRET@h/x'",
    "https://:SECRET@h",
    "aws_secret_access_key=SECRET",
    "client_secret = SECRET",
    "x = https://u:SEC@SECRET@h/",
  ])
    assert.ok(!hidden(line).includes("SECRET"), hidden(line));
  assert.equal(hidden("index-url = https://aws@host/"), "index-url = https://aws@host/");
  assert.equal(withoutPassword("https://aws:x@h/"), "https://aws@h/");
  assert.equal(withoutPassword("https://aws@h:443/"), undefined);
});

test("netrc: hosts with their lines, macros and comments left out", () => {
  const text =
    "# machine no\nmachine A.example login x\n  password machine\nmacdef m\nmachine no\n\ndefault login y password z\nmachine b.example";
  assert.deepEqual(netrcEntries(text), [
    { host: "a.example", line: 2 },
    { host: undefined, line: 7 },
    { host: "b.example", line: 8 },
  ]);
});
