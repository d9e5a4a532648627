// `keywright install-links`: makes this executable answer under other names in a folder, `keyring` above all. It changes
// nothing but links in that folder, never a PATH, and says which other program is hidden by one, or hides it.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";
import { fileNameOf, lookAt, makeLink, othersOnPath, removeLink, type Lies, type Others } from "./links.ts";
import {
  isProgramName,
  LINKED_NAMES,
  PROGRAM_NAMES,
  USUAL_NAMES,
  type ProgramName,
} from "./program-names.ts";

interface Options {
  readonly name?: readonly string[];
  readonly force?: boolean;
  readonly remove?: boolean;
  readonly json?: boolean;
}

interface Place {
  readonly name: ProgramName;
  readonly file: string;
  /** What the link leads to. */
  readonly target: string;
}

type Done = "made" | "replaced" | "kept" | "removed" | "absent" | "left";

interface Result extends Place {
  readonly done: Done;
  readonly others: Others;
}

export function addInstallLinks(program: Command, context: CliContext): void {
  program
    .command("install-links")
    .description("make links to this executable, so that it answers as keyring, too")
    .argument("<folder>", "where the links are made; on the PATH, before another keyring")
    .option("--name <name>", `only this one, of ${PROGRAM_NAMES.join(", ")}; repeatable`, collect)
    .option("--force", "also where something else lies under that name, which is then gone")
    .option("--remove", "take the links away again; what does not lead to this executable stays")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nWithout --name the links are keywright and keyring. On Windows they are copies. --remove takes all but keywright,\n" +
        "which may be what an installer made (uv tool install); --name keywright takes it, too.\n\nExamples:\n" +
        "  keywright install-links ~/.local/bin\n  keywright install-links ~/.local/bin --name menda\n" +
        "  keywright install-links ~/.local/bin --remove\n",
    )
    .action((folder: string, options: Options) => {
      const usual = options.remove === true ? LINKED_NAMES : USUAL_NAMES;
      const places = placesOf(resolve(folder), options.name ?? usual, context);
      const all = options.remove === true ? remove(places, context) : make(places, options, context);
      // What nobody named, and is not there, is nothing to tell.
      const results = options.name === undefined ? all.filter(({ done }) => done !== "absent") : all;
      report(resolve(folder), results, options, context);
    });
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function placesOf(folder: string, names: readonly string[], { programFile }: CliContext): readonly Place[] {
  if (programFile === undefined) throw new KeywrightError("internal", "it is not known what was started");
  return [...new Set(names)].map((name) => {
    if (!isProgramName(name)) {
      throw new KeywrightError("usage", `keywright has no part of the name '${name}'`, {
        hint: `It goes by ${PROGRAM_NAMES.join(", ")}.`,
      });
    }
    return { name, file: join(folder, fileNameOf(name)), target: programFile(name) };
  });
}

/** All or nothing: it looks at every place before it makes the first link. */
function make(places: readonly Place[], { force = false }: Options, { env }: CliContext): readonly Result[] {
  const seen = places.map((place) => {
    return { place, lies: changing(place.file, () => lookAt(place.file, place.target)) };
  });
  const taken = seen.filter(({ lies }) => lies === "foreign").map(({ place }) => place.file);
  if (taken.length > 0 && !force) {
    throw new KeywrightError("refused", `${taken.join(" and ")} would be overwritten`, {
      hint: "It is not ours: choose another folder, take it away yourself, or say --force.",
    });
  }
  const made = seen.map(({ place, lies }) => ({ ...place, done: link(place, lies) }));
  return made.map((one) => ({ ...one, others: othersOf(one, env) }));
}

function link({ file, target }: Place, lies: Lies): Done {
  if (lies === "ours" || lies === "program") return "kept";
  changing(file, () => {
    mkdirSync(join(file, ".."), { recursive: true });
    makeLink(file, target, lies === "foreign");
  });
  return lies === "foreign" ? "replaced" : "made";
}

function remove(places: readonly Place[], { env }: CliContext): readonly Result[] {
  const done = { absent: "absent", ours: "removed", program: "left", foreign: "left" } as const;
  const gone = places.map((place) => {
    const lies = changing(place.file, () => removeLink(place.file, place.target));
    return { ...place, done: done[lies] };
  });
  return gone.map((one) => ({ ...one, others: othersOf(one, env) }));
}

function othersOf({ name, file, target }: Place, env: CliContext["env"]): Others {
  return othersOnPath(name, join(file, ".."), target, env);
}

function changing<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new KeywrightError("configuration", `${file} cannot be changed: ${(cause as Error).message}`, {
      hint: "Choose a folder that is yours, for example ~/.local/bin.",
      cause,
    });
  }
}

function report(
  folder: string,
  results: readonly Result[],
  { json, remove: gone }: Options,
  { out, err }: CliContext,
): void {
  const onPath = results.some(({ others }) => others.onPath);
  if (json === true) {
    const links = results.map(({ name, file, target, done, others: { before, after } }) => {
      return { name, file, target, done, hidden_by: before, hides: after };
    });
    return out(`${JSON.stringify({ folder, on_path: onPath, links })}\n`);
  }
  for (const { file, target, done } of results) out(`${lineOf(file, target, done)}\n`);
  if (gone === true) return;
  if (!onPath) err(`${folder} is not on the PATH: nothing finds these links until it is\n`);
  for (const result of results) err(hiding(result));
}

function lineOf(file: string, target: string, done: Done): string {
  if (done === "made" || done === "replaced") return `${done}: ${file} -> ${target}`;
  if (done === "left") return `left: ${file}, which is no link to this executable`;
  return `${done}: ${file}`;
}

function hiding({ name, file, others: { before, after } }: Result): string {
  const last = name === "keyring" ? "; it is asked last, for what is not ours" : "";
  return [
    ...before.map((other) => `${file} is hidden by ${other}, which comes first on the PATH\n`),
    ...after.slice(0, 1).map((other) => `${file} hides ${other}${last}\n`),
  ].join("");
}
