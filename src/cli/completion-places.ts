// What can be completed where: one place for each command, read from the commands themselves. It knows no shell.
import type { Command, Option } from "commander";

/** What follows an option: one of some words, a file, a folder, or something that nobody can guess. */
export type Value = { readonly words: readonly string[] } | "file" | "folder" | "other";

export interface Word {
  readonly name: string;
  readonly description: string;
}

export interface Place {
  /** The commands before it, each with a slash: `/client/create`; empty for keywright itself. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** By option; those that take no value are not in it. */
  readonly values: readonly (readonly [option: string, value: Value])[];
  /** Of the first argument; undefined: there is none. */
  readonly argument: Value | undefined;
}

export function completionPlaces(program: Command): readonly Place[] {
  return placesOf(program, "");
}

function placesOf(command: Command, path: string): readonly Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const options = help.visibleOptions(command);
  const [argument] = command.registeredArguments;
  const place: Place = {
    path,
    commands: commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: options.flatMap((option) =>
      namesOf(option).map((name) => ({ name, description: option.description })),
    ),
    values: options
      .filter((option) => option.required || option.optional)
      .flatMap((option) => {
        const value = valueOf(option.argChoices, option.flags);
        return namesOf(option).map((name) => [name, value] as const);
      }),
    argument: argument === undefined ? undefined : valueOf(argument.argChoices, `<${argument.name()}>`),
  };
  const children = commands.filter((one) => command.commands.includes(one)); // not the `help` that commander makes
  return [place, ...children.flatMap((one) => placesOf(one, `${path}/${one.name()}`))];
}

function namesOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((name) => name !== undefined);
}

function valueOf(choices: readonly string[] | undefined, shown: string): Value {
  if (choices !== undefined) return { words: choices };
  if (/[<[](?:file|path)[\]>]/i.test(shown)) return "file";
  return /[<[](?:dir|folder)[\]>]/i.test(shown) ? "folder" : "other";
}
