// Writes a wheel of the distribution `keywright` (PyPA's binary distribution format 1.0): what it is told to, with the
// metadata of package.json. The same files give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./executable.ts";
import { zip, type ZipEntry } from "./zip.ts";

export interface WheelContent {
  /** Below site-packages, or below `keywright-VERSION.data/` when it begins with `scripts/` or `data/`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable?: boolean;
}

export interface Wheel {
  /** Where the file is written. */
  readonly folder: string;
  /** A compressed set, as in the file's name: `py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64`. */
  readonly tag: string;
  readonly contents: readonly WheelContent[];
  /** `entry_points.txt`; undefined: none. */
  readonly entryPoints?: string | undefined;
  /** An SPDX expression for what is in it besides keywright; undefined: nothing is. */
  readonly moreLicenses?: string | undefined;
}

interface Package {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** Returns the path of the wheel. */
export function writeWheel({ folder, tag, contents, entryPoints, moreLicenses }: Wheel): string {
  const { version, description, license } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as Package;
  const stem = `keywright-${version}`;
  const info = `${stem}.dist-info`;
  const pure = tag.endsWith("-any");
  const entries: ZipEntry[] = contents.map(({ path, bytes, executable = false }) => ({
    path: /^(?:scripts|data)\//.test(path) ? `${stem}.data/${path}` : path,
    bytes,
    executable,
  }));
  const add = (path: string, text: string): void =>
    void entries.push({ path: `${info}/${path}`, bytes: Buffer.from(text), executable: false });
  const licenses = moreLicenses === undefined ? license : `${license} AND ${moreLicenses}`;
  add("METADATA", metadata(version, description, licenses));
  add("WHEEL", wheelFile(tag, pure));
  if (entryPoints !== undefined) add("entry_points.txt", entryPoints);
  add("licenses/LICENSE", readFileSync(join(ROOT, "LICENSE"), "utf8"));
  add("RECORD", [...entries.map(recorded), `${info}/RECORD,,\n`].join(""));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${stem}-${tag}.whl`);
  writeFileSync(file, zip(entries));
  return file;
}

function metadata(version: string, summary: string, license: string): string {
  const readme = readFileSync(join(ROOT, "python", "keywright", "README.md"), "utf8");
  return `Metadata-Version: 2.4
Name: keywright
Version: ${version}
Summary: ${summary}
License-Expression: ${license}
License-File: LICENSE
Requires-Python: >=3.11
Description-Content-Type: text/markdown

${readme}`;
}

function wheelFile(tag: string, pure: boolean): string {
  const [python = "", abi = "", platforms = ""] = tag.split("-");
  const tags = platforms.split(".").map((platform) => `Tag: ${python}-${abi}-${platform}\n`);
  return `Wheel-Version: 1.0\nGenerator: keywright\nRoot-Is-Purelib: ${pure}\n${tags.join("")}`;
}

function recorded({ path, bytes }: ZipEntry): string {
  const hash = createHash("sha256").update(bytes).digest("base64url");
  return `${path},sha256=${hash},${bytes.length}\n`;
}
