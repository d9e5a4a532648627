// Where a person goes on after the sign-in: a page of ours, never an address that somebody wrote into a link.
import type { Core } from "../core.ts";
import { DEFAULT_USERS } from "../../config/users.ts";

/** Where there is no other way to go: it says who is signed in. */
export const HOME = "/login";

const KNOWN = /^\/(?:device|approve\?login=[0-9]{1,16}\.[A-Za-z0-9_-]{43})$/;

export function returnPath(given: string | undefined): string {
  return given !== undefined && KNOWN.test(given) ? given : HOME;
}

/** The page to sign in on, and back. With a provider there is nothing to choose, so that it is the provider's. */
export function signInPath({ config }: Core, to: string): string {
  const { provider } = config.users ?? DEFAULT_USERS;
  return `${provider === undefined ? "/login" : "/login/start"}?to=${encodeURIComponent(to)}`;
}
