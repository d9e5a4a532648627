// exec: values from any program, one start for each (as summon's providers) or one process for many. No shell is between,
// and what the program writes to its error output is never shown.
import { KeywrightError } from "../errors.ts";
import { programFolders } from "../io/programs.ts";
import { spawnCapture, type Captured, type Environment } from "../io/spawn.ts";
import { assertTrustedProgram } from "../io/trusted.ts";
import { textOf } from "../io/utf8.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf, type Location } from "../resolver/location.ts";
import { notText } from "../resolver/secret-faults.ts";
import { Secret } from "../secret.ts";
import { lineSession, type LineSession } from "./exec-lines.ts";
import { execSettings, type ExecSettings } from "./exec-options.ts";

/** Bytes of output: 1 MB and a little. */
const MOST = 4 * 1024 * 1024;

export function execBackend({ env }: { readonly env: Environment }): Backend {
  const sessions = new Map<string, LineSession>();
  function sessionOf(settings: ExecSettings): LineSession {
    const key = JSON.stringify(settings);
    let session = sessions.get(key);
    if (session === undefined)
      sessions.set(key, (session = lineSession({ ...settings, env: passed(settings, env) })));
    return session;
  }
  return {
    async retrieve(location) {
      const settings = execSettings(location.store);
      const id = secretPathOf(location); // no segment of it begins with a hyphen: a program cannot take it for a flag
      assertTrustedProgram(settings.file);
      const value = await (settings.protocol === "summon"
        ? printed(settings, location, env)
        : sessionOf(settings).ask(id));
      if (value?.isWellFormed() === false) throw notText(location); // JSON can say half a character
      return value === undefined ? undefined : new Secret(value);
    },
    async check(store) {
      assertTrustedProgram(execSettings(store).file);
    },
  };
}

/** PATH and HOME, which hardly a program does without, and what the store names. */
function passed({ passEnv }: ExecSettings, env: Environment): Environment {
  const named = ["HOME", ...passEnv].map((name) => [name, env[name]] as const);
  return { PATH: programFolders(env).join(":"), ...Object.fromEntries(named) };
}

async function printed(
  settings: ExecSettings,
  location: Location,
  env: Environment,
): Promise<string | undefined> {
  const { file, argv, missingExit } = settings;
  const { code, stdout } = await run(settings, [...argv, secretPathOf(location)], env);
  if (code !== 0 && code === missingExit) return undefined;
  if (code !== 0) {
    throw new KeywrightError("backend", `${file} ended with exit code ${code}`, {
      hint: "Run it by hand to see what it says: keywright does not show its error output, since that could hold a value.",
    });
  }
  const text = textOf(stdout);
  if (text === undefined) throw notText(location);
  return trimmed(text);
}

async function run(settings: ExecSettings, argv: readonly string[], env: Environment): Promise<Captured> {
  const { file, timeout: limit } = settings;
  try {
    return await spawnCapture(file, argv, {
      env: passed(settings, env),
      limit,
      most: MOST,
      cwd: "/",
      together: true,
    });
  } catch (error) {
    if (!(error instanceof KeywrightError) || error.code !== "timed_out") throw error;
    throw new KeywrightError("timed_out", error.message, {
      hint: "Raise the store's option timeout, or look at what the program waits for.",
    });
  }
}

/** What Go's strings.TrimSpace takes away at both ends, since that is what summon does with a provider's output. */
function trimmed(text: string): string {
  let [begin, end] = [0, text.length];
  while (begin < end && GO_SPACE.test(text.charAt(begin))) begin += 1;
  while (end > begin && GO_SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(begin, end);
}

const GO_SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
