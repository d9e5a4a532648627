// Checks for passwords that lie about, and so are used instead of asking, or leak: in addresses, netrc, lock files, .pypirc
// and .npmrc. They name the place and never the value.
import { join } from "node:path";
import { iniEntries, plainKey } from "../clients/ini-edit.ts";
import { withoutPassword } from "../clients/hidden.ts";
import { netrcEntries } from "../io/netrc-entries.ts";
import { netrcFiles, npmrcFile, pypircFile } from "../clients/places.ts";
import type { Index } from "../clients/settings.ts";
import type { Finding, FindingId } from "./finding.ts";
import { bare, type Check } from "./patient.ts";

export const netrc: Check = ({ machine, whose, uses }) => {
  if (!uses("pip") && !uses("uv") && !uses("pdm")) return [];
  return netrcFiles(machine).flatMap((file) =>
    netrcEntries(machine.read(file) ?? "").flatMap(({ host, line }): readonly Finding[] => {
      const where = `${file}:${line}`;
      if (host === undefined) {
        const cause = `${where} has a password for every host, which pip and uv use instead of asking`;
        return [{ id: "netrc-default", severity: "warning", cause, remedy: "Take the entry away.", where }];
      }
      if (whose(`https://${host}/simple/`) !== "ours" && whose(`https://${host}/pypi/x/simple/`) !== "ours")
        return [];
      const cause = `${where} has a password for ${host}: uv uses it instead of asking, pip asks anew for each file`;
      return [{ id: "netrc-entry", severity: "error", cause, remedy: "Take the entry away.", where }];
    }),
  );
};

export const tokenInIndexes: Check = ({ pip, uv }) =>
  [...pip.indexes, ...uv.indexes].filter(({ value }) => hasPassword(value)).map(tokenInIndex);

function tokenInIndex({ value, client, file, where }: Index): Finding {
  const id: FindingId =
    file === undefined ? "token-in-environment" : client === "pip" ? "token-in-pip-conf" : "token-in-uv-toml";
  return {
    id,
    severity: "error",
    cause: `the index of ${where} has a password in its address (${bare(value)}), so ${client} uses that and does not ask`,
    remedy:
      id === "token-in-pip-conf"
        ? "Run: keywright migrate"
        : "Take the password out of the address; the user name may stay.",
    where,
  };
}

export const tokenInPypirc: Check = ({ machine }) => {
  if (machine.home === undefined) return [];
  const file = pypircFile(machine);
  const text = machine.read(file);
  if (text === undefined) return [];
  const entries = iniEntries(text, file, plainKey);
  return entries
    .filter(({ section, key, value }) => {
      const repository =
        entries.find((one) => one.section === section && one.key === "repository")?.value ?? "";
      return key === "password" && value !== "" && /codeartifact/i.test(`${section} ${repository}`);
    })
    .map(({ section, line }) => ({
      id: "token-in-pypirc",
      severity: "warning",
      cause: `${file}:${line} holds a password for [${section}], which twine uses instead of asking`,
      remedy: "Run: keywright migrate",
      where: `${file}:${line}`,
    }));
};

export const tokenInNpmrc: Check = ({ machine }) => {
  if (machine.home === undefined) return [];
  const file = npmrcFile(machine);
  const lines = (machine.read(file) ?? "").split("\n");
  return lines.flatMap((line, index): readonly Finding[] => {
    const host = /^\s*\/\/([^/:]+)[^=]*:_authToken\s*=\s*(?!["']?\$\{)\S/.exec(line)?.[1];
    if (host === undefined || !/\.d\.codeartifact\./.test(host)) return [];
    const where = `${file}:${index + 1}`;
    const cause = `${where} holds a token for ${host}, which ends within twelve hours and cannot renew itself`;
    return [
      {
        id: "token-in-npmrc",
        severity: "warning",
        cause,
        remedy: "npm asks no helper: keep it only as long as npm needs it.",
        where,
      },
    ];
  });
};

const PROJECT_FILES = [
  "pyproject.toml",
  "uv.lock",
  "poetry.lock",
  "pdm.lock",
  "pylock.toml",
  "Pipfile",
  "Pipfile.lock",
  "requirements.txt",
  "requirements.in",
  "constraints.txt",
  "tox.ini",
  "setup.cfg",
];

/** Lock files and other files of a project are given to others. One finding a file. */
export const tokenInProject: Check = ({ machine }) =>
  PROJECT_FILES.flatMap((name): readonly Finding[] => {
    const file = join(machine.cwd, name);
    const lines = (machine.read(file) ?? "").split("\n");
    const at = lines.findIndex((line) => (line.match(/https?:\/\/[^\s"'<>]+/g) ?? []).some(hasPassword));
    if (at === -1) return [];
    const where = `${file}:${at + 1}`;
    const cause = `${where} has an address with a password in it, for everybody who gets the project`;
    const remedy = "Take it out, have the password changed, and lock again without it.";
    return [{ id: "token-in-project", severity: "error", cause, remedy, where }];
  });

/** `${VARIABLE}` and the like is no password. */
function hasPassword(url: string): boolean {
  const password = /:\/\/[^/\s:@]*:([^/\s@]*)@/.exec(url)?.[1] ?? "";
  return (
    withoutPassword(url) !== undefined && password !== "" && !/^(?:\$\{?\w+\}?|%\w+%|\*+)$/.test(password)
  );
}
