// Keeps a login that was just made, and ends at its host what it takes the place of. A login that cannot be kept is ended,
// too: nobody else knows of it.
import { revokeLogin } from "../account/login/login-revoke.ts";
import type { KnownLogin, Login } from "../account/login/login-store.ts";
import { shareLogin, unshareLogin } from "../account/login/share-login.ts";
import type { Made } from "./auth-made.ts";
import type { AuthPlace } from "./auth-place.ts";
import { type Target, writeTarget } from "./auth-target.ts";

/** Seconds for telling a host. */
const PATIENCE = 5;

/** What was there of another host goes: the shared cache names none, so its token would be sent to the new one. */
export async function settled(made: Made, target: Target, place: AuthPlace): Promise<void> {
  const { home, store, clock } = place;
  const { profile, host, before } = target;
  const replaced = earlier(place, host, profile);
  const { login } = made;
  try {
    if (before !== undefined && before !== host) await ended(place, before, profile);
    writeTarget(home, target);
    if (login.shared) share(made, target, place);
    else if (before !== host) unshareLogin(home, profile, clock);
    else if (replaced?.shared === true) unshareLogin(home, profile, clock, replaced.accessToken);
    store.keep(login);
  } catch (thrown) {
    await revoked(place, login);
    throw thrown;
  }
  if (replaced !== undefined && (await mayEnd(replaced, place))) await revoked(place, replaced);
}

function share({ login, granted }: Made, { profile }: Target, { home, clock }: AuthPlace): void {
  const { accessToken, idToken, expiresIn, tokenType } = granted ?? {
    ...login,
    idToken: undefined,
    expiresIn: 0,
  };
  shareLogin(home, profile, { accessToken, idToken, expiresIn, tokenType }, clock);
}

/**
 * Only at brokers of ours: elsewhere the end of one login may be the end of all that came from the same browser, as at
 * Keycloak. A job's token ends soon by itself, and a job beside this one may be using it.
 */
async function mayEnd({ host, workload }: KnownLogin | Login, { metadata }: AuthPlace): Promise<boolean> {
  if (workload !== undefined) return false;
  return (await metadata(host))?.registryEndpoint !== undefined;
}

/** Whole, where it can be read; without its refresh token, where the keychain is locked. */
function earlier({ store }: AuthPlace, host: string, profile: string): KnownLogin | Login | undefined {
  for (const look of [store.find, store.glance]) {
    try {
      return look(host, profile);
    } catch {
      // It is replaced in any case.
    }
  }
  return undefined;
}

async function ended(place: AuthPlace, host: string, profile: string): Promise<void> {
  const old = earlier(place, host, profile);
  if (old !== undefined) await revoked(place, old);
  place.store.forget(host, profile);
}

/** Best effort: its tokens end by themselves, too. */
async function revoked({ http, clock, metadata }: AuthPlace, old: KnownLogin | Login): Promise<void> {
  try {
    const endpoint = (await metadata(old.host))?.revocationEndpoint;
    if (endpoint !== undefined) await revokeLogin(old, endpoint, http, clock.now() + PATIENCE);
  } catch {
    // The host cannot be told.
  }
}
