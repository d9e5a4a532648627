// From a living access token and an ask to a registry token, through the one resolver. It says who asks (a verified
// role and app), gives the backend `issue` its mint, and turns what goes wrong into an answer.
import { issueBackend, type Mint } from "../backends/issue.ts";
import { AwsError } from "../aws/aws-errors.ts";
import { asKeywrightError, type ErrorCode } from "../errors.ts";
import type { RegistryAsk } from "../resolver/ask.ts";
import type { Backend } from "../resolver/backend.ts";
import { createRefs, type Refs } from "../resolver/refs.ts";
import { resolve } from "../resolver/resolve.ts";
import type { Secret } from "../secret.ts";
import type { Core } from "./core.ts";
import type { KnownToken } from "./records.ts";
import { refusal, Refused, type Incoming, type Reply } from "./reply.ts";
import { newTokenText, TOKEN_PREFIX, tokenHash } from "./token-text.ts";
import { createWork, type Work } from "./work.ts";

export interface Asker {
  readonly holder: KnownToken;
  readonly incoming: Pick<Incoming, "address" | "trace">;
}

export interface RegistryGrant {
  /** Throws Refused, or what is a defect. */
  grant(asker: Asker, ask: RegistryAsk, refs?: Refs): Promise<Secret>;
}

export function createRegistryGrant(core: Core): RegistryGrant {
  const configured = createRefs(core.config.refs);
  const { stores, policies } = core.config;
  return {
    async grant({ holder, incoming: { address, trace } }, ask, refs = configured) {
      const about = {
        ...(address === undefined ? {} : { address }),
        ...(trace === undefined ? {} : { trace_id: trace.traceId }),
      };
      const work = createWork(core.journal, core.random, about);
      const upstream = watched(core.backends);
      const house = {
        refs,
        stores,
        policies,
        backends: { ...upstream.backends, issue: issueBackend({ mint: mintFor(core, holder, work) }) },
        audit: work.audit,
        now: () => core.clock.now(),
        auditUnknown: true,
        trace: trace?.header,
      };
      try {
        const secret = await resolve(house, ask, identityOf(holder));
        if (secret === undefined)
          throw new Refused(refusal(404, "not_found", "Allowed, but there is no such value."));
        return secret;
      } catch (thrown) {
        throw refusedFor(thrown, upstream.failure() === thrown);
      } finally {
        await work.finish();
      }
    },
  };
}

/** What the broker knows about a client it has verified itself. */
function identityOf({ principal, clientName }: KnownToken) {
  return {
    role: { value: principal, attestation: "verified" },
    app: { value: clientName, attestation: "verified" },
  } as const;
}

/** It belongs to whom the access token belongs to, and ends with that client or session. It is not bound to a key. */
function mintFor(core: Core, holder: KnownToken, work: Work): Mint {
  return ({ audience, scope, ttl, principal }) => {
    const token = newTokenText(TOKEN_PREFIX, core.random);
    const issuedAt = Math.floor(core.clock.now());
    const expiresAt = issuedAt + ttl;
    const { client, session, name } = holder;
    work.stage({
      hash: tokenHash(token),
      kind: "registry",
      client,
      session,
      name,
      principal,
      audience,
      scope,
      issuedAt,
      expiresAt,
    });
    return { token, expiresAt };
  };
}

/** Unknown, refused and denied look the same to the caller. */
export const NOT_ALLOWED: Reply = refusal(
  403,
  "access_denied",
  "This is not among the things that you may have.",
);

const UPSTREAM = refusal(
  502,
  "temporarily_unavailable",
  "The registry's own service did not give what was asked for.",
);
const AUDIT = refusal(
  503,
  "temporarily_unavailable",
  "The audit could not be written, so nothing was handed out.",
);

const REPLIES: Partial<Record<ErrorCode, Reply>> = {
  unknown: NOT_ALLOWED,
  refused: NOT_ALLOWED,
  denied: NOT_ALLOWED,
  not_found: UPSTREAM,
  authentication: UPSTREAM,
  network: UPSTREAM,
  timed_out: UPSTREAM,
  locked: UPSTREAM,
  backend: UPSTREAM,
  audit: AUDIT,
};

/** `upstream`: the failure of a backend, which no audit entry tells and the log therefore has to. */
function refusedFor(thrown: unknown, upstream: boolean): unknown {
  if (thrown instanceof Refused) return thrown;
  const failure = asKeywrightError(thrown);
  // What AWS denies was granted here: it is the broker's own credentials or role that are wrong.
  const elsewhere = failure instanceof AwsError || (upstream && failure.code === "configuration");
  const reply = elsewhere ? UPSTREAM : REPLIES[failure.code];
  if (reply === undefined) return thrown;
  return new Refused(reply, upstream ? failure : undefined);
}

/** The same backends, with the last failure of any. */
function watched(backends: Core["backends"]): {
  readonly backends: Core["backends"];
  failure(): unknown;
} {
  let last: unknown;
  const watching = (backend: Backend): Backend => ({
    ...backend,
    retrieve: (location, context) =>
      backend.retrieve(location, context).catch((thrown: unknown) => {
        last = thrown;
        throw thrown;
      }),
  });
  const entries = Object.entries(backends).map(([name, backend]) => [name, watching(backend)] as const);
  return { backends: Object.fromEntries(entries), failure: () => last };
}
