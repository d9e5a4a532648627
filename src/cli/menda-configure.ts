// `menda auth configure`: writes one profile of mendacfg and leaves the rest of the file as it is. It asks for what the
// options do not say; the client secret can only be asked for, so that it is in no process list and no shell history.
import { AUTH_TYPES, HOST_RULE, isHost, type AuthType } from "../account/cli-account.ts";
import { parseIni } from "../account/ini.ts";
import { isIniValue, isSectionName, setIniSection } from "../account/ini-write.ts";
import { mendacfgText } from "../account/mendacfg.ts";
import { KeywrightError } from "../errors.ts";
import { writePrivate, writing } from "../io/files.ts";
import { Secret } from "../secret.ts";
import { throughLinks } from "./auth-target.ts";
import type { MendaConsole } from "./menda-console.ts";
import type { Prompt } from "./prompt.ts";

export interface ConfigureOptions {
  readonly configFile: string;
  /** undefined: it is asked for; likewise the two below. */
  readonly profile: string | undefined;
  readonly authType: AuthType | undefined;
  readonly host: string | undefined;
  /** Takes out the profile's shared login, which names no host and would be sent to the new one; true: there was one. */
  readonly unshare: (profile: string) => boolean;
}

export async function configure(options: ConfigureOptions, say: MendaConsole, prompt: Prompt): Promise<void> {
  const { configFile } = options;
  say.info("Configuring authentication profile");
  say.info(`Configuration file: ${configFile}`);
  const profile = checkedProfile(
    options.profile ?? ((await prompt.ask("Enter a profile name [default]:")) || "default"),
  );
  if (options.host !== undefined && !isHost(options.host))
    throw new KeywrightError("usage", `--host ${HOST_RULE}`);
  const document = parseIni(mendacfgText(configFile) ?? "", configFile);
  const exists = document.sections.includes(profile);
  if (exists && !(await overwriteWanted(profile, prompt))) return say.info("Configuration cancelled.");
  const data = await profileData(options, say, prompt);
  // Read again: the person may have taken a while.
  const text = setIniSection(mendacfgText(configFile) ?? "", configFile, profile, data);
  writing(configFile, () => writePrivate(throughLinks(configFile), text));
  const before = exists ? document.get(profile, "host")?.replace(/\/+$/, "") : undefined;
  if (before !== data["host"]?.replace(/\/+$/, "") && options.unshare(profile))
    say.warning(`The login of profile '${profile}' was for another host, so it was removed.`);
  say.success(`Profile '${profile}' ${exists ? "updated" : "created"} successfully`);
}

function checkedProfile(profile: string): string {
  if (isSectionName(profile)) return profile;
  throw new KeywrightError("usage", `not a name for a profile: ${JSON.stringify(profile)}`, {
    hint: "Any name will do but DEFAULT, which is the section that all others inherit from.",
  });
}

async function overwriteWanted(profile: string, prompt: Prompt): Promise<boolean> {
  const answer = await prompt.ask(`Profile '${profile}' already exists. Do you wish to overwrite? (y/N)`);
  return /^y(es)?$/i.test(answer);
}

async function profileData(
  options: ConfigureOptions,
  say: MendaConsole,
  prompt: Prompt,
): Promise<Record<string, string>> {
  const question = "Select authentication type, u2m (user-to-machine) or m2m (machine-to-machine) [u2m]:";
  const type =
    options.authType ??
    (await asked(
      () => prompt.ask(question),
      say,
      (answer) => {
        return answer === "" || AUTH_TYPES.some((known) => known === answer)
          ? undefined
          : "Input must be u2m or m2m.";
      },
    ));
  const host =
    options.host ??
    (await asked(
      () => prompt.ask("Enter your menda hostname url (https://):"),
      say,
      (answer) => {
        return isHost(answer) ? undefined : `Input ${HOST_RULE}.`;
      },
    ));
  const data: Record<string, string> = { auth_type: type || "u2m", host };
  if (type !== "m2m") return data;
  data["client_id"] = await asked(() => prompt.ask("Enter your m2m client_id:"), say, filled);
  const secret = new Secret(
    await asked(() => prompt.askSecret("Enter your m2m client_secret:"), say, filled),
  );
  return { ...data, client_secret: secret.reveal() };
}

function filled(answer: string): string | undefined {
  if (answer === "") return "Input must not be empty.";
  return isIniValue(answer) ? undefined : "Input must not have control characters.";
}

/** Asks until there is nothing wrong with the answer. */
async function asked(
  ask: () => Promise<string>,
  say: MendaConsole,
  faultOf: (answer: string) => string | undefined,
): Promise<string> {
  for (;;) {
    const answer = await ask();
    const fault = faultOf(answer);
    if (fault === undefined) return answer;
    say.error(fault);
  }
}
