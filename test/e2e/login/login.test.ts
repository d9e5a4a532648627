// The login, as somebody lives it: a broker, an invitation, a passkey in a real Chromium, `keywright auth login` in a
// terminal, one click, and `keyring` has a password from then on. In both forms of the program.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FORMS } from "../programs.ts";
import { ADDRESS, decided, invited, place, started, until } from "./place.ts";

for (const form of FORMS) {
  test(`${form.name}: a person logs in with one command and one click, by this machine's browser`, async (t) => {
    const here = await place(t, form);
    await invited(here);
    const login = here.start("keywright", "auth", "login", "--host", here.broker.url);
    const page = await decided(here, await here.shown());
    assert.equal(await login.code, 0, login.said());
    assert.match(login.said(), /Logged in to http:\/\/localhost:\d+ as ada/);
    assert.equal(new URL(page.url()).hostname, "127.0.0.1"); // The page of the program itself ends it.

    const keyring = here.start("keyring", "get", ADDRESS, "token");
    assert.equal(await keyring.code, 0, keyring.said());
    assert.match(keyring.out(), /^kw_[\w-]+\n$/);
    const status = here.start("keywright", "auth", "status", "--json");
    assert.equal(await status.code, 0, status.said());
    assert.match(status.out(), /"bound":true/);
    const whoami = here.start("keywright", "auth", "whoami");
    assert.equal(await whoami.code, 0, whoami.said());
    assert.match(whoami.out() + whoami.said(), /ada/);
    const menda = here.start("menda", "auth", "whoami");
    assert.equal(await menda.code, 0, menda.said());
    assert.match(menda.said(), /Username: +ada/);

    const out = here.start("keywright", "auth", "logout");
    assert.equal(await out.code, 0, out.said());
    const gone = here.start("keyring", "get", ADDRESS, "token");
    assert.notEqual(await gone.code, 0);
    assert.match(gone.said(), /No valid cached token for profile 'default'/);
    const logins = join(here.home, ".local/state/keywright/logins");
    assert.deepEqual(
      readdirSync(logins).filter((name) => name.endsWith(".json")),
      [],
    );
  });

  test(`${form.name}: over SSH a code is shown, and confirmed on any device`, async (t) => {
    const here = await place(t, form);
    await invited(here);
    const login = here.start("keywright", "auth", "login", "--host", here.broker.url, "--device");
    const address = await login.says(/(http:\/\/localhost:\d+\/device\?user_code=[A-Z-]+)/);
    const code = /user_code=([A-Z-]+)/.exec(address)?.[1] ?? "";
    await decided(here, address);
    assert.equal(await login.code, 0, login.said());
    assert.ok(login.said().includes(code));

    const disabled = await here.broker.keywright("user", "disable", "ada", "--data", here.broker.data);
    assert.match(disabled, /ada/);
    const keyring = here.start("keyring", "get", ADDRESS, "token");
    assert.notEqual(await keyring.code, 0);
    assert.match(keyring.said(), /No valid cached token for profile 'default'/);
  });

  test(`${form.name}: in a real terminal, with the address to scan and the time that is left`, async (t) => {
    const here = await place(t, form);
    await invited(here);
    const command = `${form.program("keywright")} auth login --host ${here.broker.url} --device`;
    const sized = `stty cols 100 rows 50; exec ${command}`;
    const terminal = started(t, "/usr/bin/script", ["-qec", sized, "/dev/null"], {
      ...here.env,
      TERM: "xterm",
      SHELL: "/bin/sh",
    });
    const shown = /(http:\/\/localhost:\d+\/device\?user_code=[A-Z-]+)/;
    await until(() => shown.test(terminal.out()));
    await decided(here, shown.exec(terminal.out())?.[1] ?? "");
    assert.equal(await terminal.code, 0, terminal.out());
    assert.match(terminal.out(), /█▀/); // The QR code.
    assert.match(terminal.out(), /waiting for you, \d+:\d\d left/);
    assert.match(terminal.out(), /✓ Logged in to http:\/\/localhost:\d+ as ada/);
  });

  test(`${form.name}: a person who says no ends the login`, async (t) => {
    const here = await place(t, form);
    await invited(here);
    const login = here.start("keywright", "auth", "login", "--host", here.broker.url);
    await decided(here, await here.shown(), "Deny");
    assert.equal(await login.code, 6, login.said());
    assert.match(login.said(), /the login was refused in the browser/);
    const status = here.start("keywright", "auth", "status");
    assert.equal(await status.code, 5, status.out());
  });
}
