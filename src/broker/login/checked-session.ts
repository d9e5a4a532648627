// Whether the person of a session still is one of the provider's, asked when it is time (`users.recheck`), and the end of
// the session if not.
import { KeywrightError } from "../../errors.ts";
import type { Core } from "../core.ts";
import { isFresh, recheck } from "../people/recheck.ts";
import { mayAct } from "../config.ts";
import type { KnownToken, Session } from "../records.ts";
import { invalidToken, refusal, Refused } from "../reply.ts";
import { endSession } from "./sessions.ts";

/** `ended`: it just did. */
export type Checked = "fine" | "ended";

/**
 * Asks once, however many wait for it. Holds no step of the journal while it waits for the network. Throws Refused, with
 * the reason for the log, when the provider cannot be asked at the moment.
 */
export async function checkedSession(core: Core, session: Session): Promise<Checked> {
  if (isFresh(core, session)) return "fine";
  const found = await recheck(core, session);
  if (found.ok) return "fine";
  if (!found.ends) throw new Refused(PROVIDER_AWAY, new KeywrightError("backend", found.reason));
  await core.journal.act((writer, now) =>
    endSession(writer, session, { now, why: found.reason, random: core.random }),
  );
  return "ended";
}

const PROVIDER_AWAY = refusal(
  503,
  "temporarily_unavailable",
  "The provider that knows this person cannot be asked at the moment; try again in some minutes.",
);

/** For tokens that outlive that time: their holder as it is now. Throws Refused. */
export async function recheckedHolder(core: Core, holder: KnownToken): Promise<KnownToken> {
  const { session: id } = holder;
  if (id === undefined) return holder;
  const session = core.db.session(id);
  const found = session === undefined ? "ended" : await checkedSession(core, session);
  const now = found === "fine" ? core.db.session(id) : undefined;
  if (now === undefined || !mayAct(core.config.principals, now.principal)) throw new Refused(invalidToken());
  return { ...holder, principal: now.principal };
}
