// `keywright auth token` and `keywright auth whoami`: the access token of a login for scripts, and whom the host takes it for.
// Both keep the login fresh; a machine's token is fetched for the occasion and kept nowhere.
import { againFor, mendaAccount } from "../account/account.ts";
import { accessToken, metadataOf } from "../account/cloud.ts";
import type { Answer } from "../account/cloud-reply.ts";
import { environmentTrio } from "../account/cli-account.ts";
import { nameIn } from "../account/login/login-name.ts";
import type { KnownLogin, Login } from "../account/login/login-store.ts";
import { loginWhoami, noWhoami } from "../account/login/login-whoami.ts";
import { mendaProfile, mendacfgPath } from "../account/mendacfg.ts";
import { whoami as mendaWhoami } from "../account/whoami.ts";
import type { Secret } from "../secret.ts";
import { type AuthPlace, authPlace, profileOf } from "./auth-place.ts";
import type { CliContext } from "./context.ts";
import { refuseTerminal } from "./get.ts";

export interface TokenOptions {
  readonly profile?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

export async function token(options: TokenOptions, context: CliContext): Promise<void> {
  refuseTerminal(context, options.show === true);
  const place = await authPlace(context);
  const login = await ownLogin(options.profile, place);
  const found = login ?? { accessToken: await mendaToken(options.profile, place), bound: false };
  const { accessToken: secret, bound } = found;
  if (bound)
    context.err("this token is bound to the key of this machine (DPoP): no other program can use it\n");
  const expires = login?.expiresAt ?? secret.expiresAt;
  const value = secret.reveal();
  if (options.json !== true) return context.out(context.terminal === true ? `${value}\n` : value);
  const expires_at = expires === undefined ? null : Math.floor(expires);
  context.out(
    `${JSON.stringify({ access_token: value, token_type: bound ? "DPoP" : "Bearer", expires_at })}\n`,
  );
}

export async function whoami(options: TokenOptions, context: CliContext): Promise<void> {
  const place = await authPlace(context);
  const login = await ownLogin(options.profile, place);
  const answer =
    login === undefined ? await mendaAnswer(options.profile, place) : await answerFor(login, place);
  if (options.json === true) return context.out(`${JSON.stringify(answer)}\n`);
  for (const [name, value] of Object.entries(answer)) {
    const shown = typeof value === "string" ? value.replace(/\p{C}/gu, "") : JSON.stringify(value);
    context.out(`${name.replace(/\p{C}/gu, "").padEnd(16)} ${shown}\n`);
  }
}

async function answerFor(login: KnownLogin | Login, place: AuthPlace): Promise<Answer> {
  const { host, profile, shared, bound } = login;
  if (shared) return mendaAnswer(profile, place);
  const endpoint = (await place.metadata(host))?.whoamiEndpoint;
  if (endpoint === undefined) throw noWhoami(host);
  const dpop = bound ? place.key() : undefined;
  const answer = await loginWhoami(login, { http: place.http, endpoint, dpop, again: againFor(profile) });
  const name = nameIn(answer);
  if (name !== undefined) place.names.keep(login, name);
  return answer;
}

/** The login of the profile, fresh; undefined: it is a machine's, or menda-cli made it. */
async function ownLogin(
  named: string | undefined,
  place: AuthPlace,
): Promise<KnownLogin | Login | undefined> {
  const { env, home, store } = place;
  if (environmentTrio(env).length === 3) return undefined;
  const profile = profileOf(named, env);
  const values = mendaProfile(mendacfgPath(home), profile);
  if (values.get("auth_type") === "m2m") return undefined;
  const login = store.glance(values.get("host")?.replace(/\/+$/, "") ?? "", profile);
  return login === undefined ? undefined : place.fresh(login);
}

async function mendaToken(named: string | undefined, place: AuthPlace): Promise<Secret> {
  const account = accountOf(named, place);
  const options = cloudOf(place);
  return account.cached ?? accessToken(account, await metadataOf(account, options), options);
}

async function mendaAnswer(named: string | undefined, place: AuthPlace): Promise<Answer> {
  return mendaWhoami(accountOf(named, place), cloudOf(place));
}

function accountOf(
  named: string | undefined,
  { env, home, clock }: AuthPlace,
): ReturnType<typeof mendaAccount> {
  return mendaAccount({ env, home, now: clock.now(), profile: profileOf(named, env) });
}

function cloudOf({ http, memory, clock }: AuthPlace): Parameters<typeof mendaWhoami>[1] {
  const now = clock.now();
  return { http, memory, protocol: "auto", now, deadline: now + 20 };
}
