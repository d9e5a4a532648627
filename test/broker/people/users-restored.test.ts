// What was ended stays so when an older database is put in place of the present one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { writeBackup } from "../../../src/broker/backup.ts";
import { tokenHash } from "../../../src/broker/token-text.ts";
import { START } from "../broker.ts";
import { administered, copyBack, restore } from "../backed-up.ts";
import { folder, invite, living, logIn, NONE, withData } from "./folder-of-people.ts";

test("a restored backup brings nobody back who was disabled, and no session, browser or invitation", async (t) => {
  const { data, file } = folder(t);
  const link = await withData(data, async (open) => {
    for (const name of ["anna", "bert", "carl"]) await administered(open, invite(name));
    logIn(open, "anna", "one");
    logIn(open, "bert", "two");
    const { result } = await administered(open, invite("bert"));
    return tokenHash(String(result["link"]).split("#")[1] ?? "");
  });
  writeBackup(data, file);
  await withData(data, async (open) => {
    await administered(open, { op: "user_disable", name: "anna" });
    await administered(open, { op: "user_disable", name: "carl" });
    await administered(open, { op: "user_enable", name: "carl" });
  });
  const { users } = restore(data, file);
  assert.deepEqual(users, ["anna"]);
  await withData(data, (open) => {
    assert.ok(open.db.userNamed("anna")?.disabledAt !== undefined);
    assert.equal(open.db.userNamed("carl")?.disabledAt, undefined);
    assert.equal(open.db.userNamed("bert")?.disabledAt, undefined);
    for (const session of ["one", "two"]) assert.deepEqual(living(open, session), NONE, session);
    assert.equal(open.db.invited(link, START), undefined);
  });
});

test("a database put back by hand is held against the ledger when it is opened, once", async (t) => {
  const { data, file } = folder(t);
  await withData(data, async (open) => {
    for (const name of ["anna", "bert"]) await administered(open, invite(name));
    logIn(open, "anna", "one");
    logIn(open, "bert", "two");
  });
  writeBackup(data, file);
  await withData(data, async (open) => {
    await administered(open, { op: "user_disable", name: "anna" });
    await administered(open, { op: "user_sessions_end", name: "bert", session: "two" });
  });
  copyBack(data, file);
  await withData(data, (open) => {
    assert.deepEqual(open.reapplied.users, ["anna"]);
    for (const session of ["one", "two"]) assert.deepEqual(living(open, session), NONE, session);
  });
  await withData(data, (open) => assert.deepEqual(open.reapplied.users, []));
});

test("a user of a provider that the backup does not know yet cannot come in as a new one", async (t) => {
  const { data, file } = folder(t);
  const known = {
    principal: undefined,
    issuer: "https://id.example",
    subject: "1",
    email: "",
    createdAt: START,
  };
  await withData(data, () => undefined);
  writeBackup(data, file);
  await withData(data, async (open) => {
    open.db.transaction((writer) => void writer.addUser({ ...known, name: "anna" }));
    await administered(open, { op: "user_disable", name: "anna" });
  });
  assert.deepEqual(restore(data, file).users, ["anna"]);
  await withData(data, async (open) => {
    assert.ok(open.db.userBySubject("https://id.example", "1")?.disabledAt !== undefined);
    await administered(open, { op: "user_enable", name: "anna" });
  });
  await withData(data, (open) => {
    assert.deepEqual(open.reapplied.users, []);
    assert.equal(open.db.userBySubject("https://id.example", "1")?.disabledAt, undefined);
  });
});

test("what a crash kept out of the ledger is added when the folder is opened", async (t) => {
  const { data, file } = folder(t);
  await withData(data, (open) => administered(open, invite("anna")));
  writeBackup(data, file);
  await withData(data, async (open) => {
    const { ledger } = open.db;
    ledger.append = () => undefined; // The process died before.
    await administered(open, { op: "user_disable", name: "anna" });
  });
  await withData(data, () => undefined);
  assert.deepEqual(restore(data, file).users, ["anna"]);
});

test("passkeys that were lost do not come back with a backup; the new one does not go", async (t) => {
  const { data, file } = folder(t);
  const passkey = (id: string, user: number, at: number) => ({
    id: Buffer.from(id),
    user,
    publicKey: Buffer.from("k"),
    algorithm: -7,
    signCount: 0,
    at,
  });
  await withData(data, async (open) => {
    await administered(open, invite("anna"));
    const user = open.db.userNamed("anna")?.id ?? 0;
    open.db.transaction((writer) => void writer.addPasskey(passkey("lost", user, START)));
  });
  writeBackup(data, file);
  await withData(data, async (open) => {
    await administered(open, invite("anna", { replace: true }));
    const user = open.db.userNamed("anna")?.id ?? 0;
    assert.deepEqual(open.db.passkeyIds(user), []);
    open.db.transaction((writer) => void writer.addPasskey(passkey("new", user, START + 1)));
  });
  await withData(data, (open) => assert.equal(open.db.passkeyIds(1).length, 1));
  restore(data, file);
  await withData(data, (open) => assert.deepEqual(open.db.passkeyIds(1), []));
});
