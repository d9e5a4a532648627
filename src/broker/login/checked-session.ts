// Whether the person of a session still is one of the provider's, asked when it is time (`users.recheck`), and the end of
// the session if not.
import type { Core } from "../core.ts";
import { isFresh, recheck } from "../people/recheck.ts";
import { mayAct } from "../config.ts";
import type { KnownToken, Session } from "../records.ts";
import { invalidToken, refusal, Refused } from "../reply.ts";
import { endSession } from "./sessions.ts";

/** `ended`: it just did. `unknown`: the provider cannot be asked at the moment. */
export type Checked = "fine" | "ended" | "unknown";

/** Asks once, however many wait for it. Holds no step of the journal while it waits for the network. */
export async function checkedSession(core: Core, session: Session): Promise<Checked> {
  if (isFresh(core, session)) return "fine";
  const found = await recheck(core, session);
  if (found.ok) return "fine";
  if (!found.ends) return "unknown";
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
  if (found === "unknown") throw new Refused(PROVIDER_AWAY);
  const now = found === "fine" ? core.db.session(id) : undefined;
  if (now === undefined || !mayAct(core.config.principals, now.principal)) throw new Refused(invalidToken());
  return { ...holder, principal: now.principal };
}
