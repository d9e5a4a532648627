// The options of exec stores: which program, how it is spoken to, what it gets of the environment. It starts nothing, and
// does not look whether the program is there.
import { isAbsolute } from "node:path";
import { storeOptions } from "../resolver/options.ts";
import type { SecretStore } from "../resolver/store.ts";

export interface ExecSettings {
  /** Absolute. */
  readonly file: string;
  /** What it is given in any case, before an id. */
  readonly argv: readonly string[];
  readonly protocol: "summon" | "jsonl";
  /** Seconds for one value. */
  readonly timeout: number;
  /** Names of environment variables that it gets besides PATH and HOME. */
  readonly passEnv: readonly string[];
  /** The exit code by which a summon provider says that it has no such value; undefined: it does not say that. */
  readonly missingExit: number | undefined;
}

/** Throws `configuration`. */
export function execSettings(store: SecretStore): ExecSettings {
  const options = storeOptions(store, ["command", "protocol", "timeout", "pass_env", "missing_exit"]);
  const command =
    typeof options.raw("command") === "string" ? [options.text("command") ?? ""] : options.texts("command");
  const [file, ...argv] = command ?? [];
  if (file === undefined || !isAbsolute(file) || [file, ...argv].some((word) => word.includes("\0")))
    throw options.fault(
      "command",
      "the absolute path of a program, or a list of that and its fixed arguments",
    );
  const passEnv = options.texts("pass_env") ?? [];
  if (passEnv.some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
    throw options.fault("pass_env", "a list of names of environment variables");
  return {
    file,
    argv,
    protocol: options.choice("protocol", ["summon", "jsonl"]) ?? "summon",
    timeout: options.positive("timeout", 3600, "seconds") ?? 10,
    passEnv,
    missingExit: options.whole("missing_exit", 1, 255),
  };
}
