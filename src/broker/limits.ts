// Limits: how much of the broker one client, one address and all of them together may take. Numbers only.

export interface Limits {
  /** Requests a second of one client, and of one address; ten times as many may come at once. */
  readonly requestsPerClient: number;
  readonly requestsPerAddress: number;
  /** Refused requests a second of one address: what guesses and what is misconfigured. Ten times as many may come at once. */
  readonly failuresPerAddress: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Within this a request's header has to be there, and a TLS handshake done. */
  readonly headerSeconds: number;
  /** Within this a whole request has to be there. */
  readonly requestSeconds: number;
  /** How long a connection is kept that asks nothing. */
  readonly idleSeconds: number;
  /** How long a stop waits for what was begun. */
  readonly stopSeconds: number;
}

/** A runaway loop meets them, a busy platform does not: the rates are above what one broker can serve. */
export const DEFAULT_LIMITS: Limits = {
  requestsPerClient: 20_000,
  requestsPerAddress: 20_000,
  failuresPerAddress: 100,
  connections: 4096,
  connectionsPerAddress: 1024,
  headerSeconds: 10,
  requestSeconds: 15,
  idleSeconds: 65, // Longer than proxies keep theirs, so that they close first.
  stopSeconds: 20,
};
