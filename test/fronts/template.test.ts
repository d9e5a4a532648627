import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTemplate } from "../../src/fronts/template.ts";

const filled = (text: string, value = "v"): string =>
  parseTemplate(text, "t").filled((name) => `${name}=${value}`);

test("places are filled, each name is known once, everything else stays as it is", () => {
  const template = parseTemplate(
    "a {{ keywright:one }} {{keywright:two}} {{ keywright:one }}\n{{ other }} {% x %} {{}}",
    "t",
  );
  assert.deepEqual(template.names, ["one", "two"]);
  assert.equal(
    template.filled((name) => name.toUpperCase()),
    "a ONE TWO ONE\n{{ other }} {% x %} {{}}",
  );
  assert.equal(filled(""), "");
});

test("a value that looks like a place is not filled again", () => {
  assert.equal(
    parseTemplate("{{ keywright:a }}", "t").filled(() => "{{ keywright:b }}"),
    "{{ keywright:b }}",
  );
  assert.equal(
    parseTemplate("{{ keywright:a }}", "t").filled(() => "$& $1"),
    "$& $1",
  );
});

test("filters write a value as JSON, base64, a shell word or a part of a URL", () => {
  const value = "a'b\"c\n/é";
  const by = (filter: string): string =>
    parseTemplate(`{{ keywright:a | ${filter} }}`, "t").filled(() => value);
  assert.equal(by("json"), JSON.stringify(value));
  assert.equal(by("base64"), Buffer.from(value).toString("base64"));
  assert.equal(by("shell"), `'a'\\''b"c\n/é'`);
  assert.equal(by("url"), "a%27b%22c%0A%2F%C3%A9");
});

test("what begins as a place of ours and is none is an error with its line", () => {
  for (const bad of [
    "{{ keywright:A }}",
    "{{ keywright: }}",
    "{{ keywright:a | up }}",
    "{{ keywright:a",
    "{{ keywright:a } }",
    "{{ keywright:a | constructor }}",
  ]) {
    assert.throws(
      () => parseTemplate(`one\ntwo ${bad} x`, "file.tpl"),
      {
        code: "configuration",
        message: /^file\.tpl:2: /,
      },
      bad,
    );
  }
});
