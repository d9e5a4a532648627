// The shared config and credentials files, read and merged as botocore 1.44.5 does it (configloader.py, session.py
// full_config). It knows what a profile is, not what its keys mean, and puts no value into an error.
import { iniElements, iniLines, trim, type IniOption } from "../account/ini.ts";
import { readOwnFile } from "../account/own-file.ts";
import { KeywrightError } from "../errors.ts";
import { shellWords } from "./shell-words.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value, or the indented lines below a key as keys with values of their own. */
export type ConfigValue = string | ReadonlyMap<string, string>;
export type Section = ReadonlyMap<string, ConfigValue>;
export type Sections = ReadonlyMap<string, Section>;

export interface SharedConfig {
  readonly configFile: string;
  readonly credentialsFile: string;
  /** Every profile of either file; where both have a key, the credentials file's. */
  readonly profiles: Sections;
  /** The profiles of the config file alone. */
  readonly configProfiles: Sections;
  /** The sections of the credentials file alone, each the profile of its name. */
  readonly credentialsSections: Sections;
  readonly ssoSessions: Sections;
  readonly services: Sections;
}

export interface Place {
  readonly env: Environment;
  /** undefined: there is none, so neither are files named from it. */
  readonly home: string | undefined;
}

/** Bytes; whatever is larger is no configuration. */
const LARGEST = 1024 * 1024;

/** Throws `configuration` for a file that cannot be read or understood, or that others may write. None is no fault. */
export function readSharedConfig(place: Place): SharedConfig {
  const configFile = place.env["AWS_CONFIG_FILE"] ?? "~/.aws/config";
  const credentialsFile = place.env["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials";
  const config = named(readSections(configFile, place) ?? new Map());
  const credentialsSections = readSections(credentialsFile, place) ?? new Map<string, Section>();
  const profiles = new Map(config.profiles);
  for (const [name, section] of credentialsSections)
    profiles.set(name, new Map([...(profiles.get(name) ?? []), ...section]));
  return {
    configFile,
    credentialsFile,
    profiles,
    configProfiles: config.profiles,
    credentialsSections,
    ssoSessions: config.ssoSessions,
    services: config.services,
  };
}

/** The sections of an INI file whose name is expanded as botocore expands it; undefined: there is none. */
export function readSections(file: string, place: Place): Sections | undefined {
  const path = expanded(file, place);
  const found = path === undefined || path === "" ? undefined : readOwnFile(path, LARGEST);
  if (path === undefined || found === undefined || found.state === "missing") return undefined;
  if (found.state === "read") return sectionsOf(found.text, path);
  // os.path.isfile() decides: a folder, or /dev/null, is no file.
  if (found.reason === "EISDIR" || found.reason === "not a file") return undefined;
  throw new KeywrightError("configuration", `${path} cannot be read (${found.reason})`, {
    hint: `Make it readable for you, or let another file take its place.`,
  });
}

/** One value of a section that must not be a group of keys; undefined when it is not there. */
export function textOf(section: Section | undefined, key: string): string | undefined {
  const value = section?.get(key);
  if (value === undefined || typeof value === "string") return value;
  throw new KeywrightError(
    "configuration",
    `${key} of an AWS profile has lines below it instead of a value`,
    {
      hint: "Write the value on the line of the key.",
    },
  );
}

function expanded(file: string, { env, home }: Place): string | undefined {
  const path = file.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain?: string, braced?: string) => {
    return env[plain ?? braced ?? ""] ?? whole;
  });
  if (!path.startsWith("~")) return path;
  if (path === "~" || path.startsWith("~/")) return home === undefined ? undefined : home + path.slice(1);
  throw new KeywrightError("configuration", `the AWS file ${file} is in another user's home`, {
    hint: "Write its whole path.",
  });
}

function sectionsOf(text: string, file: string): Sections {
  const { defaults, sections } = iniElements(iniLines(text), file);
  return new Map(
    [...sections].map(([name, options]) => {
      const all = new Map([...defaults, ...options]);
      return [name, new Map([...all].map(([key, option]) => [key, valueOf(option, file)]))];
    }),
  );
}

/** What RawConfigParser hands out, without interpolation; what begins on the next line is a group of keys. */
function valueOf({ parts, lines }: IniOption, file: string): ConfigValue {
  const text = trim(`.${parts.join("\n")}`).slice(1);
  if (!text.startsWith("\n")) return text;
  const group = new Map<string, string>();
  for (const line of text.split(LINE_ENDS).map(trim)) {
    if (line === "") continue;
    const at = line.indexOf("=");
    if (at === -1) {
      throw new KeywrightError(
        "configuration",
        `${file}:${lines[0]}: the lines below this key are no keys with values`,
        {
          hint: "Write each as key = value, or the value on the line of the key.",
        },
      );
    }
    group.set(trim(line.slice(0, at)), trim(line.slice(at + 1)));
  }
  return group;
}

/** Python's str.splitlines(). */
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

type NamedSections = Record<"profiles" | "ssoSessions" | "services", Map<string, Section>>;

/** `[profile NAME]`, `[default]`, `[sso-session NAME]`, `[services NAME]`; a later one of the same name wins. */
function named(sections: Sections): NamedSections {
  const found: NamedSections = { profiles: new Map(), ssoSessions: new Map(), services: new Map() };
  const kinds = [
    ["profile", found.profiles],
    ["sso-session", found.ssoSessions],
    ["services", found.services],
  ] as const;
  for (const [header, section] of sections) {
    const kind = kinds.find(([word]) => header.startsWith(word));
    const words = kind === undefined ? [] : (shellWords(header, "linux") ?? []);
    if (kind !== undefined && words.length === 2) kind[1].set(words[1] ?? "", section);
    else if (header === "default") found.profiles.set(header, section);
  }
  return found;
}
