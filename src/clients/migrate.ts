// Plans the way from a predecessor to keywright: the configuration, the clients' settings without the static tokens, the link,
// and what a person has to uninstall. It changes nothing.
import { join } from "node:path";
import { parseYaml } from "../config/yaml.ts";
import { KeywrightError } from "../errors.ts";
import { onPath, type Machine } from "../io/machine.ts";
import type { Change } from "./change.ts";
import { packageCommand } from "./environments.ts";
import { plainKey, withoutIniKey } from "./ini-edit.ts";
import { planKeyringLink } from "./keyring-link.ts";
import { configText, isDuration } from "./migrate-config.ts";
import { homeOf, pipFiles, pipUserFiles, pypircFile, uvUserFile } from "./places.ts";
import { findPredecessors, hostIn, oldKeyring, type Predecessors } from "./predecessors.ts";
import { pipChange, textChange, uvChange, type SetupSurroundings } from "./setup.ts";
import { linkNotes } from "./setup-notes.ts";

export interface MigrateWish extends SetupSurroundings {
  /** More hosts than the user's settings name, as `match` has them. */
  readonly hosts: readonly string[];
  /** undefined: the one that was asked before. */
  readonly store: "menda" | "aws" | undefined;
  /** True when a configuration file has refs already. */
  readonly configured: boolean;
}

export interface Migration {
  readonly found: Predecessors["found"];
  readonly changes: readonly Change[];
  /** The configuration that is written; undefined: what is there suffices. */
  readonly config: string | undefined;
  /** What to type, in this order. */
  readonly uninstall: readonly string[];
  readonly notes: readonly string[];
}

/** Throws `not_found` when there is no predecessor, `usage` when no host is known, and `configuration`. */
export function planMigration(wish: MigrateWish): Migration {
  const { machine } = wish;
  const before = findPredecessors(machine);
  if (before.found.length === 0) {
    throw new KeywrightError(
      "not_found",
      "neither menda-keyring nor keyrings.codeartifact nor a token of `aws codeartifact login` was found here",
      {
        hint: "Run keywright setup CLIENT instead; an environment that is not on the PATH is found with VIRTUAL_ENV set to it.",
      },
    );
  }
  const config = configFor(wish, before);
  const old = oldKeyring(machine, before.environments);
  const link = planKeyringLink(machine, wish, wish.replace || old !== undefined);
  return {
    found: before.found,
    changes: [
      ...(config === undefined ? [] : [configChange(machine, config)]),
      ...pipChanges(machine),
      ...pypircChanges(machine, before),
      ...(onPath(machine, "uv").length > 0 || machine.read(uvUserFile(machine)) !== undefined
        ? uvChange(machine)
        : []),
      ...(link.change === undefined ? [] : [link.change]),
    ],
    config,
    uninstall: uninstallCommands(before),
    notes: [...linkNotes(link), ...notesFor(machine, before)],
  };
}

function configFor(
  { hosts: more, store, configured, isOurs }: MigrateWish,
  before: Predecessors,
): string | undefined {
  const hosts = [...new Set([...before.hosts, ...more])];
  if (configured) {
    const missing = hosts.filter((host) => !isOurs(`https://${host}/`));
    if (missing.length === 0) return undefined;
    throw new KeywrightError(
      "configuration",
      `the configuration that is there does not answer for ${missing.join(", ")}`,
      {
        hint: `Add to it:\n${configText({ hosts: missing, store: store ?? storeOf(before), sections: before.sections })}`,
      },
    );
  }
  if (hosts.length === 0) {
    throw new KeywrightError(
      "usage",
      "no setting of yours names a registry's host, so it is not known what to answer for",
      {
        hint: "Name each one: keywright migrate --host acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com",
      },
    );
  }
  return configText({ hosts, store: store ?? storeOf(before), sections: before.sections });
}

/** menda-keyring was asked first wherever it was (priority 10). */
function storeOf({ found }: Predecessors): "menda" | "aws" {
  return found.some(({ what }) => what === "menda-keyring") ? "menda" : "aws";
}

/** Behind what is there, as long as that says nothing about stores, refs and policies. */
function configChange(machine: Machine, text: string): Change {
  const path = join(homeOf(machine), ".config", "keywright", "config.yaml");
  const before = machine.read(path);
  const after = before === undefined ? text : `${before}${before.endsWith("\n") ? "" : "\n"}${text}`;
  if (before === undefined || adds(before, after, path)) return { kind: "text", path, before, after };
  throw new KeywrightError("configuration", `${path} is there already, and is left as it is`, {
    hint: `Add to it:\n${text}`,
  });
}

function adds(before: string, after: string, path: string): boolean {
  try {
    return parseYaml(after, path).entries.size === parseYaml(before, path).entries.size + 3;
  } catch {
    return false;
  }
}

/** The addresses lose their passwords, in every pip.conf of the user's; the current one gets the provider, too. */
function pipChanges(machine: Machine): readonly Change[] {
  const [, current] = pipUserFiles(machine);
  return [...new Set([...pipFiles(machine), current])].flatMap((path) => {
    if (path.startsWith(`${machine.etc}/`)) return [];
    const before = machine.read(path);
    const after = before === undefined ? undefined : withoutTokens(before);
    return path === current ? pipChange(machine, after) : textChange(path, before, after ?? "");
  });
}

function withoutTokens(text: string): string {
  return text.replace(/(https:\/\/[^/\s:@]*):[^\s@/]*@([^/\s]+)/gi, (whole, head: string, host: string) =>
    hostIn(`https://${host}/`) === undefined ? whole : `${head}@${host}`,
  );
}

function pypircChanges(machine: Machine, { pypirc }: Predecessors): readonly Change[] {
  const path = pypircFile(machine);
  const before = machine.read(path);
  if (before === undefined) return [];
  const after = pypirc.reduce(
    (text, { section }) => withoutIniKey(text, path, section, "password", plainKey),
    before,
  );
  return textChange(path, before, after);
}

/** Their commands take a link named keyring away with them, so it is made again behind them. */
function uninstallCommands({ environments }: Predecessors): readonly string[] {
  return environments.flatMap((environment) => {
    const names = [
      environment.packages.has("menda-keyring") ? "menda-keyring" : undefined,
      environment.packages.has("keyrings-codeartifact") ? "keyrings.codeartifact" : undefined,
    ];
    return names.flatMap((name) => {
      if (name === undefined) return [];
      const command = packageCommand("uninstall", name, environment);
      return [command === "uv tool uninstall keyring" ? `${command} && keywright setup uv --yes` : command];
    });
  });
}

function notesFor(
  machine: Machine,
  { environments, sections, npmrc, pypirc }: Predecessors,
): readonly string[] {
  const importing = environments.filter(({ packages }) =>
    ["poetry", "twine", "hatch"].some((name) => packages.has(name)),
  );
  const left = new Set(sections.flatMap((section) => section.left));
  const odd = sections.filter(({ duration }) => duration !== undefined && !isDuration(duration));
  return [
    ...importing.map(
      (environment) =>
        `Programs in ${environment.root} import keyring: ${packageCommand("install", "keywright-keyring", environment)}`,
    ),
    ...npmrc.map(
      (where) =>
        `${where} keeps its token: npm asks no helper, and without it npm could not install. It ends within twelve hours.`,
    ),
    ...(pypirc.length === 0
      ? []
      : ["twine asks keyring now; its environment needs keywright-keyring: keywright setup twine"]),
    ...(left.has("verify")
      ? [
          "verify of keyringrc.cfg is not carried over: TLS is always verified; name a company's CA in SSL_CERT_FILE.",
        ]
      : []),
    ...(left.has("aws_access_key_id")
      ? [
          "The AWS keys in keyringrc.cfg are not carried over: put them into a profile of ~/.aws/credentials, and name it in the store's options.",
        ]
      : []),
    ...(odd.length === 0 ? [] : ["A token_duration outside of 900 to 43200 seconds is not carried over."]),
    ...["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"]
      .filter((name) => /:\/\/[^/\s:@]*:[^/\s@]+@/.test(machine.env[name] ?? ""))
      .map((name) => `${name} has a password in it: take it out where it is set.`),
  ];
}
