// The administration of people: what disabling ends, and who did it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdminCommand } from "../../../src/broker/admin.ts";
import { tokenHash } from "../../../src/broker/token-text.ts";
import { START } from "../broker.ts";
import { administered } from "../backed-up.ts";
import { ALL, folder, invite, living, logIn, NONE, withData } from "./folder-of-people.ts";

test("disabling ends every session, token, browser and invitation at once, and enabling brings nothing back", async (t) => {
  const { data } = folder(t);
  await withData(data, async (open) => {
    for (const name of ["anna", "bert"]) await administered(open, invite(name));
    const { result } = await administered(open, invite("anna", { principal: undefined }));
    const link = tokenHash(String(result["link"]).split("#")[1] ?? "");
    assert.equal(open.db.invited(link, START)?.name, "anna");
    logIn(open, "anna", "one");
    logIn(open, "anna", "two");
    logIn(open, "bert", "three");
    for (const session of ["one", "two", "three"]) assert.deepEqual(living(open, session), ALL, session);
    const ended = await administered(open, { op: "user_disable", name: "anna" });
    assert.deepEqual(ended.result, { sessions: 2 });
    assert.ok(open.db.hasRevokedTokens(), "not only out of sight behind their session");
    for (const session of ["one", "two"]) assert.deepEqual(living(open, session), NONE, session);
    assert.deepEqual(living(open, "three"), ALL);
    assert.equal(open.db.invited(link, START), undefined);
    await assert.rejects(administered(open, invite("anna")), { code: "usage", message: /is disabled/ });
    await administered(open, { op: "user_enable", name: "anna" });
    for (const session of ["one", "two"]) assert.deepEqual(living(open, session), NONE, session);
    assert.equal(open.db.invited(link, START), undefined);
    const told = [...open.db.auditLines()].map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      told.map(({ kind, user, by }) => [kind, user, by]),
      [
        ["user_invited", "anna", "tester"],
        ["user_invited", "bert", "tester"],
        ["user_invited", "anna", "tester"],
        ["user_disabled", "anna", "tester"],
        ["user_enabled", "anna", "tester"],
      ],
    );
    assert.ok(![...open.db.auditLines()].join("").includes("kwi_"));
  });
});

test("sessions end one by one, by user, or all; what was approved and not fetched goes with them", async (t) => {
  const { data } = folder(t);
  await withData(data, async (open) => {
    for (const name of ["anna", "bert"]) await administered(open, invite(name));
    for (const [name, session] of [
      ["anna", "one"],
      ["anna", "two"],
      ["bert", "three"],
      ["bert", "four"],
    ] as const)
      logIn(open, name, session);
    const end = async (name: string | undefined, session?: string): Promise<unknown> =>
      (await administered(open, { op: "user_sessions_end", name, session })).result["ended"];
    assert.equal(await end(undefined, "one"), 1);
    assert.deepEqual([living(open, "one"), living(open, "two")], [[false, false, true, false], ALL]);
    await assert.rejects(end(undefined, "one"), { code: "not_found", message: "there is no session 'one'" });
    await assert.rejects(end("bert", "two"), { code: "not_found" }, "not another user's");
    await assert.rejects(end("nobody"), { code: "not_found", message: "there is no user 'nobody'" });
    const { result } = await administered(open, { op: "user_sessions", name: "anna" });
    const [shown] = result["sessions"] as readonly Record<string, unknown>[];
    assert.deepEqual([shown?.["name"], shown?.["userName"], shown?.["bound"]], ["two", "anna", false]);
    for (const hidden of ["upstream", "id", "user", "jkt"]) assert.ok(!(hidden in (shown ?? {})));
    assert.equal(await end("anna"), 1);
    assert.deepEqual([living(open, "two"), living(open, "three")], [NONE, ALL]);
    assert.equal(await end(undefined), 2);
    assert.deepEqual([living(open, "three"), living(open, "four")], [NONE, NONE]);
  });
});

test("an invitation that cannot be is refused with what to do", async (t) => {
  const { data } = folder(t);
  await withData(data, async (open) => {
    for (const [command, message] of [
      [invite("Anna"), /name of a user/],
      [invite(""), /name of a user/],
      [invite("-x"), /name of a user/],
      [invite("x".repeat(65)), /name of a user/],
      [invite("anna", { principal: undefined }), /needs a principal/],
      [invite("anna", { principal: "No Principal" }), /name of a principal/],
      [invite("anna", { email: "x" }), /e-mail/],
      [invite("anna", { email: "a b@people.example" }), /e-mail/],
      [{ ...invite("anna"), url: undefined }, /no server runs/],
      [{ ...invite("anna"), url: "nonsense" }, /no server runs/],
      [{ ...invite("anna"), url: "http://keywright.example" }, /https/],
      [{ ...invite("anna"), url: "https://192.0.2.1" }, /host name/],
      [{ ...invite("anna"), url: "http://127.0.0.1:8765" }, /host name/],
    ] as const)
      await assert.rejects(administered(open, command as AdminCommand), { code: "usage", message });
    assert.deepEqual(open.db.users(START), []);
    open.db.transaction((writer) => {
      const known = { principal: undefined, issuer: "https://id.example", subject: "1", email: "" };
      writer.addUser({ ...known, name: "carl", createdAt: START });
    });
    await assert.rejects(administered(open, invite("carl")), { code: "usage", message: /by its provider/ });
    const url = "http://localhost:8765/";
    const { result } = await administered(open, { ...invite("anna"), url } as AdminCommand);
    assert.match(String(result["link"]), /^http:\/\/localhost:8765\/invite#kwi_[\w-]{49}$/);
    assert.deepEqual([result["expiresAt"], result["isNew"]], [START + 86_400, true]);
  });
});
