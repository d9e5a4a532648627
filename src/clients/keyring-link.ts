// The link `keyring` beside `keywright`, which pip, uv and the like start: plans it, and says which other keyring it hides
// or is hidden by. It makes none.
import { basename, delimiter, dirname, join } from "node:path";
import { onPath, type Machine } from "../io/machine.ts";
import type { Change } from "./change.ts";

export interface KeyringLink {
  /** undefined: nothing to do, or nothing that may be done without being told to. */
  readonly change: Extract<Change, { kind: "link" }> | undefined;
  /** Where it belongs; undefined: it is not known what was started. */
  readonly place: string | undefined;
  /** Another program at the very place. */
  readonly inTheWay: string | undefined;
  /** Other keyrings before it on the PATH, which are asked instead. */
  readonly hiddenBy: readonly string[];
  /** Other keyrings behind it, which it asks last. */
  readonly hides: readonly string[];
  /** False: nothing on the PATH leads there. */
  readonly onPath: boolean;
  /** True where links need a right of their own (Windows), and it is not there yet. */
  readonly copied: boolean;
}

export interface Programs {
  /** What has to be started for `keywright` and for `keyring`; undefined: not known. */
  readonly programFile: ((name: string) => string) | undefined;
}

/** `replace`: also where another program stands. */
export function planKeyringLink(machine: Machine, { programFile }: Programs, replace: boolean): KeyringLink {
  if (programFile === undefined)
    return {
      change: undefined,
      place: undefined,
      inTheWay: undefined,
      hiddenBy: [],
      hides: [],
      onPath: false,
      copied: false,
    };
  const own = realOf(machine, programFile("keywright"));
  const ours = [own, realOf(machine, programFile("keyring"))];
  const isOurs = (file: string): boolean => ours.includes(realOf(machine, file));
  const beside = onPath(machine, "keywright").find(isOurs) ?? programFile("keywright");
  const place = join(dirname(beside), machine.platform === "win32" ? "keyring.exe" : "keyring");
  const there = machine.look(place) !== undefined || machine.link(place) !== undefined;
  const foreign = there && !isOurs(place);
  const wanted = (!there || (foreign && replace)) && machine.platform !== "win32";
  const target =
    isOurs(programFile("keyring")) && realOf(machine, programFile("keyring")) === own
      ? basename(beside)
      : programFile("keyring");
  const all = onPath(machine, "keyring");
  const folders = (machine.env["PATH"] ?? machine.env["Path"] ?? "").split(delimiter);
  const at = folders.indexOf(dirname(place));
  const position = (file: string): number => folders.indexOf(dirname(file));
  const others = all.filter((file) => file !== place && !isOurs(file));
  return {
    change: wanted
      ? { kind: "link", path: place, target, replaces: foreign ? realOf(machine, place) : undefined }
      : undefined,
    place,
    inTheWay: foreign && !replace ? place : undefined,
    hiddenBy: at === -1 ? others : others.filter((file) => position(file) < at),
    hides: at === -1 ? [] : others.filter((file) => position(file) > at),
    onPath: at !== -1,
    copied: machine.platform === "win32" && !there,
  };
}

function realOf(machine: Machine, file: string): string {
  return machine.look(file)?.real ?? file;
}
