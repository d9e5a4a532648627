// Keeps credentials in memory until shortly before they expire, each under the key of what they come from, and lets many
// questions at once be one. It writes nothing down.
import type { Clock } from "../io/clock.ts";
import type { Say } from "../io/log.ts";
import { asKeywrightError } from "../errors.ts";
import type { AwsCredentials } from "./credentials.ts";

export interface CredentialMemory {
  /** What is remembered under the key, or else what `ask` finds. Throws what `ask` throws. */
  get(key: string, ask: () => Promise<AwsCredentials>): Promise<AwsCredentials>;
  forget(): void;
}

/** Seconds before their end at which new ones are asked for; of short-lived ones a quarter of their life. */
const MARGIN = 300;
/** Seconds for which those are kept that nobody says expire. */
const KEPT = 60;
const MOST = 100;

export function rememberCredentials(clock: Clock, debug: Say | undefined): CredentialMemory {
  let held = new Map<string, { readonly credentials: AwsCredentials; readonly renewAt: number }>();
  let asked = new Map<string, Promise<AwsCredentials>>();
  const renew = async (
    key: string,
    ask: () => Promise<AwsCredentials>,
    [keep, open]: readonly [typeof held, typeof asked],
  ): Promise<AwsCredentials> => {
    try {
      const credentials = await ask();
      if (keep.size >= MOST) keep.clear();
      keep.set(key, { credentials, renewAt: renewalOf(credentials, clock.now()) });
      return credentials;
    } catch (error) {
      const old = keep.get(key)?.credentials;
      if (old?.expiresAt === undefined || old.expiresAt <= clock.now()) throw error;
      debug?.(
        `aws: credentials were not renewed (${asKeywrightError(error).code}), the old ones last a while yet`,
      );
      return old;
    } finally {
      open.delete(key);
    }
  };
  return {
    async get(key, ask) {
      const known = held.get(key);
      if (known !== undefined && clock.now() < known.renewAt) return known.credentials;
      const running = asked.get(key) ?? renew(key, ask, [held, asked]);
      asked.set(key, running);
      return running;
    },
    forget() {
      // Whoever is being asked now answers to those who asked before.
      held = new Map();
      asked = new Map();
    },
  };
}

function renewalOf({ expiresAt }: AwsCredentials, now: number): number {
  return expiresAt === undefined ? now + KEPT : expiresAt - Math.min(MARGIN, (expiresAt - now) / 4);
}
