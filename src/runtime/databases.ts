// The databases of a configuration (`mxm_databases`): checked, readable as plain data, and with passwords that are resolved
// when they are asked for, never before. It opens no connection.
import { faultAt, shown, suggestion } from "../config/fault.ts";
import { asMap, fieldsOf, type Fields } from "../config/fields.ts";
import type { MXMConfig } from "../config/store/view.ts";
import type { MapTree } from "../config/tree.ts";
import { KeywrightError } from "../errors.ts";
import type { Secret } from "../secret.ts";

export interface Database {
  readonly name: string;
  /** What the configuration says about it, plain and frozen. */
  readonly config: MXMConfig;
  /**
   * The value that `password_ref` names, asked for anew each time, by the identity of the context; undefined when the
   * configuration names none. Throws a KeywrightError: `denied`, `not_found`, or what else kept it from coming.
   */
  password(): Promise<Secret | undefined>;
}

/** `databases.main.host` is what the configuration says; `databases.database("main")` can also ask for the password. */
export interface DbConfigs extends MXMConfig {
  /** Throws `configuration` for a name that is not configured. */
  database(name: string): Database;
}

export type AskPassword = (secretName: string) => Promise<Secret>;

const KEYS = ["driver", "host", "port", "name", "user", "password_ref", "options"];

/** Throws `configuration` with the place of what is wrong. `refs`: the names that a `password_ref` may be. */
export function checkDatabases(section: MapTree, refs: ReadonlySet<string>): void {
  for (const [name, tree] of section.entries) {
    const path = `mxm_databases.${name}`;
    if (name === "database") {
      throw faultAt(
        tree.origin,
        `${path} cannot be called so`,
        "Give it another name: database() asks for one by name.",
      );
    }
    const clear = asMap(tree, path).entries.get("password");
    if (clear !== undefined) {
      throw faultAt(
        clear.origin,
        `${path}.password is no place for a password`,
        "Name a secret: password_ref: NAME.",
      );
    }
    checkDatabase(fieldsOf(tree, path, KEYS), refs);
  }
}

function checkDatabase(fields: Fields, refs: ReadonlySet<string>): void {
  for (const key of ["driver", "host", "name", "user"]) fields.text(key);
  fields.whole("port", 0, 65_535);
  const options = fields.tree("options");
  if (options !== undefined) asMap(options, `${fields.path}.options`);
  const ref = fields.text("password_ref");
  if (ref !== undefined && !refs.has(ref)) {
    throw fields.fault(
      "password_ref",
      `names the secret ${shown(ref)}, which is none`,
      suggestion(ref, refs),
    );
  }
}

export function databasesOf(config: MXMConfig, ask: AskPassword): DbConfigs {
  const database = (name: string): Database => {
    const found: unknown = Object.hasOwn(config, name) ? config[name] : undefined;
    if (typeof found !== "object" || found === null) {
      throw new KeywrightError("configuration", `there is no database ${shown(name)}`, {
        hint: suggestion(name, Object.keys(config)),
      });
    }
    const ref: unknown = (found as MXMConfig)["password_ref"];
    const password = async () => (typeof ref === "string" ? ask(ref) : undefined);
    return Object.freeze({ name, config: found, password });
  };
  // Not an entry of its own, so that what is enumerated is the configuration and nothing else.
  const databases = Object.create({ database }, Object.getOwnPropertyDescriptors(config)) as DbConfigs;
  return Object.freeze(databases);
}
