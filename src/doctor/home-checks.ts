// Checks of the ground that keywright stands on: a home folder, a configuration that can be read, files that are nobody
// else's. They open no file of a secret but look at who may.
import { join } from "node:path";
import { dpopKeyPath } from "../account/login/dpop-key.ts";
import { loginFolder } from "../account/login/login-store.ts";
import { netrcFiles, npmrcFile, pypircFile } from "../clients/places.ts";
import type { Machine } from "../io/machine.ts";
import type { Finding } from "./finding.ts";
import { isAboutRights, unreadable, type Check } from "./patient.ts";

export const homeUnset: Check = ({ machine: { home } }) =>
  home !== undefined
    ? []
    : [
        {
          id: "home-unset",
          severity: "error",
          cause:
            "HOME is not set to a whole path, so there is no configuration of a user, no profile and no cache",
          remedy: "Set HOME to the home folder (in CI often to a folder of the job).",
          where: "HOME",
        },
      ];

export const configInvalid: Check = ({ configFault }) =>
  configFault === undefined || isAboutRights(configFault.message)
    ? []
    : [unreadable(configFault, "config-invalid")];

/** What a cache or our state is not believed from, nor written to. */
export const cacheNotOurs: Check = ({ machine, machine: { home } }) => {
  if (home === undefined) return [];
  const folders = [
    [".cache"],
    [".cache", "keywright"],
    [".local", "state"],
    [".local", "state", "keywright"],
  ];
  return folders.flatMap((parts) => {
    const folder = join(home, ...parts);
    const seen = machine.look(folder);
    if (seen?.open === undefined) return [];
    return [
      {
        id: "cache-not-ours",
        severity: "error",
        cause: `${folder} ${seen.open === "owner" ? "belongs to another user" : "can be written by other users"}, so nothing in it is believed`,
        remedy:
          seen.open === "owner" ? `Run: chown -R "$(id -u)" '${folder}'` : `Run: chmod go-w '${folder}'`,
        where: folder,
      },
    ];
  });
};

/** Files that say where credentials go. */
export const fileWritable: Check = ({ machine }) => {
  const { home, etc } = machine;
  const files = [
    join(etc, "keywright", "config.yaml"),
    ...(home === undefined
      ? []
      : [
          join(home, ".config", "keywright"),
          join(home, ".config", "keywright", "config.yaml"),
          join(home, ".menda", "mendacfg"),
        ]),
    ...(machine.env["KEYWRIGHT_CONFIG"] === undefined ? [] : [machine.env["KEYWRIGHT_CONFIG"]]),
  ];
  return files.flatMap((file) => {
    const open = machine.look(file)?.open;
    if (open === undefined) return [];
    return [
      {
        id: "file-writable",
        severity: "error",
        cause: `${file} ${open === "owner" ? "belongs to another user" : "can be written by other users"}, so it is not trusted`,
        remedy:
          open === "owner"
            ? `Run: chown "$(id -u)" '${file}'`
            : `Look at what it says, then run: chmod go-w '${file}'`,
        where: file,
      },
    ];
  });
};

export const secretReadable: Check = ({ machine }) => {
  if (machine.home === undefined) return [];
  // Where nobody may go through the home folder, nobody reads what is in it.
  if (((machine.look(machine.home)?.mode ?? 0) & 0o011) === 0) return [];
  const menda = join(machine.home, ".menda");
  const logins = loginFolder(machine.home);
  const files: readonly (readonly [file: string, holds: RegExp])[] = [
    [join(menda, "mendacfg"), /^\s*client_secret\s*[=:]\s*\S/m],
    [join(menda, "tokens", "cache", ".token"), /_token\s*[=:]\s*\S/m],
    [dpopKeyPath(machine.home), /"d":/],
    ...machine.list(logins).map((name) => [join(logins, name), /_token":/] as const),
    [pypircFile(machine), /^\s*password\s*[=:]\s*\S/m],
    [npmrcFile(machine), /_(?:authToken|auth|password)\s*=\s*(?!\$\{)\S/m],
    ...netrcFiles(machine).map((file) => [file, /\bpassword\s+\S/] as const),
  ];
  return files.flatMap(([file, holds]) => readableSecret(machine, file, holds));
};

function readableSecret(machine: Machine, file: string, holds: RegExp): readonly Finding[] {
  if (machine.look(file)?.readable !== true || !holds.test(machine.read(file) ?? "")) return [];
  return [
    {
      id: "secret-readable",
      severity: "warning",
      cause: `${file} holds a secret, and other users of this machine can read it`,
      remedy: `Run: chmod 600 '${file}'`,
      where: file,
    },
  ];
}
