// botocore beside ours: one Python process answers a whole batch of questions.
import { spawnSync } from "node:child_process";
import { installTools, toolPath } from "../../scripts/tools.ts";

export interface SignQuestion {
  readonly method: string;
  /** As it is sent. */
  readonly url: string;
  /** Not encoded. */
  readonly path: string;
  /** Not encoded. */
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly keys: readonly [string, string, string | null];
}

export interface EndpointQuestion {
  readonly service: "codeartifact" | "sts" | "sso" | "sso-oidc";
  readonly region: string;
  readonly fips: boolean;
  readonly dualstack: boolean;
}

export interface BotocoreAnswers {
  readonly sign: readonly { readonly encoded: string; readonly headers: Readonly<Record<string, string>> }[];
  readonly endpoint: readonly string[];
}

export function askBotocore(questions: {
  readonly sign?: readonly SignQuestion[];
  readonly endpoint?: readonly EndpointQuestion[];
}): BotocoreAnswers {
  installTools(["aws"], () => undefined);
  const script = new URL("./botocore_answers.py", import.meta.url).pathname;
  const run = spawnSync(toolPath("aws", "python"), [script], {
    input: JSON.stringify(questions),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 90_000,
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" },
  });
  if (run.status !== 0) throw new Error(`python ${script} failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout) as BotocoreAnswers;
}
