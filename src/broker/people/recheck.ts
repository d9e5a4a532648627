// Asks again whether a person who is logged in still is one of ours: its provider, by the refresh token that it gave, or
// whether a user with passkeys is still enabled. What was found is in the database before it is said.
import { DEFAULT_USERS } from "../../config/users.ts";
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Session } from "../records.ts";
import { admittedAs, ownerOf } from "./admit.ts";
import { hasPasskeys } from "./ceremony.ts";
import { providerOf, type Provider } from "./discovery.ts";
import type { User } from "./people-reading.ts";
import { askForTokens, proveIdToken } from "./provider-tokens.ts";
import type { Sealing } from "./sealing.ts";

export type Rechecked =
  /** All of it is in the session's row already. */
  | {
      readonly ok: true;
      readonly principal: string;
      readonly upstream: Uint8Array | undefined;
      readonly checkedAt: number;
    }
  /** `ends`: the session has to end now; false: nobody can say at the moment (503). */
  | { readonly ok: false; readonly ends: boolean; readonly reason: string };

/** Asks nobody when another session with the same login was asked about a moment ago. */
export async function recheck(
  core: Core,
  { id, user: userId }: Pick<Session, "id" | "user">,
): Promise<Rechecked> {
  const user = core.db.user(userId);
  const session = core.db.session(id);
  if (user === undefined || session === undefined) return ends("the session has ended");
  if (user.disabledAt !== undefined) return ends("the user is disabled");
  if (user.issuer === undefined) return recheckHere(core, id, user);
  const provider = providerOf(core);
  if (provider?.settings.issuer !== user.issuer)
    return ends("the user's provider is not configured any more");
  const { checkedAt, principal, upstream } = session;
  if (isFresh(core, session)) return { ok: true, principal, upstream, checkedAt };
  if (upstream === undefined) return ends("the provider gave nothing to ask it again with");
  return together(core.sealing, upstream, () => recheckThere(core, provider, user, { upstream, principal }));
}

/** How far a clock may have been put back; a check that lies further ahead was made by a wrong one, and counts for nothing. */
const SKEW = 60;

/** Whether the person of a session was asked about less than `users.recheck` ago. */
export function isFresh({ clock, config }: Core, { checkedAt }: Pick<Session, "checkedAt">): boolean {
  const age = clock.now() - checkedAt;
  return age >= -SKEW && age < (config.users ?? DEFAULT_USERS).recheck;
}

async function recheckHere(core: Core, session: number, { principal }: User): Promise<Rechecked> {
  if (!hasPasskeys(core)) return ends("people come from a provider now");
  if (principal === undefined || !mayAct(core.config.principals, principal))
    return ends("the user's principal is none any more");
  const checkedAt = Math.floor(core.clock.now());
  await core.journal.act((writer) => writer.keepChecked(session, principal, checkedAt), false);
  return { ok: true, principal, upstream: undefined, checkedAt };
}

/** A provider that rotates its refresh tokens takes a second use of one as a theft: one question at a time for each. */
const ASKING = new WeakMap<Sealing, Map<string, Promise<Rechecked>>>();

function together(sealing: Sealing, upstream: Uint8Array, ask: () => Promise<Rechecked>): Promise<Rechecked> {
  const asking = ASKING.get(sealing) ?? new Map<string, Promise<Rechecked>>();
  ASKING.set(sealing, asking);
  const key = Buffer.from(upstream).toString("base64");
  const begun = asking.get(key) ?? ask().finally(() => asking.delete(key));
  asking.set(key, begun);
  return begun;
}

async function recheckThere(
  core: Core,
  provider: Provider,
  user: User,
  { upstream, principal: before }: { readonly upstream: Uint8Array; readonly principal: string },
): Promise<Rechecked> {
  const token = core.sealing.unseal(upstream, ownerOf(user.id));
  if (token === undefined) return ends("the provider's token cannot be unsealed any more");
  const refreshToken = Buffer.from(token).toString("utf8");
  const answer = await askForTokens(provider, { grant_type: "refresh_token", refresh_token: refreshToken });
  if (!answer.ok) return { ok: false, ends: answer.final, reason: answer.reason };
  const { refreshToken: next = refreshToken, accessToken, idToken } = answer;
  const sealed = next === refreshToken ? upstream : core.sealing.seal(Buffer.from(next), ownerOf(user.id));
  const found = await principalNow(core, provider, user, { idToken, accessToken, before });
  if (typeof found !== "string") {
    // The new token is the only one that the provider still takes; nobody was checked by it.
    if (!found.ends && sealed !== upstream)
      await core.journal.act((writer) => writer.keepUpstream(user.id, upstream, sealed), false);
    return found;
  }
  const checkedAt = Math.floor(core.clock.now());
  const kept = { upstream: sealed, principal: found, at: checkedAt };
  await core.journal.act((writer) => writer.keepRechecked(user.id, upstream, kept), false);
  return { ok: true, principal: found, upstream: sealed, checkedAt };
}

/** OpenID Connect Core section 12.2: there may be no new id_token; then nothing has changed but that it still answers. */
async function principalNow(
  core: Core,
  provider: Provider,
  user: User,
  {
    idToken,
    accessToken,
    before,
  }: {
    readonly idToken: string | undefined;
    readonly accessToken: string | undefined;
    readonly before: string;
  },
): Promise<string | Extract<Rechecked, { readonly ok: false }>> {
  if (idToken === undefined) {
    return provider.settings.principals.some(({ principal }) => principal === before) &&
      mayAct(core.config.principals, before)
      ? before
      : ends("no rule gives the user's principal any more");
  }
  const proven = await proveIdToken(provider, idToken, { nonce: undefined, accessToken }, core.clock.now());
  if (!proven.ok) return { ok: false, ends: proven.final, reason: proven.reason };
  if (proven.subject !== user.subject) return ends("the provider answered about somebody else");
  return (
    admittedAs(core, provider.settings, proven.claims) ?? ends("no rule gives the user a principal any more")
  );
}

function ends(reason: string): Extract<Rechecked, { readonly ok: false }> {
  return { ok: false, ends: true, reason };
}
