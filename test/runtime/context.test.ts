// The names of the tests say which behaviour of mxm-runtime 0.1.2 they hold, and what is more here; the comparison itself is
// test/e2e/oracle-mxm-config.test.ts.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { ConfigStoreError } from "../../src/config/store/fault.ts";
import { KeywrightError } from "../../src/errors.ts";
import {
  buildRuntimeContext,
  type RuntimeContext,
  type RuntimeContextOptions,
} from "../../src/runtime/context.ts";
import { RuntimeIdentityAttestationError, RuntimeIdentityError } from "../../src/runtime/identity.ts";
import type { AuditEntry } from "../../src/secrets/audit.ts";
import type { AttestedIdentity } from "../../src/secrets/identity.ts";

const WHO = {
  app: "ledger",
  environment: "dev",
  machine: "bridge",
  substrate: "docker-container",
  role: "research",
};
const SIGHTS = { hostname: "bridge.a.example", exists: (path: string) => path === "/.dockerenv" };

const DEFAULT = `
mxm_secrets:
  stores: { local: { backend: env } }
  refs:
    db_main: { store: local, path: db-main, policy: databases }
    db_gone: { store: local, path: db-gone, policy: databases }
    tight: { store: local, path: tight, policy: here_only }
  policies:
    databases: { allowed_principals: [research] }
    here_only:
      grants: [ { name: on_bridge, machines: [bridge], substrates: [docker-container], attestation: discovered } ]
mxm_databases:
  main: { driver: postgresql, host: db.example, port: 5432, name: main, user: me, password_ref: db_main }
  gone: { driver: postgresql, password_ref: db_gone }
  open: { driver: sqlite, name: "\${mxm_paths.data_root}/open.db" }
mxm_paths: { data_root: ~/data, artifact_root: /artifacts, export_root: out, log_root: "~" }
`;

interface ContextPlace {
  readonly audited: readonly AuditEntry[];
  file(name: string): string;
  build(more?: Partial<RuntimeContextOptions>): RuntimeContext;
  write(name: string, text: string): void;
}

function contextPlace(
  t: TestContext,
  files: Readonly<Record<string, string>> = { default: DEFAULT },
): ContextPlace {
  const root = mkdtempSync(join(tmpdir(), "keywright-context-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const file = (name: string): string => join(root, "apps", "ledger", `${name}.yaml`);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const audited: AuditEntry[] = [];
  return {
    audited,
    file,
    write,
    build: (more = {}) =>
      buildRuntimeContext({
        identity: WHO,
        storeRoot: root,
        env: { HOME: "/home/me", DB_MAIN: "hunter2", TIGHT: "narrow" },
        sights: SIGHTS,
        secrets: { audit: (entry) => void audited.push(entry) },
        ...more,
      }),
  };
}

function sectionFault(act: () => unknown, fault = "section"): ConfigStoreError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ConfigStoreError, String(error));
    assert.equal(error.fault, fault, error.message);
    return error;
  }
  return assert.fail("nothing was thrown");
}

test("a context has identity, config, secrets, databases, paths, and what is known about the runtime", (t) => {
  const context = contextPlace(t).build();
  assert.equal(context.config["mxm_databases"].main.host, "db.example");
  assert.deepEqual(context.secrets.secretRefRegistry.names(), ["db_gone", "db_main", "tight"]);
  assert.deepEqual({ ...context.dbConfigs }, context.config["mxm_databases"]);
  assert.equal(context.dbConfigs["open"].name, "~/data/open.db");
  const paths = {
    dataRoot: "/home/me/data",
    artifactRoot: "/artifacts",
    exportRoot: "out",
    logRoot: "/home/me",
  };
  assert.deepEqual(context.paths, paths);
  assert.deepEqual(context.runtime, { substrate: "docker-container", isContainer: true, attested: true });
  for (const part of [
    context,
    context.paths,
    context.runtime,
    context.identity,
    context.dbConfigs,
    context.config,
  ])
    assert.ok(Object.isFrozen(part));
});

test("the password of a database is asked for when it is used, by the identity of the context", async (t) => {
  const place = contextPlace(t);
  const context = place.build();
  assert.equal(place.audited.length, 0);
  const database = context.dbConfigs.database("main");
  assert.equal(database.config["user"], "me");
  assert.equal(place.audited.length, 0);
  const password = await database.password();
  assert.equal(password?.reveal(), "hunter2");
  assert.equal(`${password} ${JSON.stringify(password)}`, '[secret] "[secret]"');
  const [asked] = place.audited as readonly { readonly identity?: Record<string, string> }[];
  const said = asked?.identity ?? {};
  assert.deepEqual([said["machine"], said["role"]], ["bridge (discovered)", "research (asserted)"]);
  assert.equal(await context.dbConfigs.database("open").password(), undefined);
  const failed = context.dbConfigs.database("gone").password();
  await assert.rejects(failed, (error: KeywrightError) => error.code === "not_found");
  assert.throws(() => context.dbConfigs.database("mian"), /no database 'mian'/);
  assert.throws(() => context.dbConfigs.database("__proto__"), /no database '__proto__'/);
});

test("a policy refuses the password to another role", async (t) => {
  const context = contextPlace(t).build({ identity: { ...WHO, role: "execution" } });
  const asked = context.dbConfigs.database("main").password();
  await assert.rejects(asked, (error: KeywrightError) => error.code === "denied");
});

test("what is true here counts as discovered, and a policy can ask for that", async (t) => {
  const place = contextPlace(t);
  const tight = async (more: Partial<RuntimeContextOptions>): Promise<string> => {
    const { secrets, identity } = place.build(more);
    try {
      return (await secrets.getSecret({ secretName: "tight", identity })).reveal();
    } catch (error) {
      assert.ok(error instanceof KeywrightError);
      return error.code;
    }
  };
  assert.equal(await tight({}), "narrow");
  assert.equal(await tight({ attest: "required" }), "narrow");
  assert.equal(await tight({ attest: "never" }), "denied");
  assert.equal(
    await tight({ sights: { ...SIGHTS, hostname: "monolith" } }),
    "denied",
    "a claim that is not true",
  );
  assert.equal(await tight({ identity: { ...WHO, machine: "other" } }), "denied");
  assert.equal(await tight({ sights: { ...SIGHTS, hostname: "BRIDGE" } }), "narrow");
});

test("attestation by request: an identity that is not true here gets no context", (t) => {
  const place = contextPlace(t);
  const sights = { hostname: "monolith", exists: () => false };
  assert.throws(
    () => place.build({ attest: "required", sights }),
    (error: RuntimeIdentityAttestationError) =>
      error instanceof RuntimeIdentityAttestationError &&
      error.code === "denied" &&
      /machine is "monolith", not "bridge"; substrate is "local-process", not "docker-container"/.test(
        error.message,
      ),
  );
  const { identity, runtime } = place.build({ sights });
  const attestations = Object.values(identity).map((known) => known?.attestation);
  assert.deepEqual(
    attestations,
    Array.from({ length: 5 }, () => "asserted"),
  );
  assert.deepEqual(runtime, { substrate: "local-process", isContainer: false, attested: false });
});

test("an identity that was attested before is taken as it is", (t) => {
  const verified = Object.fromEntries(
    Object.entries(WHO).map(([field, value]) => [field, { value, attestation: "verified" }]),
  ) as AttestedIdentity;
  const { identity, runtime } = contextPlace(t).build({ identity: verified });
  assert.deepEqual(identity, verified);
  assert.equal(runtime.attested, true);
});

test("a blank identity gets no context, and no file is read for it", (t) => {
  const place = contextPlace(t, {});
  const build = () => place.build({ identity: { ...WHO, role: " " } });
  assert.throws(build, (error) => error instanceof RuntimeIdentityError && /empty: role/.test(error.message));
});

test("each section has to be there, in the order of the original", (t) => {
  const place = contextPlace(t, { default: "a: 1\n" });
  const sections = [
    "mxm_secrets: { stores: {}, refs: {}, policies: {} }",
    "mxm_databases: {}",
    "mxm_paths: {}",
  ];
  for (const [at, name] of ["mxm_secrets", "mxm_databases", "mxm_paths"].entries()) {
    assert.match(sectionFault(() => place.build(), "missing_path").message, new RegExp(`'${name}'`));
    place.write("default", `${sections.slice(0, at).join("\n")}\n${name}: null\n`);
    assert.match(sectionFault(() => place.build(), "missing_path").message, new RegExp(`'${name}'`));
    place.write("default", `${sections.slice(0, at).join("\n")}\n${name}: [x]\n`);
    assert.match(sectionFault(() => place.build(), "not_a_mapping").message, new RegExp(`'${name}'`));
    place.write("default", `${sections.slice(0, at + 1).join("\n")}\n`);
  }
  assert.match(sectionFault(() => place.build()).message, /mxm_paths has no data_root/);
});

test("what is wrong in a section is told with file and line", (t) => {
  const place = contextPlace(t);
  const rows: readonly (readonly [string, RegExp])[] = [
    [
      "mxm_databases: { main: { password: clear } }",
      /mxm_databases\.main\.password is no place for a password/,
    ],
    ["mxm_databases: { main: { hots: x } }", /unknown key 'hots' in mxm_databases\.main/],
    ["mxm_databases: { main: { port: http } }", /mxm_databases\.main\.port is text, not a whole number/],
    ["mxm_databases: { main: { password_ref: db_mian } }", /names the secret 'db_mian', which is none/],
    ["mxm_databases: { database: {} }", /mxm_databases\.database cannot be called so/],
    ["mxm_databases: { main: null }", /mxm_databases\.main is empty, not a mapping/],
    ["mxm_paths: { log_root: 7 }", /mxm_paths\.log_root is a number, not text/],
    ["mxm_paths: { log_root: null }", /mxm_paths\.log_root is empty/],
    ["mxm_paths: { cache_root: /c }", /unknown key 'cache_root' in mxm_paths/],
    ["mxm_secrets: { refs: { more: { store: none, path: x, policy: databases } } }", /none/],
    ["mxm_secrets: { stores: { more: { backend: nothing } } }", /nothing/],
  ];
  for (const [text, form] of rows) {
    place.write("role", `research:\n  ${text}\n`);
    const { message } = sectionFault(() => place.build());
    assert.match(message, form);
    assert.ok(message.startsWith(`${place.file("role")}:2: `), message);
  }
});

test("the machine's layer says which stores there are, and which folders", (t) => {
  const place = contextPlace(t);
  place.write(
    "machine",
    "bridge:\n  mxm_secrets: { stores: { black: { backend: env } } }\n  mxm_paths: { data_root: /machine }\n",
  );
  place.write(
    "environment",
    "dev: { mxm_paths: { log_root: '${mxm_paths.data_root}/dev' }, mxm_databases: { main: { host: dev.example } } }\n",
  );
  const { secrets, paths, dbConfigs } = place.build();
  assert.deepEqual(secrets.secretStoreRegistry.names(), ["black", "local"]);
  assert.deepEqual([paths.dataRoot, paths.logRoot], ["/machine", "/machine/dev"]);
  assert.equal(dbConfigs["main"].host, "dev.example");
});
