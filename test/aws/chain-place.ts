// Makes the homes of the credential table: one for each row and for each who runs it, since SSO writes into them.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { plant } from "../e2e/programs.ts";
import type { ChainCase } from "./chain-case-parts.ts";

export interface CasePlace {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `root`: where it is made; `seen`: the same folder as the program will name it. */
export function placeOf(
  row: ChainCase,
  at: { readonly root: string; readonly seen: string; readonly aws: string },
): CasePlace {
  const fill = (text: string): string =>
    text
      .replaceAll("{HOME}", at.seen)
      .replaceAll("{AWS}", at.aws)
      .replaceAll("{SOON}", new Date(Date.now() + 300_000).toISOString());
  const files = Object.fromEntries(Object.entries(row.files ?? {}).map(([name, text]) => [name, fill(text)]));
  plant(at.root, { ".there": "", ...files });
  for (const name of Object.keys(files).filter((one) => one.startsWith("bin/")))
    chmodSync(join(at.root, name), 0o700);
  const env: Record<string, string> = {
    PATH: "/usr/bin:/bin",
    AWS_ENDPOINT_URL: at.aws,
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_MAX_ATTEMPTS: "1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `${at.aws}/imds`,
    ...row.env,
    HOME: at.seen,
  };
  // A lone hyphen takes a variable away.
  const set = Object.entries(env).filter(([, value]) => value !== "-");
  return { home: at.seen, env: Object.fromEntries(set.map(([name, value]) => [name, fill(value)])) };
}
