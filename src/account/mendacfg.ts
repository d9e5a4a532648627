// Profiles of ~/.menda/mendacfg as menda-keyring 0.0.2 reads them, with its messages. It does not write the file and
// does not look at the environment: which profile and which file comes in as an argument.
import { MendaKeyRingError, ProfileNotFoundError } from "../errors.ts";
import { parseIni, type IniDocument } from "./ini.ts";
import { readOwnFile } from "./own-file.ts";
import { pythonRepr } from "./python-repr.ts";

const CONFIGURE =
  "Run 'keywright auth login --host https://HOST', or set MENDA_CLIENT_ID, MENDA_CLIENT_SECRET and MENDA_HOST.";

export function mendaFolder(home: string): string {
  return `${home.replace(/\/+$/, "")}/.menda`;
}

export function mendacfgPath(home: string): string {
  return `${mendaFolder(home)}/mendacfg`;
}

/** All values of a profile, those of [DEFAULT] included. Throws when the file or the section is not there. */
export function mendaProfile(path: string, profile: string): ReadonlyMap<string, string> {
  const values = readMendacfg(path).all(profile);
  if (values === undefined) {
    throw new ProfileNotFoundError(
      "configuration",
      `No profile ${pythonRepr(profile)} in ${path}. Set MENDA_PROFILE_ID or add a [${profile}] section.`,
      {
        hint: "Run 'keywright auth login' with --profile and --host, or 'keywright auth configure' for a machine.",
      },
    );
  }
  return values;
}

function readMendacfg(path: string): IniDocument {
  const text = mendacfgText(path);
  if (text === undefined) {
    throw new MendaKeyRingError(
      "configuration",
      `Menda config file not found at ${path}. Run 'menda auth configure' first.`,
      { hint: CONFIGURE },
    );
  }
  return parseIni(text, path);
}

/** undefined: there is no such file. Throws when it cannot be read, or when another user can write it. */
export function mendacfgText(path: string): string | undefined {
  const file = readOwnFile(path);
  if (file.state === "missing") return undefined;
  if (file.state === "read") return file.text;
  throw new MendaKeyRingError(
    "configuration",
    `Menda config file at ${path} cannot be read (${file.reason}).`,
    {
      hint: "Make it a file that you can read.",
    },
  );
}
