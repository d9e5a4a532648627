// What the broker's database is asked, and how its rows become records. It writes nothing.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { CHAIN_START, follow, type ChainHead } from "../audit/chain.ts";
import { KeywrightError } from "../errors.ts";
import type { ClientIdentity } from "./ledger.ts";
import { loginReading, type LoginReading } from "./login/login-reading.ts";
import { peopleReading, type PeopleReading } from "./people/people-reading.ts";
import type { Client, KnownToken, TokenKind } from "./records.ts";
import { workloadReading, type WorkloadReading } from "./workload/workload-reading.ts";

type Row = Record<string, SQLOutputValue>;

export interface Reading extends LoginReading, PeopleReading, WorkloadReading {
  /** The living client of this name. */
  client(name: string): Client | undefined;
  clients(): readonly Client[];
  /** undefined: unknown, revoked, or its client, session or user is gone. Whether it has expired is for the caller to see. */
  token(hash: Uint8Array): KnownToken | undefined;
  auditLines(): Iterable<string>;
  auditLine(seq: number): string | undefined;
  /** Throws `audit` when the last line was changed. */
  auditHead(): ChainHead;
  /** What the ledger has to know: the clients that are dead, and those whose secret is not their first. */
  pastOfClients(): readonly PastOfClient[];
  /** Tokens that were revoked, or logins that were ended: also those whose access tokens are forgotten already. */
  hasRevokedTokens(): boolean;
}

export interface PastOfClient {
  readonly client: ClientIdentity;
  readonly revoked: boolean;
  readonly generation: number;
}

export function reading(db: DatabaseSync): Reading {
  const client = db.prepare("SELECT * FROM clients WHERE name = ? AND revoked_at IS NULL");
  const clients = db.prepare("SELECT * FROM clients WHERE revoked_at IS NULL ORDER BY name");
  const token = db.prepare(
    "SELECT tokens.*, clients.name AS client_name, clients.revoked_at AS client_end, sessions.client AS public_client, " +
      "sessions.ended_at AS session_end, sessions.expires_at AS session_limit, users.id AS user_id, users.name AS user_name, " +
      "users.email, users.disabled_at AS user_end FROM tokens LEFT JOIN clients ON clients.id = tokens.client " +
      "LEFT JOIN sessions ON sessions.id = tokens.session LEFT JOIN users ON users.id = sessions.user " +
      "WHERE hash = ? AND tokens.revoked_at IS NULL AND client_end IS NULL AND session_end IS NULL AND user_end IS NULL",
  );
  const lines = db.prepare("SELECT line FROM audit ORDER BY seq");
  const line = db.prepare("SELECT line FROM audit WHERE seq = ?");
  const past = db.prepare("SELECT * FROM clients WHERE revoked_at IS NOT NULL OR generation > 1");
  const revokedToken = db.prepare(
    "SELECT 1 FROM tokens WHERE revoked_at IS NOT NULL UNION ALL SELECT 1 FROM sessions WHERE ended_at IS NOT NULL LIMIT 1",
  );
  return {
    ...loginReading(db),
    ...peopleReading(db),
    ...workloadReading(db),
    client(name) {
      const row = client.get(name);
      return row && clientOf(row);
    },
    clients: () => clients.all().map(clientOf),
    token(hash) {
      const row = token.get(hash);
      return row && tokenOf(row);
    },
    *auditLines() {
      for (const row of lines.iterate()) yield row["line"] as string;
    },
    auditHead: headOf(db),
    auditLine: (seq) => line.get(seq)?.["line"] as string | undefined,
    pastOfClients: () =>
      past.all().map((row) => ({
        client: identityOf(row),
        revoked: row["revoked_at"] !== null,
        generation: row["generation"] as number,
      })),
    hasRevokedTokens: () => revokedToken.get() !== undefined,
  };
}

export function headOf(db: DatabaseSync): () => ChainHead {
  const last = db.prepare("SELECT line FROM audit ORDER BY seq DESC LIMIT 1");
  return () => {
    const row = last.get();
    const step = row && follow(undefined, row["line"] as string);
    if (step?.ok === false) throw new KeywrightError("audit", `the last line of the audit ${step.fault}`);
    return step === undefined ? CHAIN_START : step.head;
  };
}

export function identityOf(row: Row): ClientIdentity {
  return {
    id: row["id"] as number,
    name: row["name"] as string,
    createdAt: row["created_at"] as number,
  };
}

function clientOf(row: Row): Client {
  return {
    ...identityOf(row),
    principal: (row["principal"] as string | null) ?? undefined,
    resource: (row["resource"] as string | null) ?? undefined,
    queryCredentials: row["query_credentials"] === 1,
    secretHash: row["secret"] as Uint8Array,
    pepper: row["pepper"] as number,
    generation: row["generation"] as number,
    jwks: (row["jwks"] as string | null) ?? undefined,
  };
}

function tokenOf(row: Row): KnownToken {
  return {
    hash: row["hash"] as Uint8Array,
    kind: row["kind"] as TokenKind,
    client: (row["client"] as number | null) ?? undefined,
    session: (row["session"] as number | null) ?? undefined,
    name: (row["name"] as string | null) ?? undefined,
    clientName: (row["client_name"] ?? row["public_client"] ?? row["name"]) as string,
    user:
      row["user_id"] === null
        ? undefined
        : {
            id: row["user_id"] as number,
            name: row["user_name"] as string,
            email: row["email"] as string,
          },
    principal: row["principal"] as string,
    audience: row["audience"] as string,
    scope: row["scope"] as string,
    jkt: (row["jkt"] as string | null) ?? undefined,
    issuedAt: row["issued_at"] as number,
    expiresAt: row["expires_at"] as number,
  };
}
