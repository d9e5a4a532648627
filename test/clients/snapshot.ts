// Everything below a folder: names, modes, texts, where links lead; to compare a home before and after.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export function snapshot(folder: string, prefix = ""): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o777).toString(8);
    if (stats.isSymbolicLink()) found[prefix + name] = `-> ${readlinkSync(path)}`;
    else if (stats.isDirectory())
      Object.assign(found, { [`${prefix}${name}/`]: mode }, snapshot(path, `${prefix}${name}/`));
    else found[prefix + name] = `${mode} ${readFileSync(path, "latin1")}`;
  }
  return found;
}
