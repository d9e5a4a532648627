// The record of what `setup` and `migrate` changed, with what was there before, so that `--undo` and `uninstall` can put it
// back. It may hold a token that was there before, so it is private, and it ends with the undo.
import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { readPrivate, writePrivate } from "../io/files.ts";
import { isBack, make, remembered, takeBack, type Change, type Made } from "./change.ts";

export interface Record {
  /** The name of its file. */
  readonly name: string;
  /** What was run: `setup pip`, `migrate`. */
  readonly of: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly made: readonly Made[];
}

export interface Undone {
  readonly restored: readonly string[];
  /** Changed since by somebody else, so left as they are. */
  readonly kept: readonly string[];
}

export interface Records {
  /** Newest first; `of` undefined: all. Throws `configuration` for one that cannot be read. */
  list(of?: string): readonly Record[];
  /** Writes the record, then makes the changes. What fails is taken back. */
  carryOut(of: string, changes: readonly Change[], at: number): void;
  /** Takes one back, the last change first; its record goes when nothing of it is left. */
  undo(record: Record): Undone;
  /** Folders that were not there before the first change. */
  folders(): readonly string[];
}

export function setupFolder(home: string): string {
  return join(home, ".local", "state", "keywright", "setup");
}

export function recordsOf(home: string): Records {
  const folder = setupFolder(home);
  const made = join(folder, "folders");
  const names = (): readonly string[] => namesIn(folder).filter((name) => name.endsWith(".json"));
  const folders = (): readonly string[] => (readPrivate(made) ?? "").split("\n").filter((one) => one !== "");
  return {
    folders,
    list(of) {
      const all = names().map((name) => readRecord(join(folder, name), name));
      return all.filter((record) => of === undefined || record.of === of).toReversed();
    },
    carryOut(of, changes, at) {
      const planned = changes.map(remembered);
      const missing = missingFolders([
        ...changes.map(({ path }) => dirname(path)),
        folder,
        join(home, ".cache"),
      ]);
      const number = Number(names().at(-1)?.split("-")[0] ?? 0) + 1;
      const file = join(folder, `${String(number).padStart(6, "0")}-${of.replaceAll(" ", "-")}.json`);
      writePrivate(made, [...new Set([...folders(), ...missing]), ""].join("\n"));
      writePrivate(file, `${JSON.stringify({ v: 1, of, at, made: planned })}\n`);
      for (const [index, change] of changes.entries()) {
        try {
          make(change);
        } catch (error) {
          for (const done of planned.slice(0, index).toReversed()) takeBack(done);
          rmSync(file);
          tidy(folders());
          throw error;
        }
      }
    },
    undo({ name, of, at, made: all }) {
      const restored: string[] = [];
      const kept: Made[] = [];
      for (const one of all.toReversed()) {
        if (takeBack(one)) restored.push(one.path);
        else if (!isBack(one)) kept.unshift(one);
      }
      const file = join(folder, name);
      if (kept.length > 0) writePrivate(file, `${JSON.stringify({ v: 1, of, at, made: kept })}\n`);
      else rmSync(file, { force: true });
      tidy(folders());
      return { restored, kept: kept.map(({ path }) => path) };
    },
  };

  /** Folders of ours that are empty go; which others are ours is kept for as long as there are any. */
  function tidy(ours: readonly string[]): void {
    if (names().length > 0) return removeEmpty(ours);
    rmSync(made, { force: true });
    removeEmpty(ours);
    const left = ours.filter((one) => statSync(one, { throwIfNoEntry: false }) !== undefined);
    if (left.length > 0) writePrivate(made, [...left, ""].join("\n"));
  }
}

/** Removes those folders that are empty, innermost first. */
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(folder);
    } catch {
      // It is in use, or gone already.
    }
  }
}

function readRecord(file: string, name: string): Record {
  try {
    const { v, of, at, made } = JSON.parse(readPrivate(file) ?? "") as Record & { readonly v: number };
    if (v === 1 && Array.isArray(made)) return { name, of, at, made };
  } catch (error) {
    if (error instanceof KeywrightError) throw error;
  }
  throw new KeywrightError("configuration", `${file} is no record of keywright's`, {
    hint: "Look at it; what it says cannot be undone by keywright.",
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Those that are missing on the way to each folder, outermost first. */
function missingFolders(folders: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (let folder of folders) {
    const way: string[] = [];
    while (statSync(folder, { throwIfNoEntry: false }) === undefined && folder !== dirname(folder)) {
      way.unshift(folder);
      folder = dirname(folder);
    }
    for (const one of way) missing.add(one);
  }
  return [...missing].sort((a, b) => a.length - b.length);
}
