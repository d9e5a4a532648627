// What is wrong with the data folder, in words: a full disk, a folder that cannot be written, a damaged database. It
// repairs nothing.
import { KeywrightError } from "../errors.ts";

const SPACE = "Make room on the disk; nothing is handed out as long as the audit cannot be written.";
const RIGHTS = "Let the user that runs the server write there, or name another folder with --data.";
const DAMAGED =
  "Put the last backup in its place (`keywright server restore FILE`); `keywright server` does not start on a damaged one.";

const FAULTS: readonly (readonly [RegExp, string, string])[] = [
  [
    /ENOSPC|EDQUOT|EFBIG|disk is full|database or disk is full|disk I\/O error/,
    "has no room, or its disk fails",
    SPACE,
  ],
  [/EACCES|EPERM|EROFS|readonly database|unable to open database/, "cannot be written", RIGHTS],
  [/not a database|malformed|is damaged/, "holds a damaged database", DAMAGED],
];

/** A KeywrightError that was raised on purpose stays as it is, and so does what is no fault of the data folder. */
export function explainDataFault(thrown: unknown, folder: string): unknown {
  if (thrown instanceof KeywrightError && thrown.code !== "audit") return thrown;
  const texts = [thrown, thrown instanceof Error ? thrown.cause : undefined].map(String);
  const fault = FAULTS.find(([pattern]) => texts.some((text) => pattern.test(text)));
  if (fault === undefined) return thrown;
  const [, message, hint] = fault;
  return new KeywrightError("configuration", `the data folder ${folder} ${message}`, { hint, cause: thrown });
}

/** Whether the database itself failed, rather than what was asked of it. */
export function isDatabaseFault(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === "ERR_SQLITE_ERROR";
}
