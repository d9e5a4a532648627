// npm run demo: the whole way once, on this machine only. A broker, a private index that trusts nobody else, real pip and
// real uv that install through `keyring`, then somebody without a grant, then the audit. Everything lives in a temporary
// HOME that is removed at the end, also after Ctrl-C.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { makeWheel, PACKAGE, startIndex } from "./private-index.ts";
import { installTools, toolPath } from "./tools.ts";

const bin = join(import.meta.dirname, "..", "bin");
const folder = mkdtempSync(join(tmpdir(), "keywright-demo-"));
const running: ChildProcess[] = [];
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupted = true;
    cleanUp();
    process.exit(130);
  });
}

installTools(["installers"], (text) => console.log(text));
const started = performance.now();
try {
  await demo();
  console.log(`\nDone in ${seconds(started)}. Nothing was left behind: ${folder} is gone.`);
} catch (error) {
  if (!interrupted) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
} finally {
  cleanUp();
}

async function demo(): Promise<void> {
  const port = await freePort();
  const broker = `http://localhost:${port}`;
  const data = join(folder, "broker");
  const allowed = home("allowed");
  const denied = home("denied");

  title("A broker: it issues tokens for one registry, to one principal");
  const config = join(folder, "broker.yaml");
  const index = await startIndexFirst(broker, data, config, port);
  const url = `http://127.0.0.1:${index.port}/simple/`;

  title("Two machine clients: ci has a grant, intern has none");
  await step("keywright client create ci", () => client(allowed, data, broker, "ci", "ci"));
  await step("keywright client create intern", () => client(denied, data, broker, "intern", "intern"));
  for (const each of [allowed, denied]) writeClientConfig(each, index.port);

  title("Real installers, through the keyring executable");
  const site = join(folder, "site");
  await step(`pip install ${PACKAGE}`, () => pip(allowed, url, join(site, "pip")));
  await step(`uv pip install ${PACKAGE}`, () => uv(allowed, url, join(site, "uv")));
  await step("keyring get, from the lease", () => run(join(bin, "keyring"), ["get", url, "token"], allowed));
  console.log(`  the index saw ${index.distinctTokens()} token(s) in ${index.served.length} requests`);

  title("The principal without a grant");
  await refused(`pip install ${PACKAGE}`, () => pip(denied, url, join(site, "denied")));
  await refused("keyring get", () => run(join(bin, "keyring"), ["get", url, "token"], denied));

  title("The audit of all of it, at the broker");
  show(await run(join(bin, "keywright"), ["audit", "show", "--data", data], allowed));
  show(await run(join(bin, "keywright"), ["audit", "verify", "--data", data], allowed));
  title("… and on the client's side");
  show(await run(join(bin, "keywright"), ["audit", "show"], allowed));
  show(await run(join(bin, "keywright"), ["audit", "verify"], allowed));
  await index.close();
}

async function startIndexFirst(
  broker: string,
  data: string,
  config: string,
  port: number,
): Promise<Awaited<ReturnType<typeof startIndex>>> {
  // The index's own client exists before the broker runs: its commands work on the data folder either way.
  const created = await run(
    join(bin, "keywright"),
    ["client", "create", "index", "--resource", "demo_index", "--data", data, "--json"],
    home("operator"),
  );
  const { client_id: id, client_secret: secret } = JSON.parse(created) as Record<string, string>;
  const index = await startIndex({
    introspection: `${broker}/oauth2/introspect`,
    client: { id: id ?? "", secret: secret ?? "" },
    audience: "demo_index",
    wheel: makeWheel(folder),
  });
  const text = `principals: [ci, intern]
stores:
  own: { backend: issue, options: { ttl: 600, username: token } }
refs:
  demo_index: { store: own, match: "127.0.0.1:${index.port}", username: token, policy: demo }
policies:
  demo: { allowed_principals: [ci], actions: [read] }
`;
  writeFileSync(config, text);
  console.log(text.replace(/^/gm, "  ").trimEnd());
  await step(`keywright server on ${broker}`, () => server(data, config, port));
  return index;
}

function server(data: string, config: string, port: number): Promise<void> {
  const args = ["server", "--data", data, "--config", config, "--listen", `127.0.0.1:${port}`];
  const child = spawn(join(bin, "keywright"), args, {
    env: environment(home("operator")),
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let said = "";
  return new Promise((done, failed) => {
    const hear = (text: string): void => {
      said += text;
      if (said.includes(`http://localhost:${port}`)) done();
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("exit", (status) => failed(new Error(`the broker ended with ${status}: ${said}`)));
  });
}

async function client(
  who: string,
  data: string,
  broker: string,
  name: string,
  principal: string,
): Promise<void> {
  const args = ["client", "create", name, "--principal", principal, "--data", data, "--json"];
  const { client_id: id, client_secret: secret } = JSON.parse(
    await run(join(bin, "keywright"), args, who),
  ) as Record<string, string>;
  mkdirSync(join(who, ".menda"), { mode: 0o700 });
  const profile = `[default]\nhost = ${broker}\nauth_type = m2m\nclient_id = ${id}\nclient_secret = ${secret}\n`;
  writeFileSync(join(who, ".menda", "mendacfg"), profile, { mode: 0o600 });
}

function writeClientConfig(who: string, port: number): void {
  const text = `stores:
  menda: { backend: menda }
refs:
  demo_index: { store: menda, match: "127.0.0.1:${port}", username: token, policy: registries }
policies:
  registries: { allowed_principals: [local_user], actions: [read] }
`;
  mkdirSync(join(who, ".config", "keywright"), { recursive: true, mode: 0o700 });
  writeFileSync(join(who, ".config", "keywright", "config.yaml"), text, { mode: 0o600 });
}

function pip(who: string, url: string, target: string): Promise<string> {
  const options = [
    "--index-url",
    url,
    "--target",
    target,
    "--quiet",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
  ];
  return run(
    toolPath("installers", "pip"),
    ["install", "--keyring-provider", "subprocess", ...options, PACKAGE],
    who,
  );
}

function uv(who: string, url: string, target: string): Promise<string> {
  const config = join(who, "uv.toml");
  writeFileSync(
    config,
    `[[index]]\nname = "demo"\nurl = "${url}"\ndefault = true\nauthenticate = "always"\n`,
  );
  const options = [
    "--keyring-provider",
    "subprocess",
    "--target",
    target,
    "--quiet",
    "--no-cache",
    "--no-python-downloads",
  ];
  return run(
    toolPath("installers", "uv"),
    ["--config-file", config, "pip", "install", ...options, PACKAGE],
    who,
  );
}

function home(name: string): string {
  const path = join(folder, "home", name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Nothing of the user's environment but the PATH (with our bin first) and what speaks of the machine. */
function environment(who: string): NodeJS.ProcessEnv {
  const path = [bin, toolPath("installers", ""), process.env["PATH"] ?? ""].join(delimiter);
  return { PATH: path, HOME: who, LANG: "C.UTF-8", TMPDIR: tmpdir(), PIP_CONFIG_FILE: "/dev/null" };
}

async function run(command: string, args: readonly string[], who: string): Promise<string> {
  const options = { env: environment(who), encoding: "utf8", timeout: 120_000 } as const;
  try {
    const child = promisify(execFile)(command, args, options);
    child.child.stdin?.end();
    return (await child).stdout;
  } catch (error) {
    const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
    throw new Error(`${stderr}${stdout}`.trim() || String(error), { cause: error });
  }
}

async function step(name: string, work: () => unknown): Promise<void> {
  const before = performance.now();
  await work();
  console.log(`  ✔ ${name} (${seconds(before)})`);
}

async function refused(name: string, work: () => unknown): Promise<void> {
  const before = performance.now();
  try {
    await work();
  } catch (error) {
    console.log(`  ✔ ${name} is refused (${seconds(before)})`);
    show((error as Error).message);
    return;
  }
  throw new Error(`${name} succeeded for the principal without a grant`);
}

function show(text: string): void {
  console.log(text.trimEnd().replace(/^/gm, "      "));
}

function title(text: string): void {
  console.log(`\n${text}`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}

function cleanUp(): void {
  for (const child of running) child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
