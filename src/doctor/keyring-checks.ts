// Checks of who is asked: which program `keyring` is on the PATH, and which keyring backends lie beside ours where a client
// imports them.
import { dirname, join } from "node:path";
import {
  environmentOf,
  packageCommand,
  projectEnvironments,
  type PythonEnvironment,
} from "../clients/environments.ts";
import { iniEntries, plainKey } from "../clients/ini-edit.ts";
import { planKeyringLink } from "../clients/keyring-link.ts";
import { keyringrcFile } from "../clients/places.ts";
import type { Client } from "../clients/client.ts";
import { onPath } from "../io/machine.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";

const BY_PROGRAM: readonly Client[] = ["pip", "uv", "pdm", "hatch", "pipx", "tox", "build", "pipenv"];
const BY_IMPORT: readonly Client[] = ["poetry", "twine", "hatch"];

export const keyringOnPath: Check = (patient) => {
  const { machine, client } = patient;
  if (client !== undefined && !BY_PROGRAM.includes(client)) return [];
  const link = planKeyringLink(machine, patient, false);
  if (link.place === undefined) return [];
  const missing = machine.look(link.place) === undefined || link.inTheWay !== undefined || !link.onPath;
  const first = onPath(machine, "keyring")[0];
  if (missing && first === undefined) {
    return [
      {
        id: "keyring-missing",
        severity: "error",
        cause: "there is no keyring on the PATH, so pip, uv and the like ask nobody",
        remedy: link.onPath
          ? "Run: keywright setup uv"
          : `Run keywright setup uv, and put ${dirname(link.place)} on the PATH.`,
        where: link.place,
      },
    ];
  }
  const [before] = (missing ? [first] : link.hiddenBy).filter((program) => !hasShim(program, patient));
  return before === undefined ? [] : [shadowed(patient, before, link.place)];
};

function shadowed({ machine }: Patient, program: string, ours: string): Finding {
  const venv = machine.look(join(dirname(dirname(program)), "pyvenv.cfg")) !== undefined;
  const active = dirname(dirname(program)) === machine.env["VIRTUAL_ENV"];
  const whose = venv
    ? `the keyring of a virtual environment${active ? " (the active one)" : ""}`
    : "another keyring";
  return {
    id: "keyring-shadowed",
    severity: "error",
    cause: `${program}, ${whose}, comes first on the PATH and is asked instead of keywright`,
    remedy: venv
      ? `Install keywright-keyring there (${join(dirname(program), "python")} -m pip install keywright-keyring), or uninstall keyring there.`
      : `Put ${dirname(ours)} first on the PATH; where that one lies at the same place: keywright setup uv --replace-keyring.`,
    where: program,
  };
}

/** The keyring of an environment with keywright-keyring asks keywright, too. */
function hasShim(program: string | undefined, { machine, environments }: Patient): boolean {
  const environment = program === undefined ? undefined : environmentOf(program, machine, environments);
  return environment?.packages.has("keywright-keyring") === true;
}

/** uv run, tox and activated shells put these first. */
export const keyringInProject: Check = (patient) => {
  const { machine, client } = patient;
  if (client !== undefined && !BY_PROGRAM.includes(client)) return [];
  const onTheWay = onPath(machine, "keyring");
  const programs = projectEnvironments(machine)
    .map((root) => join(root, "bin", "keyring"))
    .filter(
      (file) => machine.look(file) !== undefined && !onTheWay.includes(file) && !hasShim(file, patient),
    );
  return programs.map((program) => ({
    id: "keyring-in-environment",
    severity: "warning",
    cause: `${program} is asked instead of keywright wherever this environment is active (uv run, tox)`,
    remedy: `Install keywright-keyring there, or uninstall keyring there.`,
    where: program,
  }));
};

export const shimMissing: Check = (patient) => {
  const { machine, environments } = patient;
  return [...BY_IMPORT, "pdm" as const]
    .filter((client) => patient.uses(client))
    .flatMap((client): readonly Finding[] => {
      const [program] = onPath(machine, client);
      const environment = program === undefined ? undefined : environmentOf(program, machine, environments);
      if (environment === undefined || environment.packages.has("keywright-keyring")) return [];
      // PDM imports keyring only where it is beside it, and runs the program otherwise.
      if (client === "pdm" && !environment.packages.has("keyring")) return [];
      return [
        {
          id: "shim-missing",
          severity: "error",
          cause: `${client} imports the Python package keyring, and its environment ${environment.root} has no keywright-keyring`,
          remedy: `Run: ${packageCommand("install", "keywright-keyring", environment)}`,
          where: environment.root,
        },
      ];
    });
};

/** What asks one backend by name asks no other. */
export const backendFixed: Check = (patient) => {
  const { machine } = patient;
  if (!BY_IMPORT.concat("pip").some((client) => patient.uses(client))) return [];
  const named = machine.env["PYTHON_KEYRING_BACKEND"];
  const file = machine.home === undefined ? undefined : keyringrcFile(machine);
  const text = file === undefined ? undefined : machine.read(file);
  const entry =
    text === undefined || file === undefined
      ? undefined
      : iniEntries(text, file, plainKey).find(
          ({ section, key }) => section === "backend" && key === "default-keyring",
        );
  const found = [
    ...(named === undefined || named === "" ? [] : [{ value: named, where: "PYTHON_KEYRING_BACKEND" }]),
    ...(entry === undefined ? [] : [{ value: entry.value, where: `${file}:${entry.line}` }]),
  ];
  return found
    .filter(({ value }) => !value.startsWith("keywright"))
    .map(({ value, where }) => ({
      id: "keyring-backend-fixed",
      severity: "error",
      cause: `${where} fixes the keyring backend ${value}, so programs that import keyring do not ask keywright`,
      remedy: `Take it away, or let it name keywright's (keyring --list-backends shows it).`,
      where,
    }));
};

const OLD = [
  { name: "menda-keyring", id: "menda-keyring-beside", why: "is asked before keywright (priority 10)" },
  {
    name: "keyrings-codeartifact",
    id: "codeartifact-keyring-beside",
    why: "asks AWS for a new token at each question",
  },
] as const;

export const predecessorBeside: Check = ({ environments }) =>
  environments.flatMap((environment) =>
    OLD.filter(({ name }) => environment.packages.has(name)).map(({ name, id, why }) =>
      beside(environment, name, id, why),
    ),
  );

function beside(
  environment: PythonEnvironment,
  name: string,
  id: (typeof OLD)[number]["id"],
  why: string,
): Finding {
  const shown = name === "keyrings-codeartifact" ? "keyrings.codeartifact" : name;
  return {
    id,
    severity:
      environment.packages.has("keywright-keyring") || environment.packages.has("pip") ? "error" : "warning",
    cause: `${shown} ${environment.packages.get(name)} in ${environment.root} ${why}`,
    remedy: `Run: keywright migrate, then: ${packageCommand("uninstall", shown, environment)}`,
    where: environment.root,
  };
}
