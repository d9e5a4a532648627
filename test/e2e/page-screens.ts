// Every page of the broker, brought up in a browser: what the tests of looks and accessibility go through.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { DEFAULT_USERS, type ProviderSettings } from "../../src/config/users.ts";
import { newTokenText } from "../../src/broker/token-text.ts";
import { browserCookie, newPerson, pageHouse, waitingLogin, type House } from "../broker/pages/house.ts";
import type { Person } from "../../src/broker/records.ts";
import type { PendingLogin } from "../../src/broker/login/logins.ts";

export interface Rooms {
  readonly house: House;
  readonly anna: Person;
  /** Where people come from a provider. */
  readonly provided: House;
}

const PROVIDER: ProviderSettings = {
  issuer: "https://login.example",
  clientId: "keywright",
  clientSecretFile: undefined,
  scopes: ["openid"],
  nameClaim: "email",
  principals: [],
  privateNetwork: true,
};

export async function rooms(t: TestContext): Promise<Rooms> {
  const house = await pageHouse(t);
  const provided = await pageHouse(t, { users: { ...DEFAULT_USERS, provider: PROVIDER } });
  return { house, anna: newPerson(house), provided };
}

/** A new invitation of this person: its link. */
export function invitation({ core, clock, url }: House, person: Person): string {
  const token = newTokenText("kwi_", randomBytes);
  const hash = createHash("sha256").update(token).digest();
  core.db.transaction((writer) => writer.addInvite(hash, person.user, clock.time, clock.time + 3600));
  return `${url}/invite#${token}`;
}

/** The person sits at this browser. */
export async function sits(page: Page, house: House, person: Person): Promise<void> {
  await page
    .context()
    .addCookies([{ name: "keywright", value: browserCookie(house, person), url: house.url }]);
}

async function asked(
  page: Page,
  { house, anna }: Rooms,
  login: Parameters<typeof waitingLogin>[1] = {},
): Promise<PendingLogin> {
  await sits(page, house, anna);
  const pending = await waitingLogin(house, login);
  house.clock.time += 95;
  await page.goto(`${house.url}/device?user_code=${pending.userCode}`);
  return pending;
}

/** The same, where nobody is signed in. */
async function unnamed(page: Page, { house }: Rooms): Promise<void> {
  const { userCode } = await waitingLogin(house);
  house.clock.time += 95;
  await page.goto(`${house.url}/device?user_code=${userCode}`);
  await page.getByRole("button", { name: "Approve with your passkey" }).waitFor();
}

const CHALLENGE = createHash("sha256").update("verifier").digest("base64url");

/** Where a program on this machine sends the browser. */
export function authorizeUrl({ url }: House, redirectUri: string): string {
  const asks = { response_type: "code", client_id: "keywright", state: "s", redirect_uri: redirectUri };
  const query = new URLSearchParams({ ...asks, code_challenge: CHALLENGE, code_challenge_method: "S256" });
  return `${url}/oauth2/authorize?${query.toString()}`;
}

async function enter(page: Page, { house }: Rooms, code: string): Promise<void> {
  await page.goto(`${house.url}/device`);
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Continue" }).click();
}

/** By name. Each starts in a new browser. */
export const SCREENS: Readonly<Record<string, (page: Page, rooms: Rooms) => Promise<unknown>>> = {
  device: (page, { house }) => page.goto(`${house.url}/device`),
  "device-wrong": (page, all) => enter(page, all, "BCDF-GHJK"),
  "device-signed-in": async (page, { house, anna }) => {
    await sits(page, house, anna);
    await page.goto(`${house.url}/device`);
  },
  "device-locked": async (page, all) => {
    all.house.clock.time += 700;
    for (let turn = 0; turn < 5; turn += 1) await enter(page, all, "BCDF-GHJK");
  },
  approve: asked,
  "approve-menda": (page, all) =>
    asked(page, all, { face: "menda", scope: "menda", agent: "menda-cli/0.5.0" }),
  "approve-long": (page, all) =>
    asked(page, all, {
      agent: `W${"W".repeat(80)}<script>alert(1)</script>${"\u202eabc ".repeat(40)}`,
      address: "2001:db8:1111:2222:3333:4444:5555:6666",
    }),
  "approve-browser": async (page, all) => {
    await sits(page, all.house, all.anna);
    await page.goto(authorizeUrl(all.house, "http://127.0.0.1:49152/callback"));
  },
  "approve-passkey": (page, all) => unnamed(page, all),
  "approve-passkey-failed": async (page, all) => {
    await page.route("**/approve/passkey/options", (route) =>
      route.fulfill({ status: 404, json: { detail: "This login was decided already, or took too long." } }),
    );
    await unnamed(page, all);
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.getByRole("alert").waitFor();
  },
  "approve-passkey-browser": (page, { house }) =>
    page.goto(authorizeUrl(house, "http://127.0.0.1:49152/callback")),
  approved: async (page, all) => {
    await asked(page, all);
    await page.getByRole("button", { name: "Approve" }).click();
  },
  denied: async (page, all) => {
    await asked(page, all);
    await page.getByRole("button", { name: "Deny" }).click();
  },
  gone: (page, { house }) => page.goto(`${house.url}/approve?login=1.x`),
  "login-passkey": (page, { house }) => page.goto(`${house.url}/login?to=/device`),
  "login-passkey-failed": async (page, { house }) => {
    await page.route("**/login/passkey/options", (route) =>
      route.fulfill({
        status: 403,
        json: { detail: "Your account is switched off. Whoever runs this server can switch it on again." },
      }),
    );
    await page.goto(`${house.url}/login`);
    await page.getByRole("button").click();
    await page.getByRole("alert").waitFor();
  },
  "login-provider": (page, { provided }) => page.goto(`${provided.url}/login`),
  "login-unreachable": (page, { provided }) => page.goto(`${provided.url}/login/callback?state=x&code=y`),
  "login-done": async (page, { house, anna }) => {
    await sits(page, house, anna);
    await page.goto(`${house.url}/login`);
  },
  invite: async (page, { house, anna }) => {
    await page.goto(invitation(house, anna));
    await page.getByRole("button").waitFor();
  },
  "invite-unwhole": async (page, { house }) => {
    await page.goto(`${house.url}/invite`);
    await page.getByRole("alert").waitFor();
  },
  "form-too-old": async (page, { house }) => {
    await page.goto(`${house.url}/device`);
    await page.context().clearCookies();
    await page.getByLabel("Code").fill("BCDF-GHJK");
    await page.getByRole("button").click();
  },
  "authorize-wrong": (page, { house }) => page.goto(`${house.url}/oauth2/authorize?client_id=other`),
  "back-to-terminal": async (page, { house, anna }) => {
    await page.route("http://[::1]:49152/**", (route) => route.fulfill({ status: 204 }));
    await sits(page, house, anna);
    await page.goto(authorizeUrl(house, "http://[::1]:49152/callback"));
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("link", { name: "Continue" }).waitFor();
  },
};

/** A program's own little server on loopback; resolves `came` with what the browser brings. */
export async function loopback(
  t: TestContext,
  host: string,
): Promise<{ readonly uri: string; readonly came: Promise<URLSearchParams> }> {
  let arrived: (params: URLSearchParams) => void = () => undefined;
  const came = new Promise<URLSearchParams>((resolve) => (arrived = resolve));
  const origin = await serving(t, host, "back in the terminal", (path) =>
    arrived(new URL(path, origin).searchParams),
  );
  return { uri: `${origin}/callback`, came };
}

/** A page that is none of ours, on another site than `localhost`. */
export function otherSite(t: TestContext, body: string): Promise<string> {
  return serving(t, "127.0.0.1", `<!doctype html>${body}`, () => undefined);
}

async function serving(
  t: TestContext,
  host: string,
  body: string,
  asked: (path: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== "/favicon.ico") asked(request.url ?? "");
    response.writeHead(200, { "Content-Type": "text/html" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => server.close().closeAllConnections());
  return `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}
