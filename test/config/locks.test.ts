// Hostile later layers: every row tries to change what the system's file locks, and must be named and refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeFor } from "./place.ts";

const ETC = `locked: [policies.registries, refs.codeartifact, identity.role, audit.sink, stores.red.options.mode]
identity: { role: staff }
audit: syslog
stores:
  menda: { backend: menda, options: { profile: corp } }
  red: { backend: gopass, options: { mode: strict, depth: 1 } }
refs:
  codeartifact: { store: menda, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries }
  open: { store: red, path: a, policy: other }
policies:
  registries:
    allowed_principals: [staff]
    deny: [ { name: no_containers, substrates: [docker-container] } ]
  other: { allowed_principals: [staff] }
`;

const SIDESTEPS: readonly (readonly [title: string, text: string, path: string])[] = [
  ["a scalar under it", "identity: { role: root }", "identity.role"],
  ["its value replaced by a mapping", "identity: { role: { a: 1 } }", "identity.role"],
  ["its value replaced by null", "identity: { role: null }", "identity.role"],
  ["its parent replaced by null", "identity:", "identity"],
  ["its parent replaced by a list", "identity: []", "identity"],
  ["its parent replaced by a scalar", "identity: staff", "identity"],
  ["a list under it emptied", "policies: { registries: { deny: [] } }", "policies.registries.deny"],
  [
    "a list under it with one entry less exact",
    "policies: { registries: { deny: [ { name: no_containers } ] } }",
    "policies.registries.deny",
  ],
  ["a list under it made null", "policies: { registries: { deny: } }", "policies.registries.deny"],
  [
    "something added under it",
    "policies: { registries: { grants: [ { name: all } ] } }",
    "policies.registries.grants",
  ],
  ["the whole replaced by null", "policies: { registries: null }", "policies.registries"],
  ["the section replaced by null", "policies: null", "policies"],
  ["the section replaced by a list", "policies: [registries]", "policies"],
  [
    "quoted keys",
    `"policies": { 'registries': { "allowed_principals": [other] } }`,
    "policies.registries.allowed_principals",
  ],
  ["escaped keys", `"polic\\x69es": { "registr\\u0069es": { deny: [] } }`, "policies.registries.deny"],
  ["explicit keys", "? policies\n: ? registries\n  : ? deny\n    : []", "policies.registries.deny"],
  ["tags", "!!str policies: !!map { registries: !!map { deny: !!seq [] } }", "policies.registries.deny"],
  [
    "an alias for the value",
    "stores: { x: { backend: gopass, options: { y: &none [] } } }\npolicies: { registries: { deny: *none } }",
    "policies.registries.deny",
  ],
  [
    "an alias for the parent",
    "stores: { x: { backend: gopass, options: { y: &p { deny: [] } } } }\npolicies: { registries: *p }",
    "policies.registries.deny",
  ],
  [
    "the store that a locked ref names",
    "stores: { menda: { options: { profile: mine } } }",
    "stores.menda.options.profile",
  ],
  ["the backend of that store", "stores: { menda: { backend: gopass } }", "stores.menda.backend"],
  ["something added to that store", "stores: { menda: { root: x } }", "stores.menda.root"],
  ["another store for a locked ref", "refs: { codeartifact: { store: red } }", "refs.codeartifact.store"],
  [
    "another match for a locked ref",
    "refs: { codeartifact: { match: a.example } }",
    "refs.codeartifact.match",
  ],
  ["the short form of audit", "audit: none", "audit.sink"],
  ["the long form of audit", "audit: { sink: none }", "audit.sink"],
  ["audit replaced by null", "audit:", "audit"],
  ["audit replaced by a list", "audit: [none]", "audit"],
  ["one option under options", "stores: { red: { options: { mode: loose } } }", "stores.red.options.mode"],
  ["all options replaced", "stores: { red: { options: null } }", "stores.red.options"],
  ["a number for a text", "identity: { role: 1 }", "identity.role"],
];

for (const [title, text, path] of SIDESTEPS) {
  test(`a locked path holds against ${title}`, (t) => {
    for (const layer of ["user", "named"] as const) {
      const place = placeFor(t);
      const { message, hint } = place.fault({ etc: ETC, [layer]: `# first line\n${text}\n` });
      const pattern = new RegExp(`^(.*):\\d+: sets ${path.replaceAll(".", "\\.")}, but (.*):1 locks `);
      const [, offender, owner] = pattern.exec(message) ?? assert.fail(message);
      assert.deepEqual([offender, owner], [place[layer], place.etc]);
      assert.ok(hint?.includes(place.etc));
    }
  });
}

test("a merge key cannot bring in what is locked, nor anything else", (t) => {
  const text =
    "stores: { x: { backend: gopass, options: &p { deny: [] } } }\npolicies: { registries: { <<: *p } }\n";
  assert.match(placeFor(t).fault({ etc: ETC, user: text }).message, /:2: merge keys/);
  assert.match(
    placeFor(t).fault({ etc: ETC, user: `%YAML 1.1\n---\n${text}` }).message,
    /merge keys|only YAML 1.2/,
  );
});

test("a later layer may repeat what is locked, and set everything else", (t) => {
  const loaded = placeFor(t).load({
    etc: ETC,
    user: "identity: { role: staff, app: notebook }\nstores: { red: { options: { depth: 2 } }, menda: {} }\nrefs: {}\n",
    named: "policies: { registries: { allowed_principals: [staff] }, mine: {} }\naudit: syslog\n",
  });
  assert.equal(loaded.identity.app, "notebook");
  assert.deepEqual(loaded.stores.get("red")?.options, { mode: "strict", depth: 2 });
  assert.ok(loaded.policies.has("mine"));
});

test("a locked ref says so, others do not", (t) => {
  const { refs } = placeFor(t).load({ etc: ETC });
  assert.deepEqual(
    refs.map(({ name, locked }) => [name, locked]),
    [
      ["codeartifact", true],
      ["open", false],
    ],
  );
});

test("locked: [refs] lets no layer add a ref, nor change any store or policy that one names", (t) => {
  const etc = ETC.replace(/^locked:.*/, "locked: [refs]");
  for (const user of [
    "refs: { more: { store: red, path: b, policy: other } }",
    "refs: { more: {} }",
    "stores: { red: { root: elsewhere } }",
    "policies: { other: { allowed_principals: [guest] } }",
  ]) {
    assert.match(placeFor(t).fault({ etc, user }).message, /locks (refs|stores\.red|policies\.other)$/, user);
  }
  assert.ok(
    placeFor(t)
      .load({ etc, user: "policies: { mine: {} }" })
      .refs.every(({ locked }) => locked),
  );
});

test("a lock on what is not set keeps it unset", (t) => {
  const etc = "locked: [policies.p.deny, audit.path, stores, identity]\npolicies: { p: {} }\n";
  for (const user of [
    "policies: { p: { deny: [] } }",
    "audit: { path: /x }",
    "stores: {}",
    "stores: { a: { backend: menda } }",
  ]) {
    assert.match(placeFor(t).fault({ etc, user }).message, /config.yaml:1: sets .*:1 locks /, user);
  }
  assert.match(placeFor(t).fault({ etc, user: "identity: { role: other }" }).message, /locks identity$/);
  placeFor(t).load({ etc, user: "identity: { role: local_user }" });
});

test("a lock below a scalar holds the scalar", (t) => {
  const etc =
    "locked: [stores.a.options.deep.er]\nstores: { a: { backend: gopass, options: { deep: flat } } }\n";
  for (const deep of ["{ x: 1 }", "{ er: 1 }", "other", "[]"]) {
    const user = `stores: { a: { options: { deep: ${deep} } } }`;
    assert.match(placeFor(t).fault({ etc, user }).message, /sets stores.a.options.deep, but/, deep);
  }
});

test("only the system's file can lock", (t) => {
  for (const layer of ["user", "named"] as const) {
    const { message } = placeFor(t).fault({ [layer]: "\nlocked: [policies]\n" });
    assert.match(message, /config.yaml:2: only the system's configuration can lock/);
    assert.match(placeFor(t).fault({ [layer]: "locked:" }).message, /only the system's/);
  }
});

test("a lock that would lock nothing is an error with its line", (t) => {
  const rows: readonly (readonly [string, RegExp, RegExp])[] = [
    ["[policy]", /:2: locked names 'policy', which cannot be locked/, /.*/],
    [
      "[refs.codeartefact]",
      /locked names 'refs.codeartefact', which this file does not have/,
      /Did you mean 'codeartifact'/,
    ],
    ["[identity.rol]", /locked names 'identity.rol', which is no setting/, /Did you mean 'role'/],
    ["[policies.registries.denys]", /which is no setting/, /'deny'/],
    ["policies", /locked is a list/, /\[policies\]/],
    ["[[policies]]", /dotted paths/, /.*/],
    ["['policies.']", /dotted paths/, /.*/],
    ["[locked]", /cannot be locked/, /.*/],
    ["[constructor]", /cannot be locked/, /.*/],
    ["", /locked is a list/, /.*/],
  ];
  for (const [locked, message, hint] of rows) {
    const fault = placeFor(t).fault({ etc: `\nlocked: ${locked}\n${ETC.replace(/^locked:.*\n/, "")}` });
    assert.match(fault.message, message, locked);
    assert.match(fault.hint ?? "", hint, locked);
  }
});
