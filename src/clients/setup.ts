// What one Python client needs on this machine so that it asks `keyring`: plans the changes of the user's settings and says
// what only a person can do. It changes nothing, and no project's files in any case.
import type { Machine } from "../io/machine.ts";
import type { Change } from "./change.ts";
import type { Client } from "./client.ts";
import { iniEntries, pipKey, withIniKey } from "./ini-edit.ts";
import { planKeyringLink, type Programs } from "./keyring-link.ts";
import { pipUserFiles, poetryFolder, uvUserFile } from "./places.ts";
import { linkNotes, notesFor } from "./setup-notes.ts";
import { parseToml, withTomlKey, type Toml } from "./toml-edit.ts";

export interface SetupSurroundings extends Programs {
  readonly machine: Machine;
  /** Whether an address, without its user information, is one that keywright answers for. */
  readonly isOurs: (url: string) => boolean;
  /** Also put the link in the place of another program named keyring. */
  readonly replace: boolean;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** One thing each, in words; may hold lines to copy. */
  readonly notes: readonly string[];
}

/** Which settings each client reads, and whether it starts the program `keyring`. */
const NEEDS: Readonly<
  Record<Client, { readonly settings: readonly ("pip" | "uv" | "poetry")[]; readonly program: boolean }>
> = {
  pip: { settings: ["pip"], program: true },
  uv: { settings: ["uv"], program: true },
  poetry: { settings: ["poetry"], program: false },
  pdm: { settings: [], program: true },
  hatch: { settings: ["pip", "uv"], program: true },
  twine: { settings: [], program: false },
  pipx: { settings: ["pip"], program: true },
  tox: { settings: ["pip"], program: true },
  build: { settings: ["pip"], program: true },
  pipenv: { settings: ["pip"], program: true },
};

/** Throws `configuration` for a file that cannot be read or changed safely. */
export function planSetup(client: Client, surroundings: SetupSurroundings): Plan {
  const { machine, replace } = surroundings;
  const { settings, program } = NEEDS[client];
  const link = program ? planKeyringLink(machine, surroundings, replace) : undefined;
  const changes = settings.flatMap((one) =>
    ({ pip: pipChange, uv: uvChange, poetry: poetryChange })[one](machine),
  );
  return {
    changes: [...changes, ...(link?.change === undefined ? [] : [link.change])],
    notes: [...(link === undefined ? [] : linkNotes(link)), ...notesFor(client, surroundings)],
  };
}

/** `keyring-provider = subprocess` in pip.conf, also where a section for one command says something else. */
export function pipChange(machine: Machine, startingWith?: string): readonly Change[] {
  const [, path] = pipUserFiles(machine);
  const before = machine.read(path);
  let after = startingWith ?? before ?? "";
  const set = iniEntries(after, path, pipKey).filter(({ key }) => key === "keyring-provider");
  const sections = new Set(["global", ...set.map(({ section }) => section)]);
  for (const section of sections) {
    if (set.some((one) => one.section === section && one.value === "subprocess")) continue;
    after = withIniKey(after, path, section, "keyring-provider", "subprocess", pipKey);
  }
  return textChange(path, before, after);
}

export function uvChange(machine: Machine): readonly Change[] {
  const path = uvUserFile(machine);
  const before = machine.read(path);
  let after = before ?? "";
  const whole = parseToml(after, path);
  if (whole["keyring-provider"] !== "subprocess")
    after = withTomlKey(after, path, undefined, "keyring-provider", '"subprocess"');
  const pip = (whole["pip"] as Toml | undefined)?.["keyring-provider"];
  if (pip !== undefined && pip !== "subprocess")
    after = withTomlKey(after, path, "pip", "keyring-provider", '"subprocess"');
  return textChange(path, before, after);
}

/** poetry asks keyring unless it is told not to. */
function poetryChange(machine: Machine): readonly Change[] {
  const path = `${poetryFolder(machine)}/config.toml`;
  const before = machine.read(path);
  if (before === undefined) return [];
  const keyring = parseToml(before, path)["keyring"] as Toml | undefined;
  if (keyring?.["enabled"] !== false) return [];
  return textChange(path, before, withTomlKey(before, path, "keyring", "enabled", "true"));
}

export function textChange(path: string, before: string | undefined, after: string): readonly Change[] {
  return before === after || (before === undefined && after === "")
    ? []
    : [{ kind: "text", path, before, after }];
}
