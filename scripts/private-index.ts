// A private package index for the demo and the tests (PEP 503, one package): it serves only to a token that the broker
// issued for it and still holds valid, which it asks the broker at every request (RFC 7662); it takes uploads, and keeps
// none of them. Not for production use.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface IndexOptions {
  /** The broker's introspection endpoint, on loopback. */
  readonly introspection: string;
  /** The client that was created with `--resource`. */
  readonly client: { readonly id: string; readonly secret: string };
  /** The ref's name, which is the audience of its tokens. */
  readonly audience: string;
  /** Folder of the wheel that `makeWheel` wrote. */
  readonly wheel: string;
  /** Path below which the index lies, "" or like "/pypi/repo". */
  readonly prefix?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface PrivateIndex {
  readonly port: number;
  /** `METHOD path status`, in order. */
  readonly served: readonly string[];
  /** SHA-256-free record of the passwords that were tried: only their number of distinct values. */
  distinctTokens(): number;
  close(): Promise<void>;
}

export const PACKAGE = "keywright-demo-package";

export async function startIndex(options: IndexOptions): Promise<PrivateIndex> {
  const served: string[] = [];
  const tokens = new Set<string>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const password = basicPassword(request.headers.authorization);
    if (password !== undefined) tokens.add(password);
    const action = request.method === "POST" ? "publish" : "read";
    const allowed = password !== undefined && (await holdsValid(options, password, action));
    if (action === "publish") await request.resume().toArray(); // twine hears nothing before it has sent everything.
    const status = allowed ? answer(options, request, response) : 401;
    if (status === 401) response.writeHead(401, { "www-authenticate": 'Basic realm="private"' }).end();
    served.push(`${request.method} ${request.url} ${status}`);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.writeHead(502).end());
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    served,
    distinctTokens: () => tokens.size,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Writes the wheel of a package that says hello; returns its folder. Needs python3. */
export function makeWheel(folder: string): string {
  const program = `
import sys, zipfile
name, info = "keywright_demo_package", "keywright_demo_package-1.0.dist-info"
files = {
  f"{name}.py": "MESSAGE = 'installed with a short-lived token'\\n",
  f"{info}/METADATA": "Metadata-Version: 2.1\\nName: keywright-demo-package\\nVersion: 1.0\\n",
  f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: keywright\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in files) + f"{info}/RECORD,,\\n"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
  for path, text in files.items(): wheel.writestr(path, text)
`;
  const { status, stderr } = spawnSync("python3", ["-c", program, join(folder, WHEEL)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`python3 could not write the wheel: ${stderr}`);
  return folder;
}

const WHEEL = "keywright_demo_package-1.0-py3-none-any.whl";

function answer(
  { prefix = "", wheel }: IndexOptions,
  request: IncomingMessage,
  response: ServerResponse,
): number {
  const page = `${prefix}/simple/${PACKAGE}/`;
  if (request.method === "POST" && request.url === `${prefix}/`) {
    response.writeHead(200).end();
    return 200;
  }
  if (request.url === page) {
    response.writeHead(200, { "content-type": "text/html" }).end(`<a href="${WHEEL}">${WHEEL}</a>`);
    return 200;
  }
  if (request.url === `${page}${WHEEL}`) {
    response.writeHead(200, { "content-type": "application/zip" }).end(readFileSync(join(wheel, WHEEL)));
    return 200;
  }
  response.writeHead(404).end();
  return 404;
}

/** undefined also for an empty one: pip and uv try the user name of an address alone before they ask keyring. */
export function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1) || undefined;
}

export function holdsValid(
  { introspection, client, audience }: IndexOptions,
  token: string,
  action: "read" | "publish",
): Promise<boolean> {
  const body = new URLSearchParams({ token }).toString();
  const credentials = Buffer.from(`${client.id}:${client.secret}`).toString("base64");
  const headers = {
    authorization: `Basic ${credentials}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  return new Promise((done, failed) => {
    const asked = httpRequest(introspection, { method: "POST", headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (part: string) => (text += part));
      reply.on("end", () => {
        if (reply.statusCode !== 200) return failed(new Error(`introspection answered ${reply.statusCode}`));
        const said = JSON.parse(text) as { active?: boolean; aud?: string; scope?: string };
        done(
          said.active === true && said.aud === audience && said.scope?.split(" ").includes(action) === true,
        );
      });
    });
    asked.on("error", failed).end(body);
  });
}
