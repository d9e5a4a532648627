// Installs the real clients that the tests and the demo run: pip (newest and one older than 26.2), uv, twine, keyring,
// menda-keyring and menda-cli, botocore, boto3 and keyrings.codeartifact, Authlib and schemathesis, in virtual environments
// under node_modules/.cache/keywright.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const cache = join(import.meta.dirname, "..", "node_modules", ".cache", "keywright");

/** Name of the environment → what is in it. A bare name is the newest. */
const ENVIRONMENTS = {
  installers: ["pip", "uv"],
  "pip-25": ["pip==25.0"],
  menda: ["keyring==25.7.0", "menda-keyring==0.0.2", "menda-cli==0.5.0"],
  aws: ["botocore==1.44.5", "boto3==1.44.5", "keyring==25.7.0", "keyrings.codeartifact==2.1.2"],
  twine: ["twine==7.0.0"],
  conformance: ["schemathesis==4.32.5", "Authlib==1.9.9", "requests"],
} as const;

export type Environment = keyof typeof ENVIRONMENTS;

/** The path of a program inside one of the environments; install it first. */
export function toolPath(environment: Environment, program: string): string {
  return join(cache, environment, "bin", program);
}

/** Makes the environments that are missing. Throws when one cannot be made, with what pip said. */
export function installTools(environments: readonly Environment[], say: (text: string) => void): void {
  for (const name of environments) {
    const folder = join(cache, name);
    const wanted = ENVIRONMENTS[name].join(" ");
    const stamp = join(folder, "keywright-installed");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) continue;
    say(`installing ${wanted} (once)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    run(
      "python3",
      ["-m", "venv", folder],
      "python3 with venv is needed (Debian: apt-get install python3-venv)",
    );
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"];
    run(
      join(folder, "bin", "python"),
      [...pip, ...ENVIRONMENTS[name]],
      "the package index could not be used",
    );
    writeFileSync(stamp, wanted);
  }
}

function run(command: string, args: readonly string[], remedy: string): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(" ")}: ${remedy}\n${error ?? stderr}`);
}

if (import.meta.main) installTools(Object.keys(ENVIRONMENTS) as Environment[], (text) => console.log(text));
