// The records of logins: one that waits for its person, and what is kept of it. Data only.
import type { Face } from "../records.ts";

/** `used`: its tokens were handed out. `burned`: somebody who was not its client had its code. */
export type LoginState = "pending" | "approved" | "denied" | "used" | "burned";

/** A login on its way, as it is kept. */
export interface StoredLogin {
  readonly id: number;
  readonly kind: "device" | "code";
  readonly face: Face;
  readonly client: string;
  readonly scope: string;
  /** SHA-256 of the device code or the authorization code; undefined: the latter has not been made yet. */
  readonly hash: Uint8Array | undefined;
  /** HMAC of the user code. */
  readonly userCode: Uint8Array | undefined;
  /** S256 (RFC 7636). */
  readonly challenge: string | undefined;
  /** The thumbprint of the key that its tokens will be bound to, as far as it was said when it began. */
  readonly jkt: string | undefined;
  readonly redirectUri: string | undefined;
  readonly clientState: string | undefined;
  readonly address: string | undefined;
  readonly agent: string | undefined;
  /** Seconds between two polls. */
  readonly pace: number;
  readonly polledAt: number | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: LoginState;
  readonly user: number | undefined;
  readonly principal: string | undefined;
  readonly upstream: Uint8Array | undefined;
  readonly provenAt: number | undefined;
  readonly session: number | undefined;
}

export type NewLogin = Omit<
  StoredLogin,
  "polledAt" | "state" | "user" | "principal" | "upstream" | "provenAt" | "session"
>;

/** A login that waits for a person, as a page may show it. */
export interface PendingLogin {
  readonly id: number;
  readonly kind: "device" | "code";
  readonly face: Face;
  /** The client's `client_id`. */
  readonly client: string;
  readonly scope: string;
  /** `BCDF-GHJK`; undefined: it came by the browser. */
  readonly userCode: string | undefined;
  /** True: its tokens will be good with the client's own key only. */
  readonly bound: boolean;
  /** Who asks, as far as it is known. */
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly redirectUri: string | undefined;
}

export interface RefreshToken {
  readonly session: number;
  readonly usedAt: number | undefined;
}
