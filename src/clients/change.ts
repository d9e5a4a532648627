// A change of the user's files that was planned, shown and agreed to: makes it, and takes it back if what is there is still
// what was made. It plans nothing and keeps no record (record.ts does).
import { lstatSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { randomHex, sha256 } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import { ensurePrivateFolder } from "../io/files.ts";
import { replaceFile } from "../io/replace.ts";

export type Change =
  | {
      readonly kind: "text";
      readonly path: string;
      readonly before: string | undefined;
      readonly after: string;
    }
  /** `replaces`: the program that stands at this place now; undefined: none does. */
  | {
      readonly kind: "link";
      readonly path: string;
      readonly target: string;
      readonly replaces: string | undefined;
    };

/** What was there, enough to put it back. */
export type Was =
  | { readonly kind: "none" }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "file"; readonly base64: string; readonly mode: number };

export interface Made {
  readonly path: string;
  readonly was: Was;
  /** SHA-256 of the text that was written, or where the link leads. */
  readonly made: { readonly sha256: string } | { readonly target: string };
}

const LARGEST_ASIDE = 1024 * 1024;

/** What has to be known to take the change back; reads only. Throws `configuration`. */
export function remembered(change: Change): Made {
  const was = wasAt(change.path, change.kind === "text");
  return {
    path: change.path,
    was,
    made: change.kind === "text" ? { sha256: sha256(change.after) } : { target: change.target },
  };
}

/** Throws `configuration` when the file is no longer what the change was planned for. */
export function make(change: Change): void {
  if (change.kind === "link") return placeLink(change.path, change.target);
  if (textAt(change.path) !== change.before) {
    throw new KeywrightError("configuration", `${change.path} was changed by somebody else meanwhile`, {
      hint: "Run the command again.",
    });
  }
  replaceFile(change.path, change.after);
}

/** Puts back what was there. Returns false, and does nothing, when something else is there now. */
export function takeBack({ path, was, made }: Made): boolean {
  if (!isOurs(path, made)) return false;
  if (was.kind === "file") replaceOrLink(path, was);
  else if (was.kind === "link") placeLink(path, was.target);
  else rmSync(path);
  return true;
}

/** True when the change was already taken back by hand: what was there before is there again. */
export function isBack({ path, was }: Made): boolean {
  const now = wasAt(path, was.kind === "file");
  if (now.kind !== was.kind) return false;
  if (now.kind === "file" && was.kind === "file") return now.base64 === was.base64;
  return now.kind !== "link" || was.kind !== "link" || now.target === was.target;
}

function isOurs(path: string, made: Made["made"]): boolean {
  if ("target" in made) return linkAt(path) === made.target;
  const text = textAt(path);
  return text !== undefined && sha256(text) === made.sha256;
}

function replaceOrLink(path: string, was: Extract<Was, { kind: "file" }>): void {
  // A link of ours stands in the place of a program: it must not be followed.
  if (linkAt(path) !== undefined && was.mode !== 0) rmSync(path);
  replaceFile(path, Buffer.from(was.base64, "base64"), was.mode === 0 ? undefined : was.mode);
}

/** `through`: a link to a settings file is followed, since the file behind it is what changes. */
function wasAt(path: string, through: boolean): Was {
  const link = linkAt(path);
  if (link !== undefined && !through) return { kind: "link", target: link };
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined && link !== undefined)
    throw new KeywrightError("configuration", `${path} is a link that leads nowhere`, { hint: "Remove it." });
  if (stats === undefined) return { kind: "none" };
  if (!stats.isFile() || stats.size > LARGEST_ASIDE)
    throw new KeywrightError("configuration", `${path} is in the way`, { hint: "Move it to another place." });
  // Mode 0 stands for "as it is": what lies behind a link keeps its own.
  return {
    kind: "file",
    base64: readFileSync(path).toString("base64"),
    mode: link === undefined ? stats.mode & 0o777 : 0,
  };
}

function placeLink(path: string, target: string): void {
  ensurePrivateFolder(dirname(path));
  const fresh = `${path}.${randomHex(6)}.new`;
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}

function linkAt(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? readlinkSync(path)
    : undefined;
}

function textAt(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, "utf8")
    : undefined;
}
