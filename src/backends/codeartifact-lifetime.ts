// How long a token may live: the smallest of what the policy, the session of the credentials and the request allow. It
// knows the numbers, and asks nobody.

export interface Bounds {
  /** Seconds by the store's options; 0: as long as the session. */
  readonly policy: number;
  /** Seconds that the client wants; 0: as long as the session; undefined: it does not say. */
  readonly request: number | undefined;
  /** Seconds that the session still lives; undefined: there is none, or nobody knows. */
  readonly session: number | undefined;
}

export interface Lifetime {
  /** What GetAuthorizationToken is asked for: 900..43200, or 0 to end with the session. */
  readonly duration: number;
  /** Seconds; undefined: as long as a session that nobody knows the end of. */
  readonly seconds: number | undefined;
  readonly decided: "policy" | "request" | "session";
}

/** A session that ends first decides by 0: AWS takes no less than 900 seconds, and knows its end better than we do. */
export function lifetimeOf({ policy, request = 0, session }: Bounds): Lifetime {
  const wanted = request > 0 && (policy === 0 || request < policy) ? "request" : "policy";
  const seconds = wanted === "request" ? request : policy;
  if (seconds === 0 || (session !== undefined && session <= seconds))
    return { duration: 0, seconds: session, decided: "session" };
  return { duration: seconds, seconds, decided: wanted };
}
