// Cases written by hand about mxm-runtime 0.1.2: identities, their attestation, and what a context needs.
import { demoFiles, WHO, type OracleCase, type Question, type Sighted } from "./case.ts";

const HERE: Sighted = { hostname: "bridge.a.example", docker: false };
const DOCKER: Sighted = { hostname: "bridge", docker: true };
const SECRETS = {
  stores: { red: { backend: "gopass", root: "mxm/red" } },
  refs: { db_main: { store: "red", path: "db/main", policy: "db" } },
  policies: { db: { allowed_principals: ["research"] } },
};
const PATHS = { data_root: "/data", artifact_root: "~/artifacts", export_root: "out/put", log_root: "~" };
const DATABASES = {
  main: {
    driver: "postgresql",
    host: "localhost",
    port: 5432,
    name: "main",
    user: "me",
    password_ref: "db_main",
  },
};
const WHOLE = { mxm_secrets: SECRETS, mxm_databases: DATABASES, mxm_paths: PATHS };

function byHand(name: string, question: Question): OracleCase {
  return { name, generated: false, question };
}

function context(name: string, layers: Readonly<Record<string, unknown>>, identity = WHO): OracleCase {
  return byHand(`context: ${name}`, { op: "context", files: demoFiles(layers), identity });
}

/** The whole, with other sections. */
function but(name: string, sections: Readonly<Record<string, unknown>>): OracleCase {
  return context(name, { default: { ...WHOLE, ...sections } });
}

const PARTS = { app: "demo", environment: "dev", role: "research" };
const identities: readonly OracleCase[] = [
  byHand("identity: all said", {
    op: "identity",
    parts: { ...PARTS, machine: "other", substrate: "cron" },
    sights: HERE,
  }),
  byHand("identity: machine discovered", {
    op: "identity",
    parts: { ...PARTS, substrate: "cron" },
    sights: HERE,
  }),
  byHand("identity: substrate discovered", {
    op: "identity",
    parts: { ...PARTS, machine: "other" },
    sights: DOCKER,
  }),
  byHand("identity: both discovered", { op: "identity", parts: PARTS, sights: DOCKER }),
  byHand("identity: a host name in capitals", {
    op: "identity",
    parts: PARTS,
    sights: { hostname: "Bridge.local", docker: false },
  }),
  byHand("identity: no host name", { op: "identity", parts: PARTS, sights: { hostname: "", docker: false } }),
  byHand("identity: a host name of a dot", {
    op: "identity",
    parts: PARTS,
    sights: { hostname: ".local", docker: false },
  }),
  ...(["app", "environment", "role", "machine", "substrate"] as const).flatMap((field) =>
    ["", "  ", "\n"].map((blank) =>
      byHand(`identity: ${field} is ${JSON.stringify(blank)}`, {
        op: "identity",
        parts: { ...PARTS, [field]: blank },
        sights: HERE,
      }),
    ),
  ),
  ...Object.keys(WHO).map((field) =>
    byHand(`validate: no ${field}`, { op: "validate", identity: { ...WHO, [field]: "" } }),
  ),
  byHand("validate: nothing at all", {
    op: "validate",
    identity: { app: "", environment: "", machine: "", substrate: "", role: "" },
  }),
  byHand("validate: whole", { op: "validate", identity: WHO }),
  byHand("attest: true", { op: "attest", identity: WHO, sights: HERE }),
  byHand("attest: another machine", {
    op: "attest",
    identity: WHO,
    sights: { hostname: "monolith", docker: false },
  }),
  byHand("attest: another substrate", { op: "attest", identity: WHO, sights: DOCKER }),
  byHand("attest: neither", { op: "attest", identity: WHO, sights: { hostname: "monolith", docker: true } }),
  byHand("attest: claims are not looked at", {
    op: "attest",
    identity: { ...WHO, app: "x", environment: "y", role: "z" },
    sights: HERE,
  }),
  byHand("attest: capitals", { op: "attest", identity: { ...WHO, machine: "Bridge" }, sights: HERE }),
  byHand("attest: a blank role", { op: "attest", identity: { ...WHO, role: " " }, sights: HERE }),
];

export const runtimeCases: readonly OracleCase[] = [
  ...identities,
  context("whole", { default: WHOLE }),
  context("stores by machine", {
    default: WHOLE,
    machine: { mxm_secrets: { stores: { black: { backend: "gopass", root: "mxm/black" } } } },
  }),
  context("paths by machine and environment", {
    default: { ...WHOLE, mxm_paths: { ...PATHS, root: undefined } },
    machine: { mxm_paths: { data_root: "/machine" } },
    environment: { mxm_paths: { log_root: "${mxm_paths.data_root}/dev" } },
  }),
  context("databases by environment", {
    default: WHOLE,
    environment: { mxm_databases: { main: { host: "dev.example" } } },
  }),
  context("a role that is no principal", { default: WHOLE }, { ...WHO, role: "market-data" }),
  context("no file", {}),
  context("a blank role", { default: WHOLE }, { ...WHO, role: "" }),
  ...["mxm_secrets", "mxm_databases", "mxm_paths"].flatMap((section) => [
    but(`no ${section}`, { [section]: undefined }),
    but(`${section} is null`, { [section]: null }),
    but(`${section} is a list`, { [section]: [] }),
    but(`${section} is a text`, { [section]: "x" }),
    but(`${section} is empty`, { [section]: {} }),
  ]),
  ...Object.keys(PATHS).flatMap((name) => [
    but(`no ${name}`, { mxm_paths: { ...PATHS, [name]: undefined } }),
    but(`${name} is a number`, { mxm_paths: { ...PATHS, [name]: 7 } }),
    but(`${name} is null`, { mxm_paths: { ...PATHS, [name]: null } }),
    but(`${name} is empty`, { mxm_paths: { ...PATHS, [name]: "" } }),
  ]),
  but("a path with a variable", { mxm_paths: { ...PATHS, data_root: "$HOME/x" } }),
  but("a path of another user", { mxm_paths: { ...PATHS, data_root: "~daemon/x" } }),
  but("a path too many", { mxm_paths: { ...PATHS, cache_root: "/c" } }),
  but("a database with a key too many", { mxm_databases: { main: { ...DATABASES.main, hots: "x" } } }),
  but("a database with a password", { mxm_databases: { main: { driver: "x", password: "y" } } }),
  but("a database that is a text", { mxm_databases: { main: "x" } }),
  but("a port that is text", { mxm_databases: { main: { ...DATABASES.main, port: "5432" } } }),
  but("a password_ref that is no secret", {
    mxm_databases: { main: { ...DATABASES.main, password_ref: "none" } },
  }),
  but("a database called database", { mxm_databases: { database: DATABASES.main } }),
  but("a store that is not there", { mxm_secrets: { ...SECRETS, stores: {} } }),
  but("a policy that is not there", { mxm_secrets: { ...SECRETS, policies: {} } }),
  but("a backend that is not there", {
    mxm_secrets: { ...SECRETS, stores: { red: { backend: "nothing", root: "x" } } },
  }),
  but("a store without a root", { mxm_secrets: { ...SECRETS, stores: { red: { backend: "gopass" } } } }),
  but("a ref that leads out", {
    mxm_secrets: { ...SECRETS, refs: { db_main: { store: "red", path: "../x", policy: "db" } } },
  }),
  but("no refs", { mxm_secrets: { stores: {}, policies: {} } }),
  but("an unknown section of secrets", { mxm_secrets: { ...SECRETS, more: {} } }),
];
