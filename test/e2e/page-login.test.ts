// The pages in Chromium, used: a passkey from an invitation, an approval, without JavaScript, by keyboard alone, and the
// way back to a program on loopback, which the Content-Security-Policy must not stop.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { newPerson, pageHouse, waitingLogin, type House } from "../broker/pages/house.ts";
import { addAuthenticator, newBrowser, newTab } from "./browser.ts";
import { authorizeUrl, invitation, loopback, otherSite, sits } from "./page-screens.ts";

const heading = (page: Page): Promise<string | null> => page.locator("h1").textContent();
const stateOf = ({ core }: House, id: number): string | undefined => core.db.login(id)?.state;

/** A browser in which nobody is signed in, and whose machine has a passkey of anna. */
async function withPasskey(t: TestContext, house: House) {
  const anna = newPerson(house);
  const tab = await newTab(await newBrowser(t));
  await addAuthenticator(tab);
  await tab.page.goto(invitation(house, anna));
  await tab.page.getByRole("button", { name: "Make a passkey" }).click();
  await tab.page.getByRole("heading", { name: "You are signed in" }).waitFor();
  await tab.context.clearCookies();
  return { ...tab, anna };
}

test("a passkey is made from an invitation; later one click with it approves a login, and another signs in", async (t) => {
  const house = await pageHouse(t);
  const anna = newPerson(house);
  const tab = await newTab(await newBrowser(t));
  const { page, context, errors } = tab;
  await addAuthenticator(tab);
  const link = invitation(house, anna);
  await page.goto(link);
  await page.getByText("It is for the account anna.").waitFor();
  assert.equal(page.url(), `${house.url}/invite`); // Neither the history nor a shoulder sees the token any more.
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  assert.match(await page.locator("footer").innerText(), /Signed in as anna/);

  await page.goto(link);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /The invitation is not good any more/);
  assert.equal(await page.getByRole("button").count(), 0);

  await context.clearCookies();
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  assert.equal(await heading(page), "Let this program act for you?");
  assert.ok((await page.locator(".code").innerText()).includes(pending.userCode ?? "none"));
  assert.equal(stateOf(house, pending.id), "pending");
  await page.getByRole("button", { name: "Approve with your passkey" }).click();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.match(await page.locator("main").innerText(), /The program acts for anna now, as ci\./);
  assert.equal(stateOf(house, pending.id), "approved");

  await page.goto(`${house.url}/login?to=/device`);
  await page.getByRole("button", { name: "Use your passkey" }).click();
  await page.getByText("Signed in as anna").waitFor();
  assert.deepEqual(
    errors.filter((error) => !error.includes("404")),
    [],
  );
});

test("a passkey that is not known here, and none at all, are told in words", async (t) => {
  const house = await pageHouse(t);
  const tab = await newTab(await newBrowser(t));
  const { page } = tab;
  await addAuthenticator(tab);
  await page.goto(`${house.url}/login`);
  await page.getByRole("button").click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /cancelled, or it took too long/);
  assert.equal(await page.getByRole("button").isEnabled(), true);
});

test("without JavaScript everything works but the passkey, which says so", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t), { javaScriptEnabled: false });
  await page.goto(`${house.url}/login`);
  assert.match(await page.locator("main").innerText(), /Browsers offer passkeys through JavaScript only/);
  assert.equal(await page.getByRole("button").count(), 0);
  await sits(page, house, newPerson(house));
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device`);
  await page.getByLabel("Code").fill(` ${pending.userCode?.toLowerCase().replace("-", " ")}`);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  assert.equal(await heading(page), "Approved");
  assert.equal(stateOf(house, pending.id), "approved");
});

test("without JavaScript who is not signed in can say no, and reads why not yes", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t), { javaScriptEnabled: false });
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  assert.match(await page.locator("main").innerText(), /Browsers offer passkeys through JavaScript only/);
  assert.deepEqual(await page.getByRole("button").allInnerTexts(), ["Deny"]);
  await page.getByRole("button", { name: "Deny" }).click();
  assert.equal(await heading(page), "Denied");
  assert.equal(stateOf(house, pending.id), "denied");
});

for (const host of ["127.0.0.1", "::1"])
  test(`RFC 8252 §7.3: one touch of the passkey leads back to the program on ${host}, by keyboard alone`, async (t) => {
    const house = await pageHouse(t);
    const { page, errors } = await withPasskey(t, house);
    const { uri, came } = await loopback(t, host);
    await page.goto(authorizeUrl(house, uri));
    await page.getByRole("button", { name: "Approve with your passkey" }).waitFor();
    const order: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      await page.keyboard.press("Tab");
      order.push(await page.locator(":focus").innerText());
      assert.equal(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
    }
    assert.deepEqual(order, ["Approve with your passkey", "Deny"]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${uri}?*`);
    assert.match((await came).get("code") ?? "", /^kwc_/);
    await page.getByText("back in the terminal").waitFor();
    assert.deepEqual(errors, []);
  });

test("a passkey that is taken away meanwhile: the page says so, and another try works", async (t) => {
  const house = await pageHouse(t);
  const { page, anna } = await withPasskey(t, house);
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  const button = page.getByRole("button", { name: "Approve with your passkey" });
  house.core.db.transaction((writer) => writer.disableUser(anna.user, house.clock.time));
  await button.click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /^Your account is switched off\./);
  assert.equal(stateOf(house, pending.id), "pending");
  house.core.db.transaction((writer) => writer.enableUser(anna.user));
  await button.click();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.equal(stateOf(house, pending.id), "approved");
});

test("clicked twice, fast, with a passkey: approved once, and said once", async (t) => {
  const house = await pageHouse(t);
  const { page, errors } = await withPasskey(t, house);
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  await page.getByRole("button", { name: "Approve with your passkey" }).dblclick();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.equal(stateOf(house, pending.id), "approved");
  assert.deepEqual(errors, []);
});

test("by keyboard alone: the order is that of reading, the focus can be seen, Enter approves", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t));
  await sits(page, house, newPerson(house));
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device`);
  await page.locator("#code:focus").waitFor();
  await page.keyboard.type(pending.userCode ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Let this program act for you?" }).waitFor();
  const order: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    await page.keyboard.press("Tab");
    order.push(await page.locator(":focus").innerText());
    assert.equal(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
  }
  assert.deepEqual(order, ["Approve", "Deny", "Not you? Sign out"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.equal(stateOf(house, pending.id), "approved");
});

test("to a screen reader the page is its landmarks, its question, and buttons that say what to heed", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t));
  await sits(page, house, newPerson(house));
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  assert.equal(await page.title(), "Approve a login · keywright");
  const approve = page.getByRole("main").getByRole("button", { name: "Approve", exact: true });
  const heed = await approve.getAttribute("aria-describedby");
  assert.match(
    await page.locator(`#${heed}`).innerText(),
    /^Only go on if you started this yourself just now/,
  );
  assert.equal(await page.getByRole("term").count(), await page.getByRole("definition").count());
});

for (const host of ["127.0.0.1", "::1"])
  for (const [button, answer] of [
    ["Approve", "code"],
    ["Deny", "error"],
  ] as const)
    test(`RFC 8252 §7.3: after ${button} the browser goes back to the program on ${host}`, async (t) => {
      const house = await pageHouse(t);
      const { page, errors } = await newTab(await newBrowser(t));
      await sits(page, house, newPerson(house));
      const { uri, came } = await loopback(t, host);
      await page.goto(authorizeUrl(house, uri));
      await page.getByRole("button", { name: button }).click();
      await page.waitForURL(`${uri}?*`);
      const params = await came;
      assert.ok(params.has(answer));
      assert.deepEqual([params.get("state"), params.get("iss")], ["s", house.url]);
      await page.getByText("back in the terminal").waitFor();
      assert.deepEqual(
        errors.filter((error) => /Content.Security/i.test(error)),
        [],
      );
    });

test("clicked twice, fast: approved once, and said once", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t));
  await sits(page, house, newPerson(house));
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  await page.getByRole("button", { name: "Approve" }).dblclick();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  assert.equal(stateOf(house, pending.id), "approved");
});

test("clickjacking: no other page can show one of ours", async (t) => {
  const house = await pageHouse(t);
  const { page, errors } = await newTab(await newBrowser(t));
  await page.goto(await otherSite(t, `<iframe src="${house.url}/device"></iframe>`));
  await assert.rejects(page.frameLocator("iframe").getByRole("button").click({ timeout: 2000 }));
  assert.match(errors.join("\n"), /frame-ancestors 'none'|X-Frame-Options/);
});

test("cross-site: a form of another page decides nothing, whatever it carries", async (t) => {
  const house = await pageHouse(t);
  const { page } = await newTab(await newBrowser(t));
  await sits(page, house, newPerson(house));
  const pending = await waitingLogin(house);
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  const fields = await page.evaluate<string>("document.querySelector('form.deeds').innerHTML");
  assert.match(fields, /name="csrf" value="[^"]{43}"/);
  await page.goto(await otherSite(t, `<form method="post" action="${house.url}/approve">${fields}</form>`));
  await page.getByRole("button", { name: "Approve" }).click();
  assert.equal(await heading(page), "This page is too old");
  assert.equal(stateOf(house, pending.id), "pending");
});
