// `keywright auth login`: one command from nothing to a login that is kept. It finds the host and the way, shows what the
// person has to do, and keeps what came of it; a job's own identity needs no person at all.
import { environmentTrio } from "../account/cli-account.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { ambientLogin, type Made, personLogin } from "./auth-made.ts";
import { settled } from "./auth-kept.ts";
import { type AuthPlace, authPlace, profileOf } from "./auth-place.ts";
import { type Screen, screenOf } from "./auth-screen.ts";
import { changesProfile, type Target, targetOf } from "./auth-target.ts";
import type { WayWanted } from "./auth-way.ts";
import type { CliContext } from "./context.ts";
import { loadedClient } from "./loaded.ts";

export interface LoginOptions extends WayWanted {
  readonly profile?: string;
  readonly host?: string;
  readonly qr?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function login(
  options: LoginOptions,
  context: CliContext,
  screen = screenOf(context),
): Promise<void> {
  const place = await authPlace(context, (await loadedClient(context)).logins);
  const { home, env } = place;
  const wanted = options.host ?? (await askedHost(place, options, screen));
  const target = targetOf({ profile: profileOf(options.profile, env), host: wanted, home });
  await agreed(target, options, screen, context);
  warnOfMachine(env, screen);
  place.store.ready(target.host, target.profile);
  const made =
    (await ambientLogin(target, options, place, screen)) ??
    (await personLogin(target, options, place, screen));
  await settled(made, target, place);
  const name = await nameOf(made, place);
  const { login: kept } = made;
  const how = kept.workload === undefined ? "" : ` by the identity of ${made.title ?? kept.workload}`;
  screen.line(
    `✓ Logged in to ${target.host}${name === undefined ? "" : ` as ${name}`}${how} (profile ${target.profile})`,
  );
  screen.line(`  ${keptAs(kept)}`);
  if (options.json === true) context.out(`${JSON.stringify(asJson(made, name))}\n`);
}

/** For a person whose profile says none yet; undefined: the profile says it, or nobody can be asked. */
async function askedHost(
  { home, env }: AuthPlace,
  options: LoginOptions,
  screen: Screen,
): Promise<string | undefined> {
  if (!screen.attended || options.json === true) return undefined;
  try {
    targetOf({ profile: profileOf(options.profile, env), host: undefined, home });
    return undefined;
  } catch (thrown) {
    if (!asKeywrightError(thrown).message.startsWith("nothing says which host")) throw thrown;
  }
  return answerTo("Which host do you log in to (https://):", screen);
}

async function answerTo(question: string, screen: Screen): Promise<string> {
  const { stdinPrompt, ABORTED } = await import("./prompt.ts");
  const prompt = stdinPrompt((text) => process.stderr.write(text));
  try {
    return await prompt.ask(question);
  } catch (thrown) {
    if (thrown !== ABORTED) throw thrown;
    screen.done();
    throw new KeywrightError("usage", "no answer, so nothing was changed");
  } finally {
    prompt.close();
  }
}

/** Throws `usage` when the profile is for another host and nobody says that this may change. */
async function agreed(
  target: Target,
  options: LoginOptions,
  screen: Screen,
  context: CliContext,
): Promise<void> {
  const { profile, host, before } = target;
  if (before === undefined || !changesProfile(target) || options.yes === true) return;
  const what = `the profile ${profile} is for ${before}`;
  if (options.json === true || !screen.attended) {
    throw new KeywrightError("usage", `${what}, not for ${host}`, {
      hint: `Add --yes to change it, or log in under another profile: --profile NAME`,
    });
  }
  const { confirmAt } = await import("./agree.ts");
  if (
    await confirmAt(context)(
      `${what[0]?.toUpperCase()}${what.slice(1)}. Log out there and change it to ${host}?`,
    )
  )
    return;
  throw new KeywrightError("usage", "nothing was changed", {
    hint: "Log in under another profile: --profile NAME",
  });
}

function warnOfMachine(env: AuthPlace["env"], screen: Screen): void {
  const set = environmentTrio(env);
  if (set.length < 3) return;
  screen.line(
    `warning: ${set.join(", ")} are set: as long as they are, keyring uses that machine and not this login`,
  );
}

/** Best effort: the login is kept, whatever comes of it. */
async function nameOf({ login: made, ask }: Made, { names, log }: AuthPlace): Promise<string | undefined> {
  try {
    const name = await ask?.();
    if (name !== undefined) names.keep(made, name);
    return name;
  } catch (thrown) {
    log?.debug?.(`whoami after the login: ${asKeywrightError(thrown).message}`);
    return undefined;
  }
}

function keptAs({ bound, shared, expiresAt, refreshToken, workload }: Made["login"]): string {
  const until = `until ${new Date(expiresAt * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const renewed = refreshToken !== undefined || workload !== undefined ? ", renewed by itself" : "";
  const kind = shared
    ? "shared with menda-keyring and menda-cli"
    : bound
      ? "bound to this machine"
      : "kept here alone";
  return `${kind}, good ${until}${renewed}`;
}

function asJson({ login: made }: Made, name: string | undefined): object {
  const { profile, host, bound, shared, source, workload, expiresAt } = made;
  const expires_at = Math.floor(expiresAt);
  return { profile, host, user: name ?? null, source, workload: workload ?? null, bound, shared, expires_at };
}
