// Layers: which configuration files there are, and in which order. It does not read what is in them.
import { isAbsolute, join, resolve } from "node:path";
import { KeywrightError } from "../errors.ts";
import type { Say } from "../io/log.ts";

export interface Layer {
  /** How messages call it: `system`, `user`, … */
  readonly name: string;
  readonly file: string;
  /** False: it is an error when the file is missing. */
  readonly optional: boolean;
  /** True: its `locked` list binds every later layer. Elsewhere such a list is an error. */
  readonly locks: boolean;
}

export interface Places {
  /** undefined: there is none, and with it no user layer. A relative one counts as none: the working directory has no say. */
  readonly home: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The system's file; /etc/keywright/config.yaml unless a test says otherwise. */
  readonly etc?: string | undefined;
  /** See default-choice.ts; the real file unless a test says otherwise. */
  readonly vendor?: string | undefined;
  readonly kind: "client" | "broker";
  /** A file that a person named: the only layer then. */
  readonly file?: string | undefined;
  /** Hears which files there are. */
  readonly debug?: Say | undefined;
}

/** Earlier first; what a later one says goes over what an earlier one says. */
export function layersOf({
  home,
  env,
  etc = "/etc/keywright/config.yaml",
  kind,
  file,
}: Places): readonly Layer[] {
  if (file !== undefined) {
    return [{ name: "named", file: resolve(file), optional: false, locks: kind === "client" }];
  }
  const layers: Layer[] = [{ name: "system", file: etc, optional: true, locks: true }];
  if (home !== undefined && isAbsolute(home)) {
    const user = join(home, ".config", "keywright", "config.yaml");
    layers.push({ name: "user", file: user, optional: true, locks: false });
  }
  const named = env["KEYWRIGHT_CONFIG"];
  if (named !== undefined && named !== "") layers.push(environmentLayer(named));
  return layers;
}

function environmentLayer(file: string): Layer {
  if (!isAbsolute(file) || /[\u0000-\u001f\u007f]/.test(file)) {
    throw new KeywrightError(
      "configuration",
      `KEYWRIGHT_CONFIG is no absolute path: ${JSON.stringify(file)}`,
      {
        hint: "Set it to the whole path of a configuration file, or unset it.",
      },
    );
  }
  return { name: "environment", file, optional: false, locks: false };
}
