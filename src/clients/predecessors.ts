// What was there before keywright: menda-keyring, keyrings.codeartifact, and the tokens that `aws codeartifact login` wrote
// down. It finds and names them; a token it neither keeps nor shows.
import { join } from "node:path";
import { onPath, type Machine } from "../io/machine.ts";
import { pythonEnvironments, type PythonEnvironment } from "./environments.ts";
import { withoutPassword } from "./hidden.ts";
import { iniEntries, plainKey } from "./ini-edit.ts";
import { codeArtifactSections, domainOf, hostOf, type CodeArtifactSection } from "./keyringrc.ts";
import { keyringrcFile, npmrcFile, pypircFile } from "./places.ts";
import { pipSettings, uvSettings } from "./settings.ts";

export type Trace = "menda-keyring" | "keyrings.codeartifact" | "aws codeartifact login";

export interface Found {
  readonly what: Trace;
  /** An environment, or `file:line`. */
  readonly where: string;
}

export interface Predecessors {
  readonly found: readonly Found[];
  readonly environments: readonly PythonEnvironment[];
  readonly sections: readonly CodeArtifactSection[];
  /** Exact hosts of CodeArtifact that the user's own settings name, sorted. A project's files have no say. */
  readonly hosts: readonly string[];
  readonly pypirc: readonly { readonly section: string; readonly line: number }[];
  readonly npmrc: readonly string[];
}

const PACKAGES = {
  "menda-keyring": "menda-keyring",
  "keyrings-codeartifact": "keyrings.codeartifact",
} as const;

/** Throws `configuration` for a file that cannot be read. */
export function findPredecessors(machine: Machine): Predecessors {
  const environments = pythonEnvironments(machine).filter(({ packages }) =>
    Object.keys(PACKAGES).some((name) => packages.has(name)),
  );
  const rc = keyringrcFile(machine);
  const sections = codeArtifactSections(machine.read(rc) ?? "", rc);
  const project = ["uv.toml", "pyproject.toml"].map((name) => join(machine.cwd, name));
  const indexes = [...pipSettings(machine).indexes, ...uvSettings(machine).indexes].filter(
    ({ file }) => file === undefined || !project.includes(file),
  );
  const written = indexes.filter(
    ({ value }) => withoutPassword(value) !== undefined && hostIn(value) !== undefined,
  );
  const pypirc = pypircTokens(machine);
  const npmrc = npmrcTokens(machine);
  const hosts = [
    ...indexes.map(({ value }) => hostIn(value)),
    ...pypirc.map(({ host }) => host),
    ...npmrc.map(({ host }) => host),
    ...sections.map(hostOfSection),
  ];
  return {
    found: [
      ...environments.flatMap(({ root, packages }) =>
        (Object.keys(PACKAGES) as (keyof typeof PACKAGES)[])
          .filter((name) => packages.has(name))
          .map((name) => ({ what: PACKAGES[name], where: root })),
      ),
      ...(sections.length === 0 ? [] : [{ what: "keyrings.codeartifact" as const, where: rc }]),
      ...[...written, ...pypirc, ...npmrc].map(({ where }) => ({
        what: "aws codeartifact login" as const,
        where,
      })),
    ],
    environments,
    sections,
    hosts: [...new Set(hosts.filter((host) => host !== undefined))].sort(),
    pypirc,
    npmrc: npmrc.map(({ where }) => where),
  };
}

/** The keyring on the PATH, when it belongs to one of these environments. */
export function oldKeyring(machine: Machine, environments: readonly PythonEnvironment[]): string | undefined {
  return onPath(machine, "keyring").find((file) =>
    environments.some(({ root }) => machine.look(file)?.real.startsWith(`${root}/`) === true),
  );
}

/** The CodeArtifact host in an address; undefined: it has none. */
export function hostIn(url: string): string | undefined {
  const host = /^https:\/\/(?:[^/@]*@)?([^/:?#]+)(?::443)?(?:[/?#]|$)/i.exec(url)?.[1]?.toLowerCase();
  return host !== undefined && domainOf(host) !== undefined ? host : undefined;
}

function hostOfSection({ domain, account, region }: CodeArtifactSection): string | undefined {
  return domain === undefined || account === undefined || region === undefined
    ? undefined
    : hostOf({ domain, account, region });
}

function pypircTokens(machine: Machine) {
  const file = pypircFile(machine);
  const entries = iniEntries(machine.read(file) ?? "", file, plainKey);
  return entries.flatMap(({ section, key, value, line }) => {
    const host = hostIn(
      entries.find((one) => one.section === section && one.key === "repository")?.value ?? "",
    );
    return key === "password" && value !== "" && host !== undefined
      ? [{ section, line, host, where: `${file}:${line}` }]
      : [];
  });
}

function npmrcTokens(machine: Machine) {
  const file = npmrcFile(machine);
  return (machine.read(file) ?? "").split("\n").flatMap((line, index) => {
    const host = hostIn(`https:${/^\s*(\/\/\S+?):_authToken\s*=\s*(?!["']?\$\{)\S/.exec(line)?.[1] ?? ""}`);
    return host === undefined ? [] : [{ host, where: `${file}:${index + 1}` }];
  });
}
