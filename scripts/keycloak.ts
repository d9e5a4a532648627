// Keycloak for the tests: the distribution of its server from Maven Central, in a version and with a hash that stand here,
// under node_modules/.cache; started in its development mode on a free loopback port, its database in memory.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Runs on Java 17, and is the newest that Maven Central has. */
const VERSION = "26.7.3";
const SHA512 =
  "664c8ac2997d94b69825af70acc3a6017a7a53a1504a6e21b2d82a04e5f53593b30cabdf80ffe3eb661f13442a57fbc15c4186a1899f2841e8145532e5ae7e1c";
const CACHE = join(import.meta.dirname, "..", "node_modules", ".cache", "keywright");
const HOME = join(CACHE, `keycloak-${VERSION}`);
/** Seconds; the first start of an installation also builds it. */
const START_LIMIT = 420;

export interface Keycloak {
  /** `http://localhost:PORT` */
  readonly url: string;
  /** A request of the administration: a path below /admin/realms, JSON in, JSON (or nothing) out. Throws on a refusal. */
  admin(method: string, path: string, data?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Fetches and unpacks it unless it is there. Throws when it cannot be had, or is not what is wanted. */
export async function installKeycloak(say: (text: string) => void): Promise<string> {
  if (existsSync(HOME)) return HOME;
  mkdirSync(CACHE, { recursive: true });
  say(`fetching Keycloak ${VERSION} (once, 170 MB)`);
  const folder = mkdtempSync(join(CACHE, "keycloak-new-"));
  try {
    const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:tar.gz`;
    const places = [`-DoutputDirectory=${folder}`, `-Dmaven.repo.local=${join(folder, "repository")}`];
    execFileSync("mvn", ["-B", "-q", "-C", "dependency:copy", artifact, ...places], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const archive = join(folder, `keycloak-quarkus-dist-${VERSION}.tar.gz`);
    const hash = createHash("sha512");
    await pipeline(createReadStream(archive), hash);
    if (hash.digest("hex") !== SHA512)
      throw new Error(`Keycloak ${VERSION} is not the archive that is wanted`);
    execFileSync("tar", ["-xzf", archive, "-C", folder]);
    // Of two that install at once one comes first.
    if (!existsSync(HOME)) renameSync(join(folder, `keycloak-${VERSION}`), HOME);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return HOME;
}

export async function startKeycloak(say: (text: string) => void): Promise<Keycloak> {
  const home = await installKeycloak(say);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const options = [`--http-port=${port}`, "--http-host=127.0.0.1", `--hostname=${url}`, "--db=dev-mem"];
  const child = spawn(join(home, "bin", "kc.sh"), ["start-dev", ...options], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx640m",
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
    },
    // A group of its own: the script starts the server as its child.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`.slice(-8000)));
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    endGroup(child);
    await ended;
  };
  try {
    await answering(`${url}/realms/master`, child, () => said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, admin: (method, path, data) => administered(url, method, path, data), stop };
}

const ADMIN = { username: "admin", password: "admin-of-the-tests" };

async function administered(url: string, method: string, path: string, data: unknown): Promise<unknown> {
  const login = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...ADMIN }),
  });
  const { access_token: token } = (await login.json()) as { readonly access_token: string };
  const reply = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(data === undefined ? {} : { body: JSON.stringify(data) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`Keycloak: ${method} ${path} was answered ${reply.status} ${text}`);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

async function answering(address: string, child: ChildProcess, said: () => string): Promise<void> {
  const until = performance.now() + START_LIMIT * 1000;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`Keycloak ended with ${child.exitCode}\n${said()}`);
    const reply = await fetch(address).catch(() => undefined);
    await reply?.arrayBuffer();
    if (reply?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`Keycloak did not answer within ${START_LIMIT} s\n${said()}`);
}

function endGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It ended meanwhile.
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

if (import.meta.main) await installKeycloak((text) => console.log(text));
