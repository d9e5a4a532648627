// `keywright user` as people and scripts use it: with a server that runs and without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf } from "../broker/entries.ts";
import { CHECKOUT, place } from "./admin-place.ts";

const URL_OPTION = ["--url", "https://keywright.example"] as const;
const LINK = /^https:\/\/keywright\.example\/invite#kwi_[A-Za-z0-9_-]{49}$/;

test("invite, list, disable and enable without a server; the link is printed once, and nowhere else", async (t) => {
  const here = place(t, CHECKOUT);
  const made = await here.run("user", "invite", "alice", "--principal", "ci", ...URL_OPTION);
  assert.equal(made.code, 0, made.err);
  const link = made.out.trim();
  assert.match(link, LINK);
  assert.match(made.err, /^For alice: good once, until \d{4}-.*Z\. Whoever opens it is alice/);
  const again = await here.json("user", "invite", "alice", "--email", "alice@people.example", ...URL_OPTION);
  assert.deepEqual(Object.keys(again), ["user", "link", "expires_at", "new"]);
  assert.deepEqual([again["user"], again["new"]], ["alice", false]);
  assert.match(String(again["link"]), LINK);
  assert.notEqual(again["link"], link);
  const listed = await here.run("user", "list");
  assert.equal(listed.out, "alice                 principal ci, passkeys 0, sessions 0\n");
  assert.deepEqual(await here.json("user", "disable", "alice"), {
    user: "alice",
    disabled: true,
    sessions_ended: 0,
  });
  assert.match((await here.run("user", "list")).out, /^alice +disabled, principal ci/);
  const [shown] = (await here.json("user", "list")) as unknown as readonly Record<string, unknown>[];
  assert.deepEqual(
    { ...shown, created_at: "", disabled_at: typeof shown?.["disabled_at"] },
    {
      user: "alice",
      principal: "ci",
      provider: null,
      email: "alice@people.example",
      passkeys: 0,
      sessions: 0,
      created_at: "",
      disabled_at: "string",
    },
  );
  assert.equal((await here.run("user", "enable", "alice")).out, "enabled alice\n");
  assert.ok(!JSON.stringify(entriesOf(here.data)).includes("kwi_"));
});

test("the link of a running server is its own, whatever --url says", async (t) => {
  const here = place(t, CHECKOUT);
  const { port } = await here.serve();
  const { link } = await here.json("user", "invite", "alice", "--principal", "ci", ...URL_OPTION);
  assert.match(String(link), new RegExp(`^http://localhost:${port}/invite#kwi_`));
  assert.deepEqual(await here.json("user", "sessions"), []);
  assert.deepEqual(await here.json("user", "sessions", "alice", "--all"), { ended: 0 });
  assert.deepEqual(await here.json("user", "disable", "alice"), {
    user: "alice",
    disabled: true,
    sessions_ended: 0,
  });
});

test("what cannot be says so with the exit code of its kind", async (t) => {
  const here = place(t, CHECKOUT);
  for (const [args, code, message] of [
    [["invite", "alice", "--principal", "ci"], 2, /no server runs.*\n {2}Start the server first.*--url/],
    [["invite", "alice", ...URL_OPTION], 2, /needs a principal/],
    [["invite", "Alice", "--principal", "ci", ...URL_OPTION], 2, /name of a user/],
    [["invite", "alice", "--principal", "ci", "--url", "https://192.0.2.1"], 2, /host name/],
    [["disable", "nobody"], 7, /there is no user 'nobody'/],
    [["enable", "nobody"], 7, /there is no user 'nobody'/],
    [["sessions", "nobody"], 7, /there is no user 'nobody'/],
    [["sessions", "--end", "none"], 7, /there is no session 'none'/],
    [["sessions", "--end", "none", "--all"], 2, /exclude each other/],
  ] as const) {
    const ended = await here.run("user", ...args);
    assert.deepEqual([ended.code, ended.out], [code, ""], args.join(" "));
    assert.match(ended.err, message, args.join(" "));
  }
});

test("every verb has its help with an example", async (t) => {
  const here = place(t, CHECKOUT);
  for (const verb of ["invite", "list", "disable", "enable", "sessions"]) {
    const { code, out } = await here.run("user", verb, "--help");
    assert.deepEqual([code, /Examples?:\n {2}/.test(out)], [0, true], verb);
  }
});
