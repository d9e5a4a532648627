// A login with tokens that the tests know, and a store for it.
import type { TestContext } from "node:test";
import { loginStore, type Login, type LoginStore } from "../../../src/account/login/login-store.ts";
import { Secret } from "../../../src/secret.ts";
import { mendaHome } from "../home.ts";

export const NOW = 1_800_000_000;

export function aLogin(changes: Partial<Login> = {}): Login {
  return {
    host: "https://menda.example",
    profile: "default",
    accessToken: new Secret("canary-access-0"),
    expiresAt: NOW + 600,
    tokenType: "DPoP",
    refreshToken: new Secret("canary-refresh-0"),
    scope: "registry",
    source: "device",
    tokenEndpoint: "https://menda.example/oauth2/token",
    clientId: "keywright",
    bound: true,
    shared: false,
    createdAt: NOW,
    ...changes,
  };
}

export interface Place {
  readonly home: string;
  readonly store: LoginStore;
  /** Put it forward as you like. */
  readonly clock: { time: number; now(): number };
}

export function aPlace(t: TestContext): Place {
  const home = mendaHome(t).path;
  const clock = {
    time: NOW,
    now: () => clock.time,
  };
  return { home, clock, store: loginStore({ home, env: {}, clock }) };
}
