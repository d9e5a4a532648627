// The completion scripts, one writer for each shell. Each script walks the words that were typed to the place where
// the next one belongs, then offers what that place has. It runs no command.
import type { Place, Value, Word } from "./completion-places.ts";

type Places = readonly Place[];

export function bashScript(places: Places): string {
  return `# bash completion for keywright
_keywright() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
${walk(places, `"$at/\${COMP_WORDS[i]}"`, "    ", "((i++))")}
  done
  COMPREPLY=()
  case "$at $prev" in
${arms(valued(places), (value) => `${bashValue(value)}; return`)}
  esac
  case "$at" in
${arms(
  places.map((place) => [quoted(place.path), place] as const),
  (place) => {
    const { options, commands, argument } = place;
    const other = argument === undefined ? words(commands) : bashValue(argument);
    return `if [[ $cur == -* ]]; then ${words(options)}; else ${other}; fi`;
  },
)}
  esac
}
complete -F _keywright keywright
`;
}

function bashValue(value: Value): string {
  if (value === "other") return ":";
  if (value === "file") return "compopt -o default";
  return value === "folder" ? "compopt -o dirnames" : wordList(value.words);
}

function words(list: readonly Word[]): string {
  return wordList(list.map(({ name }) => name));
}

function wordList(list: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${list.join(" ")}' -- "$cur"))`;
}

export function zshScript(places: Places): string {
  return `#compdef keywright
_keywright() {
  local at='' i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
${walk(places, `"$at/\${words[i]}"`, "    ", "((i++))")}
  done
  case "$at \${words[CURRENT-1]}" in
${arms(valued(places), (value) => `${zshValue(value)}; return`)}
  esac
  case "$at" in
${arms(
  places.map((place) => [quoted(place.path), place] as const),
  (place) =>
    `if [[ $PREFIX == -* ]]; then found=(${described(place.options)}); _describe option found; ` +
    `else ${place.argument === undefined ? `found=(${described(place.commands)}); _describe command found` : zshValue(place.argument)}; fi`,
)}
  esac
}
if [ "$funcstack[1]" = "_keywright" ]; then _keywright "$@"; else compdef _keywright keywright; fi
`;
}

function zshValue(value: Value): string {
  if (value === "other") return "_message value";
  if (value === "file") return "_files";
  return value === "folder" ? "_files -/" : `compadd -- ${value.words.join(" ")}`;
}

function described(list: readonly Word[]): string {
  return list.map(({ name, description }) => quoted(`${name}:${description}`)).join(" ");
}

export function fishScript(places: Places): string {
  return `# fish completion for keywright
function __keywright_at
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch "$at/$word"
${places
  .filter(({ path }) => path !== "")
  .map(({ path }) => `      case ${fishQuoted(path)}\n        set at ${fishQuoted(path)}`)
  .join("\n")}
      case ${taking(places).map(fishQuoted).join(" ")}
        set skip 1
    end
  end
  test "$at" = "$argv[1]"
end
complete -c keywright -f
${places.map(fishPlace).join("\n")}
`;
}

function fishPlace(place: Place): string {
  const at = `complete -c keywright -n ${fishQuoted(`__keywright_at "${place.path}"`)}`;
  const value = new Map(place.values);
  const commands = place.commands.map(
    ({ name, description }) => `${at} -a ${name} -d ${fishQuoted(description)}`,
  );
  const options = place.options.map(({ name, description }) => {
    const flag = name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
    return `${at} ${flag}${fishValue(value.get(name), "-x ")} -d ${fishQuoted(description)}`;
  });
  const { argument } = place;
  return [
    ...commands,
    ...options,
    ...(argument === undefined ? [] : [`${at}${fishValue(argument, "")}`]),
  ].join("\n");
}

function fishValue(value: Value | undefined, exclusive: string): string {
  if (value === undefined) return "";
  if (value === "file") return exclusive === "" ? " -F" : " -r -F";
  if (value === "folder") return ` ${exclusive}-a '(__fish_complete_directories)'`;
  return value === "other"
    ? ` ${exclusive}`.trimEnd()
    : ` ${exclusive}-a ${fishQuoted(value.words.join(" "))}`;
}

export function powershellScript(places: Places): string {
  return `# PowerShell completion for keywright
Register-ArgumentCompleter -Native -CommandName keywright -ScriptBlock {
  param($word, $ast, $cursor)
  $commands = @{
${places.map(({ path, commands }) => `    ${pwsh(path)} = ${pwshWords(commands)}`).join("\n")}
  }
  $options = @{
${places.map(({ path, options }) => `    ${pwsh(path)} = ${pwshWords(options)}`).join("\n")}
  }
  $values = @{
${[...valued(places), ...argued(places)].map(([key, value]) => `    ${pwsh(key.replaceAll("'", ""))} = @(${typeof value === "object" ? value.words.map(pwsh).join(", ") : ""})`).join("\n")}
  }
  $at = ''
  $before = ''
  $typed = $ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor }
  foreach ($element in $typed) {
    $text = $element.ToString()
    if (-not $values.ContainsKey("$at $before") -and $commands.ContainsKey("$at/$text")) { $at = "$at/$text" }
    $before = $text
  }
  if ($values.ContainsKey("$at $before")) { $found = $values["$at $before"] | ForEach-Object { , @($_, $_) } }
  elseif ($word.StartsWith('-')) { $found = $options[$at] }
  elseif ($values.ContainsKey("$at ")) { $found = $values["$at "] | ForEach-Object { , @($_, $_) } }
  else { $found = $commands[$at] }
  $found | Where-Object { $_ -and $_[0].StartsWith($word) } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
  }
}
`;
}

/** From `at` and a word to the next `at`; the value of an option is no command. For bash and zsh. */
function walk(places: Places, subject: string, indent: string, skip: string): string {
  const steps = places.filter(({ path }) => path !== "").map(({ path }) => `${path}) at=${path} ;;`);
  const skips = taking(places).map((key) => `${key}) ${skip} ;;`);
  return [`case ${subject} in`, ...[...steps, ...skips].map((line) => `  ${line}`), "esac"]
    .map((line) => indent + line)
    .join("\n");
}

function taking(places: Places): readonly string[] {
  return places.flatMap(({ path, values }) => values.map(([option]) => `${path}/${option}`));
}

function valued(places: Places): readonly (readonly [string, Value])[] {
  return places.flatMap(({ path, values }) =>
    values.map(([option, value]) => [quoted(`${path} ${option}`), value] as const),
  );
}

function argued(places: Places): readonly (readonly [string, Value])[] {
  return places.flatMap(({ path, argument }) =>
    argument === undefined ? [] : [[`${path} `, argument] as const],
  );
}

function arms<T>(rows: readonly (readonly [string, T])[], body: (row: T) => string): string {
  return rows.map(([pattern, row]) => `    ${pattern}) ${body(row)} ;;`).join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function pwshWords(found: readonly Word[]): string {
  return `@(${found.map(({ name, description }) => `@(${pwsh(name)}, ${pwsh(description === "" ? name : description)})`).join(", ")})`;
}

function pwsh(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
