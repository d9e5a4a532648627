// `keywright migrate`: from each predecessor's set-up to the settings and the configuration that do the same, and back.
import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeArtifactSections, domainOf, sectionsFor } from "../../src/clients/keyringrc.ts";
import { configText } from "../../src/clients/migrate-config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { deskFor, HOST, TOKEN, type Desk } from "../clients/desk.ts";
import { loginDesk, mendaDesk } from "../clients/predecessor-desks.ts";

const SECOND = "tools-210987654321.d.codeartifact.us-east-1.amazonaws.com";
const CONFIG = "home/.config/keywright/config.yaml";

interface Told {
  readonly found: readonly { readonly what: string; readonly where: string }[];
  readonly done: string;
  readonly files: readonly { readonly path: string; readonly change: string }[];
  readonly kept: readonly string[];
  readonly config: string | null;
  readonly uninstall: readonly string[];
  readonly notes: readonly string[];
}

async function migrate(desk: Desk, ...argv: readonly string[]): Promise<Told> {
  const { out, err, status } = await desk.run(["migrate", "--json", ...argv]);
  assert.equal(status, 0, err);
  assert.ok(!(out + err).includes(TOKEN), "a token is shown");
  return JSON.parse(out) as Told;
}

test("menda-keyring as a uv tool: exact host, the link in its place, what to uninstall, and back", async (t) => {
  const desk = mendaDesk(t);
  const before = desk.tree();
  const link = readlinkSync(join(desk.bin, "keyring"));
  const told = await migrate(desk, "--yes");
  assert.deepEqual(told.found, [
    { what: "menda-keyring", where: join(desk.home, ".local/share/uv/tools/keyring") },
  ]);
  assert.match(
    told.config ?? "",
    new RegExp(`^  acme: \\{ store: menda, match: "${HOST}", username: aws, policy: registries \\}$`, "m"),
  );
  assert.ok(!told.config?.includes("*"));
  assert.equal(desk.text(CONFIG), told.config);
  assert.deepEqual(told.uninstall, ["uv tool uninstall keyring && keywright setup uv --yes"]);
  assert.equal(readlinkSync(join(desk.bin, "keyring")), "keywright");
  assert.match(desk.text("home/.config/uv/uv.toml"), /^keyring-provider = "subprocess"$/m);
  assert.equal((await migrate(desk, "--undo")).done, "undone");
  assert.deepEqual(desk.tree(), before);
  assert.equal(readlinkSync(join(desk.bin, "keyring")), link);
});

test("the configuration that is written is valid, and answers for the host and for nothing else", async (t) => {
  const desk = mendaDesk(t);
  await migrate(desk, "--yes", "--host", "packages.example/pypi");
  const whose = async (url: string): Promise<string> =>
    (JSON.parse((await desk.run(["why", url, "--json"])).out) as { readonly whose: string }).whose;
  assert.equal(await whose(`https://${HOST}/pypi/main/simple/`), "ours");
  assert.equal(await whose("https://packages.example/pypi/main/simple/"), "ours");
  assert.notEqual(await whose(`https://${SECOND}/pypi/main/simple/`), "ours");
});

test("aws codeartifact login: the tokens that are replaced go, npm's stays and is named, and back", async (t) => {
  const desk = loginDesk(t);
  const before = desk.tree();
  const told = await migrate(desk, "--yes");
  assert.deepEqual(
    told.found.map(({ what, where }) => `${what} ${where.replace(desk.home, "~")}`),
    ["~/.config/pip/pip.conf:2", "~/.pypirc:8", "~/.npmrc:2"].map(
      (where) => `aws codeartifact login ${where}`,
    ),
  );
  assert.equal(
    desk.text("home/.config/pip/pip.conf"),
    `[global]\nkeyring-provider = subprocess\nindex-url = https://aws@${HOST}/pypi/main/simple/\n# mine\ntimeout = 60\n`,
  );
  assert.equal(
    desk.text("home/.pypirc"),
    `[distutils]\nindex-servers=\n\tcodeartifact\n\n[codeartifact]\nrepository: https://${HOST}/pypi/main/\nusername: aws\n`,
  );
  assert.ok(desk.text("home/.npmrc").includes(TOKEN));
  assert.match(told.notes.join("\n"), /\.npmrc:2 keeps its token/);
  assert.match(told.config ?? "", /aws: \{ backend: codeartifact \}/);
  await migrate(desk, "--undo");
  assert.deepEqual(desk.tree(), before);
});

const KEYRINGRC = `[backend]
x = 1
[codeartifact]
profile_name = base ; everywhere
token_duration = 1800
[codeartifact domain="acme" account="123456789012" region="eu-west-1"]
profile_name = team
[codeartifact domain=acme account=123456789012 region=eu-west-1 name=prod]
profile_name = "prod"
token_duration = 60
aws_access_key_id = AKIA
[codeartifact account=999999999999]
profile_name = stranger
`;

test("keyrings.codeartifact: profiles and lifetimes by domain and repository, what cannot be carried over is said", async (t) => {
  const desk = deskFor(t);
  desk.environment("venv", ["keyrings.codeartifact-2.1.2", "keyring-25.7.0"]);
  desk.program("venv/bin/keyring");
  desk.plant({ "home/.config/python_keyring/keyringrc.cfg": KEYRINGRC });
  const told = await migrate(desk, "--yes", "--host", SECOND);
  assert.equal(
    told.config?.split("\n").slice(1, 9).join("\n"),
    `stores:
  aws: { backend: codeartifact, options: { profile: "team", duration: 1800 } }
  aws_2: { backend: codeartifact, options: { profile: "\\"prod\\"" } }
  aws_3: { backend: codeartifact, options: { profile: "base", duration: 1800 } }
refs:
  acme: { store: aws, match: "${HOST}", username: aws, policy: registries }
  acme_prod: { store: aws_2, match: "${HOST}/pypi/prod", username: aws, policy: registries }
  tools: { store: aws_3, match: "${SECOND}", username: aws, policy: registries }`,
  );
  assert.match(
    told.notes.join("\n"),
    /AWS keys in keyringrc\.cfg are not carried over[^]*token_duration outside/,
  );
  assert.deepEqual(told.uninstall, [
    `${join(desk.root, "venv/bin/python")} -m pip uninstall -y keyrings.codeartifact`,
  ]);
});

test("a section that contradicts the host is never taken, as the original took the first one", () => {
  const host = domainOf("other-555555555555.d.codeartifact.eu-west-1.amazonaws.com");
  assert.ok(host);
  const sections = codeArtifactSections(KEYRINGRC, "f");
  assert.deepEqual(
    sectionsFor(host, sections).map(({ profile }) => profile),
    ["base"],
  );
  assert.deepEqual(
    sectionsFor(
      host,
      codeArtifactSections("[codeartifact account=000000000000]\nprofile_name = admin\n", "f"),
    ),
    [],
  );
});

test("every configuration text loads, also where names are odd or alike", (t) => {
  const desk = deskFor(t);
  const hosts = [
    HOST,
    "acme-123456789012.d.codeartifact.us-east-1.amazonaws.com",
    "my-long--name-123456789012.d.codeartifact.eu-west-1.amazonaws.com",
    "127.0.0.1:8080/pypi",
    "9to5.example",
  ];
  for (const store of ["menda", "aws"] as const) {
    desk.plant({ [CONFIG]: configText({ hosts, store, sections: codeArtifactSections(KEYRINGRC, "f") }) });
    const loaded = loadConfig({
      env: {},
      home: desk.home,
      etc: join(desk.root, "none"),
      kind: "client",
      backends: ["menda", "codeartifact"],
      matchFault,
    });
    assert.equal(loaded.refs.length, store === "menda" ? 5 : 6);
  }
});

test("nothing to migrate, no host known, and a configuration that is there: said, and nothing is changed", async (t) => {
  const none = deskFor(t);
  assert.equal((await none.run(["migrate", "--yes"])).status, 7);
  const hostless = mendaDesk(t);
  hostless.plant({
    "home/.config/uv/uv.toml": "",
    "project/pyproject.toml": `[[tool.uv.index]]\nname = "x"\nurl = "https://${HOST}/pypi/main/simple/"\n`,
  });
  const before = hostless.tree();
  const ran = await hostless.run(["migrate", "--yes"]);
  assert.deepEqual([ran.status, /--host/.test(ran.err)], [2, true], "a project's file has a say");
  assert.deepEqual(hostless.tree(), before);
  const configured = mendaDesk(t);
  configured.plant({ [CONFIG]: configText({ hosts: [SECOND], store: "menda", sections: [] }) });
  const kept = await configured.run(["migrate", "--yes"]);
  assert.equal(kept.status, 3);
  assert.match(kept.err, new RegExp(`does not answer for ${HOST}[^]*match: "${HOST}"`));
  configured.plant({ [CONFIG]: configText({ hosts: [HOST], store: "menda", sections: [] }) });
  assert.equal((await migrate(configured, "--yes")).config, null);
});

test("a configuration without refs keeps what it says; one that has stores of its own is left alone", async (t) => {
  const desk = loginDesk(t);
  desk.plant({ [CONFIG]: "# mine\naudit: none" });
  const before = desk.tree();
  const told = await migrate(desk, "--yes", "--store", "menda");
  assert.equal(desk.text(CONFIG), `# mine\naudit: none\n${told.config}`);
  assert.equal(
    (JSON.parse((await desk.run(["why", `https://${HOST}/`, "--json"])).out) as { readonly whose: string })
      .whose,
    "ours",
  );
  await migrate(desk, "--undo");
  assert.deepEqual(desk.tree(), before);
  for (const text of ["stores: { menda: { backend: menda } }\n", "{ audit: none }\n"]) {
    desk.plant({ [CONFIG]: text });
    assert.equal((await desk.run(["migrate", "--yes", "--store", "menda"])).status, 3);
    assert.equal(desk.text(CONFIG), text);
  }
});

test("a password for a registry that is not CodeArtifact is not ours to take", async (t) => {
  const desk = loginDesk(t);
  const theirs = "extra-index-url = https://me:their-password@other.example/simple/\n";
  const pip = desk.text("home/.config/pip/pip.conf");
  desk.plant({ "home/.config/pip/pip.conf": pip + theirs });
  const told = await migrate(desk, "--yes");
  assert.ok(desk.text("home/.config/pip/pip.conf").endsWith(theirs));
  assert.equal(told.found.filter(({ where }) => where.includes("pip.conf")).length, 1);
});

test("migrate asks before it changes anything, and --host takes no wildcard", async (t) => {
  const desk = loginDesk(t);
  const before = desk.tree();
  const ran = await desk.run(["migrate"]);
  assert.deepEqual([ran.asked.length, ran.status], [1, 0]);
  assert.ok(!(ran.out + ran.err).includes(TOKEN));
  assert.match(ran.out, /^-index-url = https:\/\/aws:\*\*\*@/m);
  assert.equal((await desk.run(["migrate", "--dry-run"])).asked.length, 0);
  assert.deepEqual(desk.tree(), before);
  assert.equal((await desk.run(["migrate", "--host", "*.example"])).status, 2);
});
