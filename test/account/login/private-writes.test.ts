// Every file that a login leaves, seen from the kernel with the most careless umask: each is made so that nobody else can read
// it, and is never opened up afterwards, not even for a moment.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mendaHome } from "../home.ts";
import { NOW } from "./login.ts";

const SCRIPT = `
import { dpopKey } from "${new URL("../../../src/account/login/dpop-key.ts", import.meta.url).href}";
import { loginStore } from "${new URL("../../../src/account/login/login-store.ts", import.meta.url).href}";
import { shareLogin } from "${new URL("../../../src/account/login/share-login.ts", import.meta.url).href}";
import { aLogin } from "${new URL("./login.ts", import.meta.url).href}";
process.umask(0);
const home = process.env.HOME;
const clock = { now: () => ${NOW} };
dpopKey(home, { clock, env: {} });
const store = loginStore({ home, env: {}, clock });
store.keep(aLogin());
const login = store.find("https://menda.example", "default");
await store.alone(login.host, login.profile, async () => store.keep({ ...login, refreshedAt: ${NOW} }));
shareLogin(home, "default", { accessToken: login.accessToken, expiresIn: 600 }, clock);
`;

test("strace: key, login and shared login are 0600 from their first byte, in folders of 0700", (t) => {
  const home = mendaHome(t);
  // A cache that menda-cli has made as it makes it: everybody may read it.
  mkdirSync(join(home.tokens, ".."), { recursive: true, mode: 0o755 });
  writeFileSync(home.tokens, "[theirs]\naccess_token = a\n", { mode: 0o644 });
  const trace = join(home.path, "trace");
  const calls = "openat,open,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,rename,renameat,renameat2,link,linkat";
  const { status, stderr } = spawnSync(
    "strace",
    [
      "-f",
      "-qq",
      "-y",
      "-o",
      trace,
      "-e",
      `trace=${calls}`,
      process.execPath,
      "--input-type=module",
      "-e",
      SCRIPT,
    ],
    { env: { PATH: process.env["PATH"], HOME: home.path }, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  const lines = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => line.includes(home.path));
  const made = lines.filter((line) => /O_CREAT|creat\(/.test(line));
  assert.ok(made.length >= 4, lines.join("\n"));
  for (const line of made) assert.match(line, /O_CREAT\|O_EXCL.*, 0600\)/, line);
  for (const line of lines.filter((one) => /mkdir/.test(one))) assert.match(line, /, 0700\)/, line);
  for (const line of lines.filter((one) => /chmod/.test(one))) assert.match(line, /, 0[67]00\)/, line);
  // Whatever is written reaches its name by a rename of such a file.
  const opened = lines.filter((line) => /open/.test(line) && /O_WRONLY|O_RDWR/.test(line));
  assert.deepEqual(
    opened.filter((line) => !line.includes('.new"')),
    [],
  );
});
