// Runs in a session bus of its own with an open keyring (keychain.test.ts): does what it is told, and prints what came of it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dpopKey, dpopKeyPath } from "../../src/account/login/dpop-key.ts";
import { loginFileOf, loginStore } from "../../src/account/login/login-store.ts";
import { keychain } from "../../src/io/keychain.ts";
import { Secret } from "../../src/secret.ts";
import { aLogin, NOW } from "../account/login/login.ts";

const env = process.env;
const home = env["HOME"] ?? "";
const clock = { now: () => NOW };
const chain = keychain(env);
const fault = (work: () => unknown): string => {
  try {
    return `no error: ${String(work())}`;
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    return `${code}: ${message}`;
  }
};
const lock = (): void => {
  const call = "--dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock";
  const of = "array:objpath:/org/freedesktop/secrets/collection/login";
  spawnSync("dbus-send", ["--session", "--print-reply", ...call.split(" "), of]);
};

const value = 'canary "quoted" \\ %\n\u00e9';
const seen: Record<string, unknown> = {};
seen["absent"] = chain.find("a") ?? null;
chain.keep("a", value);
seen["kept"] = chain.find("a") === value;
chain.keep("a", "second");
seen["replaced"] = chain.find("a");
seen["other"] = chain.find("b") ?? null;
seen["forgotten"] = [chain.forget("a"), chain.forget("a"), chain.find("a") ?? null];

const store = loginStore({ home, env, clock, place: "keychain" });
const login = aLogin({ refreshToken: new Secret("canary-refresh-in-keychain") });
store.keep(login);
const file = loginFileOf(home, login.host, login.profile);
seen["file"] = readFileSync(file, "utf8").includes("canary-refresh");
seen["refresh"] = store.find(login.host, login.profile)?.refreshToken?.reveal();
// Who refreshes it knows nothing of the configuration.
const found = loginStore({ home, env, clock }).find(login.host, login.profile);
if (found !== undefined) {
  const next = { ...found, refreshToken: new Secret("canary-refresh-next") };
  await store.alone(login.host, login.profile, async () => loginStore({ home, env, clock }).keep(next));
}
seen["refreshed"] = store.find(login.host, login.profile)?.refreshToken?.reveal();
seen["still"] = readFileSync(file, "utf8").includes("canary-refresh");
const key = dpopKey(home, { env, clock, place: "keychain" });
seen["key"] = [
  key.thumbprint === dpopKey(home, { env, clock }).thumbprint,
  key.proof({ method: "GET", url: "https://a.example" }).split(".").length,
];
seen["keyFile"] = readFileSync(dpopKeyPath(home), "utf8").includes('"d"');
chain.keep("c", "third");

lock();
seen["locked"] = {
  find: fault(() => chain.find("c")),
  keep: fault(() => chain.keep("d", "x")),
  forget: fault(() => chain.forget("c")),
  login: fault(() => store.find(login.host, login.profile)),
  glance: store.glance(login.host, login.profile)?.kept,
  key: fault(() => dpopKey(home, { env, clock })),
};
process.stdout.write(JSON.stringify(seen));
