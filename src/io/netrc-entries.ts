// Which hosts a netrc file has passwords for, and where. The passwords themselves are not kept.

export interface NetrcEntry {
  /** undefined: `default`, that is every host. */
  readonly host: string | undefined;
  /** From 1. */
  readonly line: number;
}

/** Entries of any form that pip and uv read; text that is no netrc has none. */
export function netrcEntries(text: string): readonly NetrcEntry[] {
  const found: NetrcEntry[] = [];
  let macro = false;
  let wanted: "host" | "value" | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") macro = false;
    if (macro) continue;
    for (const word of line.split(/\s+/).filter((one) => one !== "")) {
      if (wanted !== undefined) {
        if (wanted === "host") found.push({ host: word.toLowerCase(), line: index + 1 });
        wanted = undefined;
      } else if (word.startsWith("#")) break;
      else if (word === "machine") wanted = "host";
      else if (word === "login" || word === "password" || word === "account") wanted = "value";
      else if (word === "default") found.push({ host: undefined, line: index + 1 });
      else if (word === "macdef") {
        macro = true;
        break;
      }
    }
  }
  return found;
}
