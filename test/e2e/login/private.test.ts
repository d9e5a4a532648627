// What a person must keep secret is never readable by another user of the machine, at any moment of the login: every file
// and folder that it makes is private from the system call that makes it, whatever the umask; and what is copied to
// somebody else is worth nothing there.
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FORMS, temporary } from "../programs.ts";
import { ADDRESS, decided, invited, place, started } from "./place.ts";

const CALLS =
  "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,chmod,fchmod,fchmodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,bind";

for (const form of FORMS) {
  for (const share of [false, true]) {
    test(`${form.name}: a login${share ? " that is shared with menda" : ""} makes nothing that others can read`, async (t) => {
      const here = await place(t, form);
      await invited(here);
      const trace = join(temporary(t, "trace"), "calls");
      const way = share ? ["--share-with-menda"] : ["--device"];
      const argv = ["auth", "login", "--host", here.broker.url, "--no-browser", ...way];
      const login = started(
        t,
        "/bin/sh",
        // A umask that takes nothing away: what is private is so on purpose.
        [
          "-c",
          'umask 000; exec strace -f -qq -y -s 300 -e "trace=$0" -o "$@"',
          CALLS,
          trace,
          form.program("keywright"),
          ...argv,
        ],
        here.env,
      );
      const address = await login.says(/(http:\/\/localhost:\d+\/device\?user_code=[A-Z-]+)/);
      await decided(here, address);
      assert.equal(await login.code, 0, login.said());
      const lines = readFileSync(trace, "utf8").split("\n");
      const made = lines.filter((line) => line.includes(here.home) && isMaking(line));
      assert.ok(made.length > 3, lines.slice(-40).join("\n"));
      assert.deepEqual(
        made.filter((line) => !isPrivate(line)),
        [],
      );
      assert.deepEqual(openFiles(here.home), []);
    });
  }
}

function isMaking(line: string): boolean {
  return (
    (/ open(at|at2)?\(/.test(line) && line.includes("O_CREAT") && !line.includes("= -1")) ||
    (/ mkdir(at)?\(/.test(line) && line.endsWith(" = 0")) ||
    / (f?chmod|fchmodat)\(/.test(line)
  );
}

/** The last octal number is the mode: nothing for group and others. */
function isPrivate(line: string): boolean {
  const mode = /\b0([0-7]{3,4})\b(?=[^0-7]*$)/.exec(line.replace(/ = .*$/, ""))?.[1];
  return mode !== undefined && (Number.parseInt(mode, 8) & 0o077) === 0;
}

/** Of what the login wrote; the test's own files do not count. */
function openFiles(home: string): readonly string[] {
  return [".menda", ".local", ".cache"].flatMap((top) => {
    const folder = join(home, top);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
      .map((name) => `${top}/${name}`);
  });
}

test("access and refresh token, copied to somebody without the key, are worth nothing", async (t) => {
  const form = FORMS[1];
  assert.ok(form);
  const here = await place(t, form);
  await invited(here);
  const login = here.start("keywright", "auth", "login", "--host", here.broker.url);
  await decided(here, await here.shown());
  assert.equal(await login.code, 0, login.said());

  const thief = temporary(t, "thief");
  cpSync(here.home, thief, { recursive: true });
  const state = join(thief, ".local/state/keywright");
  const keys = readdirSync(state, { recursive: true, encoding: "utf8" }).filter(
    (name) => /dpop-key/.test(name) && statSync(join(state, name)).isFile(),
  );
  assert.deepEqual(keys.length, 1, keys.join());
  for (const key of keys) rmSync(join(state, key));
  const stolen = started(t, form.program("keyring"), ["get", ADDRESS, "token"], { ...here.env, HOME: thief });
  assert.notEqual(await stolen.code, 0);
  assert.equal(stolen.out(), "");

  const kept = readdirSync(join(state, "logins")).find((name) => name.endsWith(".json")) ?? "";
  const tokens = readFileSync(join(state, "logins", kept), "utf8").match(/kwr?_[A-Za-z0-9_-]{49}/g) ?? [];
  assert.equal(tokens.length, 2);
  for (const token of tokens) {
    for (const [path, init] of Object.entries(uses(token))) {
      const answer = await fetch(`${here.broker.url}${path}`, init);
      assert.ok([400, 401].includes(answer.status), `${path}: ${answer.status}`);
      assert.ok(!(await answer.text()).includes("kw_"), path);
    }
  }
  // The owner's login has not suffered.
  const keyring = here.start("keyring", "get", ADDRESS, "token");
  assert.equal(await keyring.code, 0, keyring.said());
});

function uses(token: string): Readonly<Record<string, RequestInit>> {
  const form = (fields: Record<string, string>): RequestInit => ({
    method: "POST",
    body: new URLSearchParams(fields),
  });
  const ask: RequestInit = { method: "POST", body: JSON.stringify({ url: ADDRESS, action: "read" }) };
  const json = { "Content-Type": "application/json" };
  return {
    "/oauth2/token": form({ grant_type: "refresh_token", client_id: "keywright", refresh_token: token }),
    "/api/v1/registry/token": { ...ask, headers: { ...json, Authorization: `Bearer ${token}` } },
    "/api/v1/registry/token?": { ...ask, headers: { ...json, Authorization: `DPoP ${token}` } },
    "/api/v1/auth/registry/token": {
      method: "POST",
      headers: { ...json, authorizationToken: `Bearer ${token}` },
    },
    "/api/v1/auth/whoami": { headers: { authorizationToken: token } },
    "/api/v1/whoami": { headers: { Authorization: `Bearer ${token}` } },
  };
}
