// Which data folder a command is about. It does not open it.
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";

/** The data folder that `server` and `client` share. */
export function dataFolder(named: string | undefined, { home }: CliContext): string {
  if (named !== undefined) return named;
  if (home !== undefined) return join(home, ".local", "share", "keywright");
  throw new KeywrightError("usage", "there is no HOME to keep the broker's data under", {
    hint: "Name a folder with --data DIR.",
  });
}
