// An index of many packages for one test, in several repositories of one host; what is installed from it needs nothing
// from anywhere else, not even to be built. It serves to the broker's valid tokens only, and takes uploads.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import {
  basicPassword,
  holdsValid,
  type IndexOptions,
  type PrivateIndex,
} from "../../scripts/private-index.ts";

export interface PackagesOptions {
  /** The packages: `name`, or `name: the names that it requires`. Each has a module and a command of its name. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** More wheels, by their paths. */
  readonly wheels?: readonly string[];
  /** Repositories beside `repo`, each with the same packages. */
  readonly more?: readonly string[];
  /** Comes before each file that is asked for with a token, with how many were served before it. */
  beforeFile?(count: number, token: string): void | Promise<void>;
}

/** The PEP 517 backend that `PROJECT` names; it is served like any other package. */
export const BACKEND = "small-backend";

/** A pyproject.toml that is built by the private backend and depends on the packages. */
export function project(name: string, dependencies: readonly string[] = []): string {
  return `[project]
name = "${name}"
version = "1.0"
requires-python = ">=3.11"
dependencies = ${JSON.stringify(dependencies)}

[build-system]
requires = ["${BACKEND}"]
build-backend = "small_backend"
`;
}

/** For `startRegistry`. */
export function startPackages(wanted: PackagesOptions): (options: IndexOptions) => Promise<PrivateIndex> {
  return async (options) => {
    const files = new Map([
      ...makeWheels(options.wheel, { [BACKEND]: [], ...wanted.packages }),
      ...(wanted.wheels ?? []).map((path) => [basename(path), readFileSync(path)] as const),
    ]);
    const served: string[] = [];
    const tokens = new Set<string>();
    let count = 0;
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<number> => {
      const upload = request.method === "POST";
      const token = basicPassword(request.headers.authorization);
      if (token !== undefined) tokens.add(token);
      const file = upload ? undefined : files.get(/[^/]+\.whl$/.exec(request.url ?? "")?.[0] ?? "");
      if (file !== undefined && token !== undefined) await wanted.beforeFile?.(count, token);
      const valid = token !== undefined && (await holdsValid(options, token, upload ? "publish" : "read"));
      if (upload) await request.resume().toArray();
      if (!valid) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="private"' }).end();
        return 401;
      }
      if (file !== undefined) count += 1;
      const body = upload ? "" : (file ?? page(request.url ?? "", [...files.keys()], wanted.more ?? []));
      const type = file === undefined ? "text/html" : "application/zip";
      response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
      return body === undefined ? 404 : 200;
    };
    const server = createServer(options.tls ?? {}, (request, response) => {
      answer(request, response)
        .then((status) => served.push(`${request.method} ${request.url} ${status}`))
        .catch(() => response.writeHead(502).end());
    });
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
  };
}

/** PEP 503: undefined for what is not there. */
function page(url: string, files: readonly string[], more: readonly string[]): string | undefined {
  const [, repository = "", name = ""] = /^\/pypi\/([a-z0-9]+)\/simple\/(?:([^/]+)\/)?$/.exec(url) ?? [];
  if (!["repo", ...more].includes(repository)) return undefined;
  const wheels = files.filter((file) => file.startsWith(`${name.replaceAll("-", "_")}-`));
  if (wheels.length === 0) return undefined;
  return wheels.map((file) => `<a href="${file}">${file}</a>`).join("");
}

/** Writes the wheels, by their names; in python3, because Python's own rules of the format are at hand there. */
function makeWheels(
  folder: string,
  packages: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, Buffer> {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", MAKE, folder, JSON.stringify(packages)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`python3 could not write the wheels: ${stderr}`);
  const names = stdout.trimEnd().split("\n");
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** The first function is also what the packages' own backend consists of. */
const WHEEL = String.raw`
import os, zipfile
def write_wheel(folder, name, code, requires=()):
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    files = {
        f"{module}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: >=3.11\n"
            + "".join(f"Requires-Dist: {each}\n" for each in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: small\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {module}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
    file = f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for path, text in files.items(): wheel.writestr(path, text)
    return file
`;

const MAKE = `${WHEEL}
import json, sys
WHEEL = ${JSON.stringify(WHEEL)}
BUILD = WHEEL + '''
import tomllib
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open("pyproject.toml", "rb") as file: project = tomllib.load(file)["project"]
    return write_wheel(folder, project["name"], "def main(): print('built')", project["dependencies"])
build_editable = build_wheel
'''
for name, requires in json.loads(sys.argv[2]).items():
    code = BUILD if name == "${BACKEND}" else f"def main(): print('{name} of the private index')\\n"
    print(write_wheel(sys.argv[1], name, code, requires))
`;
