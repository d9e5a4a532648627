// The settings of pip and uv that decide whether keyring is asked, each with the place that says so. What a client itself
// cannot read is left out here and named by whoever looks at the file.
import { join } from "node:path";
import type { Machine } from "../io/machine.ts";
import { iniEntries, pipKey } from "./ini-edit.ts";
import { pipFiles, uvSystemFile, uvUserFile } from "./places.ts";
import { parseToml, tomlLine, type Toml } from "./toml-edit.ts";

/** `where` for people: `file:line`, or the name of a variable. */
export interface Setting {
  readonly value: string;
  readonly where: string;
  /** undefined: a variable. */
  readonly file: string | undefined;
}

export interface Index extends Setting {
  readonly client: "pip" | "uv";
  /** With whatever user name and password it has. */
  readonly value: string;
  /** True: besides another index, so that a stranger's package of the same name may win. */
  readonly extra: boolean;
  /** uv's name for it. */
  readonly name: string | undefined;
  /** uv only. */
  readonly authenticate: string | undefined;
}

export interface ClientSettings {
  /** Who is asked for passwords, strongest first; none: nobody said. */
  readonly providers: readonly Setting[];
  readonly indexes: readonly Index[];
}

const PIP_INDEXES = ["index-url", "extra-index-url"];

/** Throws `configuration` for a file that cannot be read. */
export function pipSettings(machine: Machine): ClientSettings {
  const entries = pipFiles(machine).flatMap((file) => {
    const text = machine.read(file);
    return text === undefined ? [] : iniEntries(text, file, pipKey).map((entry) => ({ ...entry, file }));
  });
  const named = PIP_INDEXES.map((key) => ({ key, name: `PIP_${key.toUpperCase().replaceAll("-", "_")}` }));
  const provider = machine.env["PIP_KEYRING_PROVIDER"];
  const strongest = entries
    .toReversed()
    .filter(({ key, value }) => key === "keyring-provider" && value !== "");
  const byCommand = [
    ...strongest.filter(({ section }) => section !== "global"),
    ...strongest.filter(({ section }) => section === "global"),
  ];
  return {
    providers: [...fromEnv("PIP_KEYRING_PROVIDER", provider), ...byCommand.map(settingOf)],
    indexes: [
      ...named.flatMap(({ key, name }) =>
        fromEnv(name, machine.env[name]).flatMap((setting) => pipIndexes(key, setting)),
      ),
      ...entries
        .filter(({ key }) => PIP_INDEXES.includes(key))
        .flatMap((entry) => pipIndexes(entry.key, settingOf(entry))),
    ],
  };
}

function pipIndexes(key: string, setting: Setting): readonly Index[] {
  const urls = setting.value.split(/\s+/).filter((url) => url !== "");
  const extra = key !== "index-url";
  return urls.map((value) => ({
    ...setting,
    value,
    client: "pip",
    extra,
    name: undefined,
    authenticate: undefined,
  }));
}

/** Throws `configuration` for a file that cannot be read. */
export function uvSettings(machine: Machine): ClientSettings {
  const { env, cwd, home } = machine;
  const files = [
    join(cwd, "uv.toml"),
    join(cwd, "pyproject.toml"),
    ...(home === undefined ? [] : [uvUserFile(machine)]),
    uvSystemFile(machine),
  ];
  const read = files.flatMap((file) => {
    const text = machine.read(file);
    if (text === undefined) return [];
    const whole = parseToml(text, file);
    const own = file.endsWith("pyproject.toml")
      ? ((whole["tool"] as Toml | undefined)?.["uv"] as Toml | undefined)
      : whole;
    return own === undefined ? [] : [{ file, text, own }];
  });
  return {
    providers: [
      ...fromEnv("UV_KEYRING_PROVIDER", env["UV_KEYRING_PROVIDER"]),
      ...read.flatMap(({ file, text, own }) =>
        textAt(own["keyring-provider"], {
          file,
          line: tomlLine(text, file.endsWith("pyproject.toml") ? "tool.uv" : undefined, "keyring-provider"),
        }),
      ),
    ],
    indexes: [...uvVariables(env), ...read.flatMap(({ file, text, own }) => uvIndexes(file, text, own))],
  };
}

function uvVariables(env: Machine["env"]): readonly Index[] {
  return ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"].flatMap((variable) =>
    fromEnv(variable, env[variable]).flatMap(({ value }) =>
      value
        .split(/\s+/)
        .filter((one) => one !== "")
        .map((one) => {
          const [, name, url = one] = /^([A-Za-z0-9_.-]+)=(.+)$/.exec(one) ?? [];
          return {
            client: "uv" as const,
            value: url,
            where: variable,
            file: undefined,
            extra: variable === "UV_EXTRA_INDEX_URL",
            name,
            authenticate: undefined,
          };
        }),
    ),
  );
}

function uvIndexes(file: string, text: string, own: Toml): readonly Index[] {
  const tables = Array.isArray(own["index"]) ? (own["index"] as readonly Toml[]) : [];
  const at = (url: string): string => {
    const line = text.split("\n").findIndex((one) => one.includes(url));
    return line === -1 ? file : `${file}:${line + 1}`;
  };
  const plain = (key: string): readonly Index[] =>
    [own[key] ?? []]
      .flat()
      .filter((url) => typeof url === "string")
      .map((url) => ({
        client: "uv",
        value: url,
        where: at(url),
        file,
        extra: key !== "index-url",
        name: undefined,
        authenticate: undefined,
      }));
  return [
    ...tables.flatMap(({ url, name, authenticate }) =>
      typeof url !== "string"
        ? []
        : [
            {
              client: "uv" as const,
              value: url,
              where: at(url),
              file,
              extra: false,
              name: typeof name === "string" ? name : undefined,
              authenticate: typeof authenticate === "string" ? authenticate : undefined,
            },
          ],
    ),
    ...plain("index-url"),
    ...plain("extra-index-url"),
  ];
}

function fromEnv(where: string, value: string | undefined): readonly Setting[] {
  return value === undefined || value === "" ? [] : [{ value, where, file: undefined }];
}

function settingOf({
  value,
  file,
  line,
}: {
  readonly value: string;
  readonly file: string;
  readonly line: number;
}): Setting {
  return { value, where: `${file}:${line}`, file };
}

function textAt(
  value: unknown,
  { file, line }: { readonly file: string; readonly line: number | undefined },
): readonly Setting[] {
  return typeof value === "string"
    ? [{ value, where: line === undefined ? file : `${file}:${line}`, file }]
    : [];
}
