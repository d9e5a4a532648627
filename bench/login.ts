// node bench/login.ts [RUNS]: from nothing to the first installed package, for a person with a browser: real broker, real
// Chromium with a passkey, real `keywright auth login`, real uv. Prints seconds, and what the person had to do by hand.
// Run it through `sh scripts/run.sh node bench/login.ts` after `npm run build:exe`.
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { makeWheel, PACKAGE, startIndex } from "../scripts/private-index.ts";
import { toolPath } from "../scripts/tools.ts";
import { FORMS, plant, temporary } from "../test/e2e/programs.ts";
import { invited, place, type Place } from "../test/e2e/login/place.ts";

const runs = Number(process.argv[2] ?? 5);
const form = FORMS[1];
if (form === undefined) throw new Error("there is no executable");
const rows: { readonly login: number; readonly install: number; readonly clicks: number }[] = [];
for (let turn = 0; turn < runs; turn += 1) {
  const ends: (() => unknown)[] = [];
  const t = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext;
  try {
    rows.push(await once(t));
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}
const count = (clicks: number): string => `${clicks} click${clicks === 1 ? "" : "s"}`;
const median = (of: (row: (typeof rows)[number]) => number): number =>
  rows.map(of).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)] ?? 0;
console.log(
  `median of ${runs}: logged in after ${median(({ login }) => login).toFixed(2)} s, ` +
    `package installed ${median(({ install }) => install).toFixed(2)} s later (both with a person who clicks at once)`,
);
console.log(
  `by hand: 1 command (keywright auth login --host URL), ${count(median(({ clicks }) => clicks))}, 0 questions in the terminal`,
);

async function once(t: TestContext) {
  const client = { id: "index", secret: "" };
  const options = { introspection: "", client, audience: "index", wheel: makeWheel(temporary(t, "wheel")) };
  const index = await startIndex(options);
  t.after(() => index.close());
  const here = await place(t, form!, broker(index.port));
  options.introspection = `${here.broker.url}/oauth2/introspect`;
  client.secret = await here.broker.client("index", "--resource", "index");
  plant(here.home, { ".config/keywright/config.yaml": person(index.port) });
  await invited(here);
  await here.tab.context.clearCookies(); // As on the next morning: a passkey, and no page open.
  const begun = performance.now();
  const login = here.start("keywright", "auth", "login", "--host", here.broker.url);
  const clicks = await approved(here);
  if ((await login.code) !== 0) throw new Error(login.said());
  const loggedIn = performance.now();
  const uv = [toolPath("installers", "uv"), "pip", "install", "--target", temporary(t, "site"), "--no-cache"];
  const source = [
    "--default-index",
    `http://token@127.0.0.1:${index.port}/simple/`,
    "--keyring-provider",
    "subprocess",
  ];
  const links = join(form!.program("keyring"), "..");
  const [program = "", ...argv] = [...uv, ...source, PACKAGE];
  await promisify(execFile)(program, argv, { env: { ...here.env, PATH: `${links}:/usr/bin:/bin` } });
  return { login: (loggedIn - begun) / 1000, install: (performance.now() - loggedIn) / 1000, clicks };
}

/** Clicks whatever the page has, until the program's own page is there; returns how often. */
async function approved({ tab: { page }, shown }: Place): Promise<number> {
  let clicks = 0;
  await page.goto(await shown());
  for (;;) {
    if (new URL(page.url()).hostname === "127.0.0.1") return clicks;
    const before = page.url();
    await page
      .getByRole("button", { name: /^(?:Use your passkey|Approve)/ })
      .first()
      .click();
    clicks += 1;
    await page.waitForURL((url) => url.href !== before);
  }
}

function broker(port: number): string {
  return `principals: [engineer]
stores:
  own: { backend: issue, options: { ttl: 600, username: token } }
refs:
  index: { store: own, match: "127.0.0.1:${port}", username: token, policy: demo }
policies:
  demo: { allowed_principals: [engineer], actions: [read] }
`;
}

function person(port: number): string {
  return `identity: { role: local_user, environment: dev, app: shell }
stores: { menda: { backend: menda, options: { profile: default } } }
refs: { index: { store: menda, match: "127.0.0.1:${port}", username: token, policy: registries } }
policies: { registries: { allowed_principals: [local_user], actions: [read] } }
`;
}
