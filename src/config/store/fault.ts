// What can be wrong with a configuration store, told apart for programs. It says where, and quotes no value.
import { KeywrightError } from "../../errors.ts";
import { where } from "../fault.ts";
import type { Origin } from "../tree.ts";

export type ConfigStoreFault =
  | "app_name" // the identity's app cannot be the name of a folder
  | "missing_file" // no folder for the app, or no default.yaml in it
  | "open" // a file or a folder that other users can write
  | "unreadable" // a file is there and cannot be read
  | "yaml" // a file is not what is read here as YAML
  | "missing_selector" // a file of a dimension does not name what the identity says
  | "not_a_mapping" // something has to be a mapping and is none
  | "merge" // a list and a mapping meet at one place
  | "interpolation" // a ${…} that cannot be read, or resolved
  | "missing_path" // nothing at a path, or null
  | "value" // an override that is no plain data
  | "section"; // a section that this program reads is not as it has to be

/** Everything that goes wrong between the files of a store and the configuration that comes out. */
export class ConfigStoreError extends KeywrightError {
  readonly fault: ConfigStoreFault;

  constructor(
    fault: ConfigStoreFault,
    message: string,
    options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super("configuration", message, options);
    this.fault = fault;
  }
}

/** `file:line: message`. */
export function storeFaultAt(
  fault: ConfigStoreFault,
  origin: Origin,
  message: string,
  hint?: string,
): ConfigStoreError {
  return new ConfigStoreError(fault, `${where(origin)}: ${message}`, { hint });
}
