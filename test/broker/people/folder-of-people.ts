// A data folder with people in it, without a server: invited, logged in, and what of that still lives.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { AdminCommand } from "../../../src/broker/admin.ts";
import { openData, type OpenData } from "../../../src/broker/data-folder.ts";
import type { Token } from "../../../src/broker/records.ts";
import { tokenHash } from "../../../src/broker/token-text.ts";
import { START, temporaryFolder } from "../broker.ts";
import { clock } from "../backed-up.ts";

export const URL_OF_OURS = "https://keywright.example";

export async function withData<T>(data: string, work: (open: OpenData) => T | Promise<T>): Promise<T> {
  const open = openData(data, clock);
  try {
    return await work(open);
  } finally {
    open.db.close();
  }
}

export const invite = (name: string, more: object = {}): AdminCommand => ({
  op: "user_invite",
  url: URL_OF_OURS,
  invitation: { name, principal: "ci", email: undefined, replace: false, ...more },
});

/** A session with one token of each kind, a browser, and an approved login that waits to be fetched. */
export function logIn({ db }: OpenData, name: string, session: string): { readonly token: Uint8Array } {
  const user = db.userNamed(name);
  assert.ok(user);
  const token = tokenHash(`${session} access`);
  db.transaction((writer) => {
    const id = writer.addSession({
      name: session,
      user: user.id,
      principal: "ci",
      client: "keywright",
      face: "standard",
      scope: "registry",
      jkt: undefined,
      address: "192.0.2.7",
      agent: undefined,
      upstream: undefined,
      checkedAt: START,
      createdAt: START,
      usedAt: START,
      expiresAt: START + 604_800,
    });
    const made: Omit<Token, "hash" | "kind"> = {
      client: undefined,
      session: id,
      principal: "ci",
      audience: "x",
      scope: "registry",
      issuedAt: START,
      expiresAt: START + 600,
    };
    writer.addToken({ ...made, hash: token, kind: "access" });
    writer.addToken({ ...made, hash: tokenHash(`${session} registry`), kind: "registry" });
    const person = { user: user.id, name, principal: "ci", upstream: undefined, provenAt: START };
    const hash = tokenHash(`${session} browser`);
    writer.addBrowser({ hash, person, createdAt: START, expiresAt: START + 900 });
  });
  return { token };
}

export const living = ({ db }: OpenData, session: string): readonly boolean[] => [
  db.token(tokenHash(`${session} access`)) !== undefined,
  db.token(tokenHash(`${session} registry`)) !== undefined,
  db.browser(tokenHash(`${session} browser`))?.person !== undefined,
  db.sessions().some(({ name }) => name === session),
];

export const [ALL, NONE] = [
  [true, true, true, true],
  [false, false, false, false],
];

export function folder(t: Parameters<typeof temporaryFolder>[0]) {
  const place = temporaryFolder(t);
  return { data: join(place, "data"), file: join(place, "broker.bak") };
}
