// Runs the `credential_process` of a profile, without a shell, and reads the credentials that it prints. What it prints
// is never shown, not on failure either.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { spawnCapture, type Captured } from "../io/spawn.ts";
import { answeredCredentials, type Asking } from "./asking.ts";
import type { AwsCredentials } from "./credentials.ts";
import { jsonObject } from "./json-object.ts";
import type { ProcessPlan } from "./plan.ts";
import type { Environment } from "./shared-config.ts";
import { shellWords } from "./shell-words.ts";

/** Seconds: it may ask a password manager, or a person for a fingerprint. */
const LIMIT = 60;

/** Throws `configuration` for a command that cannot be run, `authentication` when it fails, `backend`, `timed_out`. */
export async function processCredentials(
  { command, profile }: ProcessPlan,
  { env, clock }: Asking,
): Promise<AwsCredentials> {
  const [program, ...argv] = shellWords(command) ?? [];
  if (program === undefined)
    throw wrong(profile, "is empty, or has a quotation without an end", "Correct it in the AWS files.");
  const file = programFile(program, profile, env);
  const source = `credential_process of profile ${profile}`;
  const { stdout } = await ran(file, argv, env, source);
  const answer = jsonObject(stdout.toString("utf8"));
  if (answer?.["Version"] !== 1) {
    throw new KeywrightError("backend", `the ${source} did not print JSON of version 1`, {
      hint: 'It must print {"Version": 1, "AccessKeyId": …, "SecretAccessKey": …} and nothing else on standard output.',
    });
  }
  return answeredCredentials(answer, { token: "SessionToken", temporary: false }, source, clock.now());
}

async function ran(
  file: string,
  argv: readonly string[],
  env: Environment,
  source: string,
): Promise<Captured> {
  const done = await spawnCapture(file, argv, { env, limit: LIMIT, most: 256 * 1024 });
  if (done.code === 0) return done;
  throw new KeywrightError("authentication", `the ${source} failed with exit code ${done.code}`, {
    hint: "Run it by hand to see what it says: keywright does not show what it prints, which may be a secret.",
  });
}

/** On the PATH, of which only absolute entries count: the working directory must not decide what is run. */
function programFile(program: string, profile: string, env: Environment): string {
  if (isAbsolute(program)) return program;
  if (/[/\\]/.test(program)) {
    throw wrong(
      profile,
      "names a program relative to the working directory",
      "Write the whole path of the program.",
    );
  }
  const names = process.platform === "win32" ? [`${program}.exe`, program] : [program];
  for (const folder of (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter(isAbsolute)) {
    const found = names.map((name) => join(folder, name)).find(isProgram);
    if (found !== undefined) return found;
  }
  throw wrong(profile, "names a program that is not on the PATH", "Write the whole path of the program.");
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function wrong(profile: string, fault: string, hint: string): KeywrightError {
  return new KeywrightError(
    "configuration",
    `the credential_process of the AWS profile "${profile}" ${fault}`,
    {
      hint,
    },
  );
}
