// The XML of AWS answers: what is read, and what is not understood at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { childOf, parseXml } from "../../src/aws/xml.ts";

test("elements, attributes, text, entities and character references", () => {
  const text = `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<a:R xmlns="x" b='y>z'>\n <A> 1 &lt;&amp;&gt;&quot;&apos;&#65;&#x1F600; </A><B/><C\n></C></a:R>\n`;
  const root = parseXml(text);
  assert.equal(root?.name, "a:R");
  assert.deepEqual(
    root?.children.map(({ name }) => name),
    ["A", "B", "C"],
  );
  assert.equal(childOf(root, "A")?.text, `1 <&>"'A\u{1F600}`);
  assert.equal(childOf(root, "B")?.text, "");
  assert.equal(childOf(undefined, "A"), undefined);
});

test("a name that is there twice is there for nobody", () => {
  assert.equal(childOf(parseXml("<r><a>1</a><a>2</a></r>"), "a"), undefined);
  assert.equal(childOf(parseXml("<r><b><a>1</a></b></r>"), "a"), undefined);
});

const HOSTILE = [
  "",
  "text",
  "{}",
  "<a>",
  "</a>",
  "<a></b>",
  "<a><b></a></b>",
  "<a/><b/>",
  "<a/>text",
  "<a b=1/>",
  "<a b='<'/>",
  "<a/ >",
  "</a/>",
  "<a></a b='c'>",
  "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
  "<!DOCTYPE a><a/>",
  "<a><!-- x --></a>",
  "<a><![CDATA[x]]></a>",
  "<a><?php x ?></a>",
  "<a>&nbsp;</a>",
  "<a>&x;</a>",
  "<a>& b</a>",
  "<a>&#0;</a>",
  "<a>&#xD800;</a>",
  "<a>&#1114112;</a>",
  "<a>&#99999999999;</a>",
  "<1/>",
  "<a",
  `${"<a>".repeat(17)}${"</a>".repeat(17)}`,
  `<r>${"<a/>".repeat(2000)}</r>`,
];

test("what is not wholly understood is nothing", () => {
  for (const text of HOSTILE) assert.equal(parseXml(text), undefined, text.slice(0, 80));
});

test("no text makes it throw or hang, however it is put together", () => {
  const pieces = [
    "<a>",
    "</a>",
    "<a b='c'>",
    "<",
    ">",
    "&amp;",
    "&",
    "'",
    '"',
    " ",
    "x",
    "=",
    "/",
    "<a",
    "?>",
    "\n",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }),
      (parts) => void parseXml(parts.join("")),
    ),
  );
  const begun = performance.now();
  for (const text of [
    "<a ".padEnd(200_000, " "),
    `<a b='${"x".repeat(200_000)}`,
    "<a b ".repeat(40_000),
    "&#".repeat(100_000),
  ])
    assert.equal(parseXml(text), undefined);
  assert.ok(performance.now() - begun < 1000);
});
