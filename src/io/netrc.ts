// Whether a netrc file has something for a host: pip, uv and others send that first, before they ask a keyring. It keeps
// no password, and tells nothing of what it cannot read. Loaded only when a question was repeated.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { netrcEntries } from "./netrc-entries.ts";

export interface NetrcPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** undefined: there is none. */
  readonly home: string | undefined;
}

const LARGEST = 1024 * 1024;

/** True for an entry of the host, and for `default`. Only the file that NETRC names, else ~/.netrc and ~/_netrc. */
export function hasNetrcEntry(host: string, { env, home }: NetrcPlace): boolean {
  const named = env["NETRC"];
  const usual = home === undefined ? [] : [join(home, ".netrc"), join(home, "_netrc")];
  return (named === undefined || named === "" ? usual : [named]).some((file) => names(textOf(file), host));
}

function names(text: string, host: string): boolean {
  return netrcEntries(text).some((entry) => entry.host === undefined || entry.host === host);
}

function textOf(file: string): string {
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= LARGEST ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}
