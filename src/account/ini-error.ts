// What can be wrong with an INI file. An IniError names file and line, and never a value.
import { MendaKeyRingError } from "../errors.ts";

/** The names are those of configparser's exceptions, so that the two can be compared. */
export type IniFault =
  | "MissingSectionHeaderError"
  | "DuplicateSectionError"
  | "DuplicateOptionError"
  | "ParsingError"
  | "InterpolationSyntaxError"
  | "InterpolationMissingOptionError"
  | "InterpolationDepthError";

/** To a program this is the MendaKeyRingError that menda-keyring raises for such a file, so it bears that name. */
export class IniError extends MendaKeyRingError {
  readonly fault: IniFault;

  constructor(fault: IniFault, file: string, line: number, what: string) {
    super("configuration", `${file}:${line}: ${what}`, { hint: "Correct this line, or remove it." });
    this.name = MendaKeyRingError.name;
    this.fault = fault;
  }
}
