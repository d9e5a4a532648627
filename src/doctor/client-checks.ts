// Checks of the settings of pip, uv and poetry: whether they ask keyring at all, and whether something is asked before it.
import { join } from "node:path";
import { parseToml, tomlLine, type Toml } from "../clients/toml-edit.ts";
import { poetryFolder, uvCredentials } from "../clients/places.ts";
import { environmentOf } from "../clients/environments.ts";
import { onPath, type Machine } from "../io/machine.ts";
import type { Finding } from "./finding.ts";
import { bare, type Check } from "./patient.ts";

export const pipProvider: Check = (patient) => {
  if (!patient.uses("pip")) return [];
  const [first] = patient.pip.providers;
  if (first?.value === "subprocess") return [];
  const unset = first === undefined || first.value === "auto";
  return [
    {
      id: "pip-provider",
      severity: "error",
      cause: unset
        ? "pip is not told to run keyring, so it does not where it may ask no questions (--no-input, build requirements)"
        : `${first.where} sets pip's keyring-provider to ${first.value}, so pip does not run keyring`,
      remedy:
        first !== undefined && first.file === undefined
          ? `Set ${first.where}=subprocess, or unset it and run: keywright setup pip`
          : "Run: keywright setup pip",
      where: first?.where,
    },
  ];
};

/** pip before 26.2 asks only when the address has a user name. */
export const pipUsername: Check = (patient) => {
  const { machine, environments, pip } = patient;
  if (!patient.uses("pip")) return [];
  const [program] = onPath(machine, "pip");
  const environment = program === undefined ? undefined : environmentOf(program, machine, environments);
  const version = environment?.packages.get("pip");
  if (version === undefined || !isBefore(version, 26, 2)) return [];
  const silent = pip.indexes.filter(({ value }) => patient.isOurs(value) && bare(value) === value);
  return silent.map(({ where }) => ({
    id: "pip-username-missing",
    severity: "error",
    cause: `pip ${version} asks keyring only for an index with a user name, and the one of ${where} has none`,
    remedy: "Write https://aws@HOST/… (the ref's username), or use pip 26.2 or newer.",
    where,
  }));
};

export const uvProvider: Check = (patient) => {
  if (!patient.uses("uv")) return [];
  const [first] = patient.uv.providers;
  if (first?.value === "subprocess") return [];
  return [
    {
      id: "uv-provider",
      severity: "error",
      cause:
        first === undefined
          ? "uv is not told to run keyring, so it never does"
          : `${first.where} sets uv's keyring-provider to ${first.value}`,
      remedy:
        first !== undefined && first.file === undefined
          ? `Set ${first.where}=subprocess, or unset it and run: keywright setup uv`
          : "Run: keywright setup uv",
      where: first?.where,
    },
  ];
};

export const uvAuthenticate: Check = (patient) => {
  const { env } = patient.machine;
  const silent = patient.uv.indexes.filter(({ value, name, authenticate }) => {
    const variable = `UV_INDEX_${(name ?? "").toUpperCase().replace(/[^A-Z0-9]/g, "_")}_USERNAME`;
    const named = bare(value) !== value || (name !== undefined && (env[variable] ?? "") !== "");
    return patient.isOurs(value) && authenticate !== "always" && !named;
  });
  return silent.map(({ where, name }) => ({
    id: "uv-authenticate-missing",
    severity: "error",
    cause: `uv does not ask keyring for the index ${name ?? "of"} ${name === undefined ? "" : "of "}${where}, which has neither a user name nor authenticate = "always"`,
    remedy: 'Add authenticate = "always" to its [[index]].',
    where,
  }));
};

/** uv's own store comes before keyring. */
export const uvStored: Check = (patient) => {
  const { machine } = patient;
  if (machine.home === undefined || !patient.uses("uv")) return [];
  const file = uvCredentials(machine);
  const text = machine.read(file);
  if (text === undefined) return [];
  const stored = parseToml(text, file)["credential"];
  const services = (Array.isArray(stored) ? stored : [])
    .map(({ service }: Toml) => service)
    .filter((one) => typeof one === "string");
  return services
    .filter((service) => patient.isOurs(service))
    .map((service) => ({
      id: "uv-stored-password",
      severity: "error",
      cause: `uv has a stored password for ${bare(service)} in ${file}, and uses it instead of asking`,
      remedy: `Run: uv auth logout ${bare(service)}`,
      where: file,
    }));
};

export const poetryChecks: Check = (patient) => {
  const { machine } = patient;
  if (machine.home === undefined || !patient.uses("poetry")) return [];
  const findings: Finding[] = [];
  const config = join(poetryFolder(machine), "config.toml");
  const text = machine.read(config) ?? "";
  const said = machine.env["POETRY_KEYRING_ENABLED"];
  const variable = said !== undefined && /^(false|0)$/i.test(said);
  if (variable || (parseToml(text, config)["keyring"] as Toml | undefined)?.["enabled"] === false) {
    const where = variable
      ? "POETRY_KEYRING_ENABLED"
      : `${config}:${tomlLine(text, "keyring", "enabled") ?? 1}`;
    findings.push({
      id: "poetry-keyring-off",
      severity: "error",
      cause: `${where} turns poetry's keyring off, so poetry asks nobody`,
      remedy: variable ? "Unset it." : "Run: keywright setup poetry",
      where,
    });
  }
  return [...findings, ...poetryPasswords(machine)];
};

/** A name without a password is fine: poetry then asks keyring for it. */
function poetryPasswords(machine: Machine): readonly Finding[] {
  const auth = join(poetryFolder(machine), "auth.toml");
  const basic = (parseToml(machine.read(auth) ?? "", auth)["http-basic"] ?? {}) as Readonly<
    Record<string, Toml>
  >;
  const stored = Object.keys(basic).filter((name) => (basic[name]?.["password"] ?? "") !== "");
  const variables = Object.keys(machine.env).filter((name) => /^POETRY_HTTP_BASIC_\w+_PASSWORD$/.test(name));
  return [
    ...stored.map((name) => {
      const cause = `poetry has a stored password for the source ${name} in ${auth}, and uses it instead of asking`;
      return storedPassword(
        cause,
        `If that source is one of ours: poetry config --unset http-basic.${name}`,
        auth,
      );
    }),
    ...variables.map((name) => {
      const cause = `${name} is set, and poetry uses it instead of asking`;
      return storedPassword(cause, "If that source is one of ours, unset it.", name);
    }),
  ];
}

function storedPassword(cause: string, remedy: string, where: string): Finding {
  return { id: "poetry-stored-password", severity: "warning", cause, remedy, where };
}

export const indexes: Check = ({ pip, uv, whose, uses }) => {
  const all = [...(uses("pip") ? pip.indexes : []), ...(uses("uv") ? uv.indexes : [])];
  return all.flatMap(({ value, where, extra, client }): readonly Finding[] => {
    if (whose(bare(value)) === "refused") {
      return [
        {
          id: "index-refused",
          severity: "error",
          cause: `the index of ${where} looks like one of ours and is none (http instead of https, another port, a misspelt host), so it is refused`,
          remedy: "Correct the address, or the `match` of the configuration.",
          where,
        },
      ];
    }
    if (!extra) return [];
    return [
      {
        id: "extra-index",
        severity: "warning",
        cause: `${where} names an extra index for ${client}: a stranger's package of the same name may be installed from the other one`,
        remedy:
          client === "pip"
            ? "Use one index-url that proxies the public one."
            : "Use [[index]] with explicit = true, or one index that proxies the public one.",
        where,
      },
    ];
  });
};

function isBefore(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a < major || (a === major && b < minor);
}
