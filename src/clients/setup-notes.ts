// What a setup leaves to the person: lines for a project's file, a package for a program that imports keyring, a PATH. It
// says them; each note is whole by itself.
import { dirname } from "node:path";
import { onPath, type Machine } from "../io/machine.ts";
import { environmentOf, packageCommand, pythonEnvironments } from "./environments.ts";
import { withoutPassword } from "./hidden.ts";
import type { KeyringLink } from "./keyring-link.ts";
import { uvSettings } from "./settings.ts";
import type { Client } from "./client.ts";

export interface NoteSurroundings {
  readonly machine: Machine;
  readonly isOurs: (url: string) => boolean;
}

/** tox takes everything else away from what runs inside (tox 4: PIP_*, PATH and HOME stay). */
export const TOX_LINES = `[testenv]
pass_env =
    KEYWRIGHT_*
    MENDA_*
    AWS_*
    UV_*
    XDG_CONFIG_HOME
    NODE_EXTRA_CA_CERTS`;

export function notesFor(client: Client, surroundings: NoteSurroundings): readonly string[] {
  const { machine } = surroundings;
  switch (client) {
    case "uv":
      return uvNotes(surroundings);
    case "poetry":
    case "twine":
      return inProcess(client, machine);
    case "hatch":
      return [...inProcess("hatch", machine), ...uvNotes(surroundings)];
    case "tox":
      return [
        `tox hides most variables from what runs inside. Where keywright is told things by variables, add to the project's tox.ini:\n${indented(TOX_LINES)}`,
      ];
    case "pipenv":
      return [
        "pipenv is told by the environment. Add to the profile of your shell:\n    export PIPENV_KEYRING_PROVIDER=subprocess",
      ];
    case "pdm":
      return [
        "PDM needs no setting: it runs the keyring on the PATH, unless its own environment has the Python package keyring.",
      ];
    case "pip":
      return ["pip before 26.2 asks only for an index with a user name: https://aws@HOST/pypi/NAME/simple/."];
    case "pipx":
    case "build":
      return [];
  }
}

export function linkNotes({
  place,
  change,
  inTheWay,
  hiddenBy,
  hides,
  onPath: found,
  copied,
}: KeyringLink): readonly string[] {
  if (place === undefined) return [];
  if (copied)
    return [`On Windows keyring is a copy of keywright: keywright install-links "${dirname(place)}"`];
  const blocked = `${inTheWay} is another program, so it is left there and keywright is not asked. To put keywright in its place, run the command again with --replace-keyring (--undo puts it back).`;
  return [
    ...(inTheWay === undefined ? [] : [blocked]),
    ...(change?.replaces === undefined
      ? []
      : [`${place} takes the place of ${change.replaces}, which is then no longer asked.`]),
    ...(found ? [] : [`The folder of ${place} is not on the PATH; nothing finds it until it is.`]),
    ...hiddenBy.map(
      (other) =>
        `${other} comes before it on the PATH and is asked instead. Put the folder of ${place} first, or remove that one.`,
    ),
    ...(inTheWay === undefined
      ? hides
          .slice(0, 1)
          .map((other) => `${place} hides ${other}; that one is asked last, for what is not ours.`)
      : []),
  ];
}

/** Each of our indexes that uv would not ask keyring for, as it has to be; a form to fill in when there is none. */
function uvNotes({ machine, isOurs }: NoteSurroundings): readonly string[] {
  const ours = uvSettings(machine).indexes.filter(({ value }) => isOurs(bare(value)));
  const silent = ours.filter(
    ({ value, authenticate }) => authenticate !== "always" && !/:\/\/[^/@]+@/.test(value),
  );
  if (ours.length > 0 && silent.length === 0) return [];
  const rows =
    ours.length > 0
      ? silent
      : [{ name: undefined, value: "https://HOST/pypi/NAME/simple/", where: undefined }];
  return rows.map(({ name, value, where }) => {
    const lines = `[[index]]\nname = "${name ?? "NAME"}"\nurl = "${withoutPassword(value) ?? value}"\nauthenticate = "always"`;
    const said =
      where === undefined
        ? "uv asks for an index only if it has to. Write each one so"
        : `uv does not ask for the index of ${where} without a user name. Write it so`;
    return `${said} (in uv.toml, or as [[tool.uv.index]] in pyproject.toml):\n${indented(lines)}`;
  });
}

/** These import keyring, so it is their environment that needs the package. */
function inProcess(client: "poetry" | "twine" | "hatch", machine: Machine): readonly string[] {
  const [program] = onPath(machine, client);
  const environment =
    program === undefined ? undefined : environmentOf(program, machine, pythonEnvironments(machine));
  if (environment?.packages.has("keywright-keyring") === true) return [];
  const command =
    environment === undefined ? undefined : packageCommand("install", "keywright-keyring", environment);
  const how = command ?? `pipx inject ${client} keywright-keyring`;
  return [
    `${client} imports the Python package keyring, so its own environment needs keywright-keyring:\n    ${how}`,
  ];
}

function bare(url: string): string {
  return url.replace(/(:\/\/)[^/@]*@/, "$1");
}

function indented(lines: string): string {
  return lines.replace(/^/gm, "    ");
}
