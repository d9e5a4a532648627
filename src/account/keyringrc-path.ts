// Where keyring 25.7.0 has its configuration file (keyring/util/platform_.py). It does not read it.
import { isAbsolute, join } from "node:path";

export interface KeyringrcPlace {
  /** undefined: there is none. A relative one counts as none: the working directory has no say. */
  readonly home: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An absolute path; undefined: without a home there is no such place. */
export function keyringrcPath({ home, env }: KeyringrcPlace): string | undefined {
  const windows = process.platform === "win32";
  const named = windows ? (env["LOCALAPPDATA"] ?? env["ProgramData"]) : env["XDG_CONFIG_HOME"];
  const otherwise = windows || home === undefined ? undefined : join(home, ".config");
  const root = [named, otherwise].find((folder) => folder !== undefined && isAbsolute(folder));
  return root && join(root, windows ? "Python Keyring" : "python_keyring", "keyringrc.cfg");
}
