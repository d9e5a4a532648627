// Revocation by the public client (RFC 7009): who has a token of a person or of a workload may end it. A refresh token
// ends its session, with all that the session ever got; so does the one token that a session of the menda face has.
import { livingToken, type Core } from "../core.ts";
import { ok, type Reply } from "../reply.ts";
import { endTokenOf } from "../revocation.ts";
import { isTokenText, REFRESH_PREFIX, tokenHash } from "../token-text.ts";
import { endSession } from "./sessions.ts";

/** The same answer for every token, also for one that there is not. */
const DONE = ok({});

export async function revokeForPublicClient(
  core: Core,
  text: string,
  address: string | undefined,
): Promise<Reply> {
  if (isTokenText(REFRESH_PREFIX, text))
    await endLogin(core, core.db.refreshToken(tokenHash(text))?.session, address);
  const token = livingToken(core, text);
  if (token?.session !== undefined && core.db.session(token.session)?.face === "menda")
    await endLogin(core, token.session, address);
  if (token !== undefined && token.client === undefined)
    await core.journal.commit(endTokenOf(token, token.clientName, core.random));
  return DONE;
}

async function endLogin(core: Core, id: number | undefined, address: string | undefined): Promise<void> {
  if (id === undefined) return;
  const about = address === undefined ? {} : { address };
  await core.journal.act((writer, now) => {
    const session = core.db.session(id);
    if (session !== undefined)
      endSession(writer, session, { now, why: "logged out", random: core.random, about });
  });
}
