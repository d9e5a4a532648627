import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochSeconds } from "../../src/config/dates.ts";
import { loadConfig } from "../../src/config/load.ts";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import { NO_WORKLOADS } from "../../src/config/workloads.ts";
import { KeywrightError } from "../../src/errors.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { BACKENDS, placeFor } from "./place.ts";

const HEAD = `stores: { red: { backend: gopass, root: mxm/red }, menda: { backend: menda } }
policies: { p: { allowed_principals: [research] } }
`;

test("a whole policy becomes rules, allowed_principals first", (t) => {
  const { policies } = placeFor(t).load({
    user: `policies:
  marketdata_access:
    allowed_principals: [marketdata, research]
    grants: [ { name: on_bridge, principals: [execution], actions: [read], environments: [prod], machines: [bridge],
                substrates: [], apps: [], attestation: discovered, not_before: 2026-01-01, not_after: "2027-01-01T00:00:00+01:00",
                reason_required: true } ]
    deny: [ { name: no_containers, substrates: [docker-container] } ]
`,
  });
  const any = {
    environments: [],
    machines: [],
    substrates: [],
    apps: [],
    attestation: "asserted",
    notBefore: undefined,
    notAfter: undefined,
    reasonRequired: false,
  };
  assert.deepEqual(policies.get("marketdata_access"), {
    name: "marketdata_access",
    grants: [
      {
        ...any,
        name: "marketdata_access.allowed_principals",
        principals: ["marketdata", "research"],
        actions: [],
      },
      {
        name: "on_bridge",
        principals: ["execution"],
        actions: ["read"],
        environments: ["prod"],
        machines: ["bridge"],
        substrates: [],
        apps: [],
        attestation: "discovered",
        notBefore: 1_767_225_600,
        notAfter: 1_798_758_000,
        reasonRequired: true,
      },
    ],
    deny: [{ ...any, name: "no_containers", principals: [], actions: [], substrates: ["docker-container"] }],
  });
});

test("an empty allowed_principals allows nobody, and an absent one too", (t) => {
  for (const body of ["{ allowed_principals: [] }", "{ allowed_principals: [], actions: [read] }", "{}"]) {
    assert.deepEqual(
      placeFor(t)
        .load({ user: `policies: { p: ${body} }` })
        .policies.get("p")?.grants,
      [],
      body,
    );
  }
});

test("a ref is read whole", (t) => {
  const { refs, stores } = placeFor(t).load({
    user: `${HEAD}refs:
  key: { store: red, path: a/b, policy: p }
  index: { store: menda, match: "a.example:8443/simple", username: me, policy: p }
`,
  });
  const [key, index] = refs.map(({ revision, ...ref }) => ({ ...ref, revision: revision.length }));
  assert.deepEqual(key, {
    name: "key",
    store: "red",
    path: "a/b",
    policy: "p",
    match: undefined,
    username: undefined,
    locked: false,
    options: {},
    revision: 64,
  });
  assert.equal(index?.match, "a.example:8443/simple");
  assert.equal(index?.username, "me");
  assert.deepEqual(stores.get("red"), { name: "red", backend: "gopass", root: "mxm/red", options: {} });
});

const REF = "refs: { r: { store: red, path: a, policy: p } }";
type Row = readonly [text: string, message: RegExp, hint?: RegExp];

const WRONG: readonly Row[] = [
  ["logins: keychian", /logins is none of file, keychain/, /'keychain'/],
  ["logins: [file]", /logins is none of file, keychain/],
  ["refs: {}\nstoers: {}", /:2: unknown key 'stoers' in configuration/, /Did you mean 'stores'/],
  ["constructor: 1", /:1: unknown key 'constructor'/, /Known here/],
  ["zzz: 1", /unknown key 'zzz'/, /Known here: audit, stores, refs, policies, identity, locked, logins\./],
  ["principals: [a]", /:1: 'principals' belongs to the configuration of a broker/],
  ["menda: { default: x }", /'menda' belongs to the configuration of a broker/],
  ["identity:\n  machine: a", /:2: identity.machine is discovered/],
  ["identity: { substrate: a }", /identity.substrate is discovered/],
  ["identity: { role: Big }", /identity.role is no name of a principal/],
  ["identity: { role: a-b }", /identity.role is no name/],
  ["identity: { role: '' }", /identity.role is empty/],
  ["identity: { app: ' x' }", /surrounding white space/],
  ["identity: { app: 1 }", /identity.app is a number, not text/, /quotes/],
  ["identity: { environment: [dev] }", /identity.environment is a list, not text/],
  ["identity: null", /identity is empty, not a mapping/, /\{\}/],
  ["audit: files", /:1: audit.sink is none of/, /'file'/],
  ["audit: { sink: stderr, path: /x }", /audit.path means something for the sink 'file' only/],
  ["audit: { path: x }", /audit.path is not an absolute path/],
  ["audit: { max_bytes: 1.5 }", /audit.max_bytes is no whole number/],
  ["audit: { max_files: 0 }", /audit.max_files is no whole number/],
  ["audit: { max_files: '3' }", /audit.max_files is text, not a whole number/],
  ["audit: true", /audit is a boolean, not a mapping/],
  ["stores: { red: gopass }", /stores.red is text, not a mapping/],
  ["stores: [red]", /stores is a list, not a mapping/],
  ["stores:", /stores is empty, not a mapping/],
  ["stores: { Red: { backend: gopass } }", /stores has the name 'Red'/],
  ["stores: { red: {} }", /stores.red has no backend/],
  ["stores: { red: { backend: gpoass } }", /names 'gpoass', which keywright does not have/, /'gopass'/],
  ["stores: { red: { backend: gopass, root: ../x } }", /stores.red.root has the segment '..'/],
  ["stores: { red: { backend: gopass, root: /x } }", /stores.red.root is absolute/],
  ["stores: { red: { backend: gopass, options: [] } }", /stores.red.options is a list/],
  [
    "stores: { red: { backend: gopass, min_life: 43201 } }",
    /stores.red.min_life is no whole number from 0 to 43200/,
  ],
  ["stores: { red: { backend: gopass, rot: x } }", /unknown key 'rot' in stores.red/, /'root'/],
  [
    `${HEAD}refs:\n  r:\n    store: red\n    polcy: p\n    path: a`,
    /:6: unknown key 'polcy' in refs.r/,
    /'policy'/,
  ],
  [`${HEAD}refs: { r: { store: blue, path: a, policy: p } }`, /:3: refs.r.store names 'blue'/, /.*/],
  [`${HEAD}refs: { r: { store: red, path: a, policy: q } }`, /refs.r.policy names 'q', which does not exist/],
  [`${HEAD}refs: { r: { store: red, path: a, policy: constructor } }`, /which does not exist/],
  [`${HEAD}refs: { r: { store: red, path: a } }`, /refs.r has no policy/],
  [`${HEAD}refs: { r: { store: red, policy: p } }`, /refs.r has neither path nor match/],
  [
    `${HEAD}refs: { r: { store: red, policy: p, path: a, match: a.example } }`,
    /refs.r has both path and match/,
  ],
  [`${HEAD}refs: { r: { store: red, policy: p, path: a/../b } }`, /refs.r.path has the segment '..'/],
  [`${HEAD}refs: { r: { store: red, policy: p, path: "a\\u0007" } }`, /refs.r.path .*control characters/],
  [
    `${HEAD}refs: { r: { store: red, policy: p, match: "https://a.example" } }`,
    /refs.r.match names a scheme/,
  ],
  [
    `${HEAD}refs: { r: { store: red, policy: p, match: a.example, username: "a:b" } }`,
    /refs.r.username has a colon/,
  ],
  [`${HEAD}refs: { r-1: { store: red, policy: p, path: a } }`, /refs has the name 'r-1'/],
  [
    `${HEAD}refs:\n  a: { store: red, policy: p, match: a.example/x }\n  b: { store: red, policy: p, match: "a.example:443/x/" }`,
    /:5: refs.b.match is also the match of refs.a/,
  ],
  [`${HEAD}${REF}\npolicies: {}`, /already on line 2/],
  ["policies: { p: { allowed_principals: research } }", /is text, not a list/, /brackets/],
  ["policies: { p: { allowed_principals: } }", /is empty, not a list/],
  ["policies: { p: { allowed_principals: [a-b] } }", /no name of a principal/],
  ["policies: { p: { allowed_principals: [a, a] } }", /has 'a' twice/],
  ["policies: { p: { allowed_principals: [1] } }", /has an entry that is not text/],
  ["policies: { p: { actions: [read] } }", /actions belongs to allowed_principals, which is missing/],
  [
    "policies: { p: { allowed_principals: [a], actions: [write] } }",
    /actions has 'write'/,
    /read and publish/,
  ],
  ["policies: { p: { grants: { name: x } } }", /grants is not a list of rules/],
  ["policies: { p: { grants: [ x ] } }", /policies.p.grants\[0\] is text, not a mapping/],
  ["policies: { p: { grants: [ { principals: [a] } ] } }", /grants\[0\] has no name/],
  ["policies: { p: { grants: [ { name: A } ] } }", /name is no name/],
  ["policies: { p: { grants: [ { name: x } ], deny: [ { name: x } ] } }", /has two rules named 'x'/],
  [
    "policies:\n  p:\n    grants:\n      - name: x\n        environments: prod",
    /:5: policies.p.grants\[0\].environments is text, not a list/,
    /brackets/,
  ],
  ["policies: { p: { grants: [ { name: x, machines: null } ] } }", /machines is empty, not a list/],
  [
    "policies: { p: { grants: [ { name: x, attestation: sure } ] } }",
    /attestation is none of asserted, discovered, verified/,
  ],
  ["policies: { p: { grants: [ { name: x, not_before: 2026-02-30 } ] } }", /not_before is no date/],
  ["policies: { p: { grants: [ { name: x, not_before: 2026 } ] } }", /not_before is a number, not text/],
  [
    "policies: { p: { grants: [ { name: x, not_after: '2026-01-01T00:00:00' } ] } }",
    /not_after is no date/,
    /offset/,
  ],
  [
    "policies: { p: { grants: [ { name: x, not_before: 2026-01-01, not_after: 2026-01-01 } ] } }",
    /not_after is not later than not_before/,
  ],
  [
    "policies: { p: { grants: [ { name: x, reason_required: 'yes' } ] } }",
    /reason_required is text, not true or false/,
  ],
  [
    "policies: { p: { grants: [ { name: x, enviroments: [prod] } ] } }",
    /unknown key 'enviroments'/,
    /'environments'/,
  ],
];

test("what is wrong is said with file and line, and what to do", (t) => {
  const place = placeFor(t);
  for (const [text, message, hint] of WRONG) {
    const fault = place.fault({ user: `${text}\n` });
    assert.match(fault.message, message, text);
    assert.ok(/:\d+: /.test(fault.message) && fault.message.startsWith(place.user), fault.message);
    if (hint !== undefined) assert.match(fault.hint ?? "", hint, text);
  }
});

test("an error names the layer that said it", (t) => {
  const place = placeFor(t);
  const { message } = place.fault({ etc: HEAD, user: REF, named: "\n\npolicies: { p: { deny: yes } }\n" });
  assert.ok(message.startsWith(`${place.named}:3: policies.p.deny`), message);
});

test("a broker has principals and menda, and no identity", (t) => {
  const user = `${HEAD}refs: { index: { store: menda, match: a.example, policy: p } }
principals: [research, ci]
access_token_ttl: 60
`;
  const { broker } = placeFor(t).load(
    { user: `${user}menda: { default: index, ci: { ref: index, action: publish } }\n` },
    "broker",
  );
  assert.deepEqual(broker, {
    principals: ["research", "ci"],
    menda: new Map([
      ["default", { ref: "index", action: "read" }],
      ["ci", { ref: "index", action: "publish" }],
    ]),
    accessTokenTtl: 60,
    checkpoints: undefined,
    users: DEFAULT_USERS,
    workloads: NO_WORKLOADS,
  });
  const rows: readonly Row[] = [
    ["identity: { role: x }", /'identity' belongs to the configuration of a client/],
    ["locked: []", /'locked' belongs|only the system/],
    ["menda: { default: indx }", /menda.default.ref names 'indx'/, /'index'/],
    ["menda: { nobody: index }", /menda names 'nobody', which principals does not list/],
    ["menda: index", /menda is text, not a mapping/],
    ["menda: { ci: { ref: index, actoin: read } }", /unknown key 'actoin'/, /'action'/],
  ];
  for (const [text, message, hint] of rows) {
    const fault = placeFor(t).fault({ user: `${user}${text}\n` }, "broker");
    assert.match(fault.message, message, text);
    if (hint !== undefined) assert.match(fault.hint ?? "", hint);
  }
  const misspelt = user.replace("[research, ci]", "[reserch, ci]");
  assert.match(
    placeFor(t).fault({ user: misspelt }, "broker").message,
    /'research', which principals does not list/,
  );
  assert.match(
    placeFor(t).fault({ user: "principals: [default]" }, "broker").message,
    /no name of a principal/,
  );
  assert.match(
    placeFor(t).fault({ user: "access_token_ttl: 5" }, "broker").message,
    /whole number from 30 to 86400/,
  );
});

test("epochSeconds() reads days and times with an offset, nothing else", () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ["2026-01-01", 1_767_225_600],
    ["1970-01-01", 0],
    ["2026-01-01T00:00:00Z", 1_767_225_600],
    ["2026-01-01 01:00+01:00", 1_767_225_600],
    ["2025-12-31T23:30:00.5-00:30", 1_767_225_600.5],
    ["2028-02-29", 1_835_395_200],
    ["2026-02-29", undefined],
    ["2026-13-01", undefined],
    ["2026-01-01T24:00:00Z", undefined],
    ["2026-01-01T00:00:00", undefined],
    ["2026-1-1", undefined],
    ["0026-01-01", undefined],
    ["2026-01-01T00:00:00+24:00", undefined],
    ["tomorrow", undefined],
    ["", undefined],
  ];
  for (const [text, seconds] of rows) assert.equal(epochSeconds(text), seconds, text);
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
      (date) => {
        const seconds = epochSeconds(date.toISOString());
        assert.ok(seconds !== undefined && Math.abs(seconds - date.getTime() / 1000) < 1e-5);
      },
    ),
  );
});

test("loadConfig() never throws anything but a KeywrightError", (t) => {
  const place = placeFor(t);
  const key = fc.constantFrom(
    "stores",
    "refs",
    "policies",
    "identity",
    "audit",
    "locked",
    "p",
    "r",
    "backend",
    "store",
    "path",
    "policy",
    "match",
    "grants",
    "deny",
    "name",
    "actions",
    "allowed_principals",
    "options",
    "constructor",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom("menda", "p", "r", "a.example", "read", "", "policies", "refs.r", 1, true, null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const layer = fc.dictionary(key, value, { noNullPrototype: true });
  fc.assert(
    fc.property(layer, layer, (etc, user) => {
      place.write(place.etc, JSON.stringify(etc));
      place.write(place.user, JSON.stringify(user));
      try {
        loadConfig({
          home: place.home,
          env: {},
          etc: place.etc,
          kind: "client",
          backends: BACKENDS,
          matchFault,
        });
      } catch (error) {
        assert.ok(error instanceof KeywrightError && error.code === "configuration", String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("logins says where a login is kept: in a file, unless it is said otherwise; a broker has none", (t) => {
  const place = placeFor(t);
  assert.equal(place.load({}).logins, "file");
  for (const logins of ["file", "keychain"] as const)
    assert.equal(place.load({ user: `logins: ${logins}\n` }).logins, logins);
  assert.match(
    place.fault({ user: "logins: keychain\n" }, "broker").message,
    /'logins' belongs to .* a client/,
  );
  const locked = "locked: [logins]\nlogins: keychain\n";
  assert.match(place.fault({ etc: locked, user: "logins: file\n" }).message, /logins/);
});
