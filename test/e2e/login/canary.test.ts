// The canary of logins: refresh tokens, device and user codes, authorization codes, verifiers, id_tokens, the provider's
// tokens, cookies, invitations and DPoP keys of real logins are taken from the processes' own system calls, and looked for
// in every log, audit, database, file and argument.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { found, foundBelow, watchArguments, type Canary } from "../canaries.ts";
import { FORMS, temporary } from "../programs.ts";
import { oidcProvider } from "../peers/oidc-provider.ts";
import { overheard, secretsIn, tracedInto } from "./overheard.ts";
import { ADDRESS, BROKER, decided, invited, place, started, type Place } from "./place.ts";

for (const form of FORMS) {
  test(`${form.name}: a login by passkey leaves its secrets nowhere`, async (t) => {
    const here = await place(t, form);
    const broker = await overheard(t, here.broker.pid);
    const watch = watchArguments([]);
    await invited(here);
    const heard = [
      await login(t, here, form, "--device"),
      await login(t, here, form, "--browser"),
      await login(t, here, form, "--share-with-menda"),
    ];
    heard.push(await broker.end());
    const canaries = [...secretsIn(heard.join("\n")), ...keysOf(here)];
    covers(canaries, [
      "refresh token",
      "device code",
      "authorization code",
      "invitation",
      "verifier",
      "cookie",
      "DPoP key",
    ]);
    const codes = userCodes(heard.slice(0, 3).join("\n"));
    assert.ok(codes.length >= 2);
    await nowhere(here, canaries, codes);
    assert.deepEqual(watch.end(0), []);
  });

  test(`${form.name}: a login through a provider leaves its secrets nowhere`, async (t) => {
    const provider = await oidcProvider(t);
    const users = `users:
  provider:
    issuer: ${provider.url}
    client_id: broker
    private_network: true
    scopes: [openid, offline_access]
    principals: [{ claim: sub, has: alice, principal: engineer }]
`;
    const here = await place(t, form, `${BROKER}${users}`);
    provider.add({
      client_id: "broker",
      redirect_uris: [`${here.broker.url}/login/callback`],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      application_type: "native",
    });
    const broker = await overheard(t, here.broker.pid);
    const client = await login(t, here, form, "--browser");
    const canaries = [...secretsIn(`${client}\n${await broker.end()}`), ...keysOf(here)];
    covers(canaries, [
      "refresh token",
      "authorization code",
      "verifier",
      "cookie",
      "id_token",
      "provider's tokens",
      "DPoP key",
    ]);
    await nowhere(here, canaries);
  });
}

/** What the client said and heard, its own words included, which must hold no secret. */
async function login(
  t: Parameters<typeof place>[0],
  here: Place,
  form: Parameters<typeof place>[1],
  way: string,
): Promise<string> {
  const trace = join(temporary(t, "trace"), "calls");
  const argv = [
    form.program("keywright"),
    "--log-level",
    "debug",
    "auth",
    "login",
    "--host",
    here.broker.url,
    way,
  ];
  const env = { ...here.env, KEYWRIGHT_LOG: "debug" };
  const asked = started(t, "/usr/bin/strace", [...tracedInto(trace), ...argv], env);
  const address = await asked.says(
    /(http:\/\/localhost:\d+\/(?:device\?user_code=[A-Z-]+|oauth2\/authorize\?\S+))/,
  );
  await decided(here, address);
  assert.equal(await asked.code, 0, asked.said());
  const keyring = started(t, form.program("keyring"), ["get", ADDRESS, "token"], env);
  assert.equal(await keyring.code, 0, keyring.said());
  const heard = readFileSync(trace, "latin1");
  assert.deepEqual(found(asked.said() + asked.out() + keyring.said(), secretsIn(heard)), []);
  return heard;
}

function keysOf({ home }: Place): readonly Canary[] {
  const state = join(home, ".local/state/keywright");
  return readdirSync(state, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    if (!/dpop-key/.test(name)) return [];
    try {
      const text = readFileSync(join(state, name), "utf8");
      const body = text.replace(/-----[^-]+-----|\s/g, "").slice(30, 70);
      return [{ name: "DPoP key", value: body }];
    } catch {
      return [];
    }
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // A folder, or the socket.
  }
}

function covers(canaries: readonly Canary[], kinds: readonly string[]): void {
  const names = new Set(canaries.map(({ name }) => name));
  assert.deepEqual(
    kinds.filter((kind) => !names.has(kind)),
    [],
    [...names].join(),
  );
}

/** With or without its dash; it is too short for the other forms. */
function userCodes(text: string): readonly string[] {
  return [...text.matchAll(/\b([BCDFGHJKLMNPQRSTVWXZ]{4})-([BCDFGHJKLMNPQRSTVWXZ]{4})\b/g)].map(
    ([code]) => code,
  );
}

async function nowhere(
  { broker, home }: Place,
  canaries: readonly Canary[],
  codes: readonly string[] = [],
): Promise<void> {
  const kept = (): string => {
    const files = readdirSync(broker.data, { recursive: true, encoding: "utf8" });
    return files.map((file) => textOf(join(broker.data, file))).join();
  };
  const everything = `${kept()}${broker.said()}`;
  for (const code of codes)
    for (const form of [code, code.replace("-", "")])
      assert.ok(!everything.includes(form), "a user code is kept");
  const shown = await broker.keywright("audit", "show", "--json", "--data", broker.data);
  assert.match(shown, /login_approved/);
  assert.deepEqual(found(shown, canaries), []);
  assert.deepEqual(
    found(await broker.keywright("user", "sessions", "--json", "--data", broker.data), canaries),
    [],
  );
  assert.deepEqual(foundBelow(broker.data, canaries), []);
  await broker.stop();
  assert.deepEqual(found(broker.said(), canaries), []);
  assert.deepEqual(foundBelow(broker.data, canaries), []);
  const own = (file: string): readonly Canary[] => {
    const of = (...names: readonly string[]): readonly Canary[] =>
      canaries.filter(({ name }) => names.includes(name));
    if (/state\/keywright\/logins\//.test(file)) return of("refresh token", "access or registry token");
    if (/dpop-key/.test(file)) return of("DPoP key");
    if (/cache\/keywright\/leases\//.test(file)) return of("access or registry token");
    if (file.endsWith(".menda/tokens/cache/.token")) return of("access or registry token");
    return [];
  };
  assert.deepEqual(foundBelow(home, canaries, own), []);
}
