// `keywright auth login` as a process on a real terminal (a pty): what is drawn, and that Ctrl-C leaves neither file nor port.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync, chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { deviceCloud, json, PENDING, TOKENS } from "../account/login/device-cloud.ts";
import { mendaHome, type MendaHome } from "../account/home.ts";
import { recordingServer } from "../io/servers.ts";

const KEYWRIGHT = join(import.meta.dirname, "..", "..", "bin", "keywright");

/** Runs the words on a terminal of that size; types the answer to each pattern when it is seen; prints all that was drawn. */
const TYPIST = `
import fcntl, json, os, pty, re, struct, sys, termios
rows, columns, script, *argv = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0: os.execv(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
seen, at = b'', 0
def more():
    global seen
    try: part = os.read(fd, 4096)
    except OSError: part = b''
    seen += part
    return part != b''
for pattern, answer in json.loads(script):
    while True:
        found = re.search(pattern.encode(), seen[at:])
        if found or not more(): break
    if found:
        at += found.end()
        os.write(fd, answer.encode())
while more(): pass
os.write(1, seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;

interface Drawn {
  readonly code: number | null;
  readonly text: string;
}

type Typing = readonly (readonly [pattern: string, answer: string])[];

function onTerminal(
  home: MendaHome,
  argv: readonly string[],
  {
    typing,
    rows = 50,
    columns = 120,
    env = {},
  }: { typing: Typing; rows?: number; columns?: number; env?: Record<string, string> },
): Promise<Drawn> {
  const words = ["-c", TYPIST, String(rows), String(columns), JSON.stringify(typing), KEYWRIGHT, ...argv];
  const child = spawn("python3", words, {
    env: { PATH: process.env["PATH"], HOME: home.path, TERM: "xterm", LANG: "C.UTF-8", ...env },
    timeout: 60_000,
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stderr.on("data", (part: Buffer) => parts.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, text: Buffer.concat(parts).toString() }));
  });
}

async function cloudFor(t: TestContext, polls: readonly string[]) {
  const cloud = await deviceCloud({ polls, whoami: json(200, { username: "änn" }) });
  t.after(() => cloud.close());
  return cloud;
}

const CTRL_C: Typing = [["waiting for you", "\u0003"]];
const QR = /█▀▀▀▀▀█|▄▄▄▄▄▄▄|█▀▀▀▀▀▀▀█/;

test("on a terminal: the code, a QR code, a count-down; Ctrl-C ends with 130 and leaves nothing", async (t) => {
  const cloud = await cloudFor(t, [PENDING]);
  const home = mendaHome(t);
  const { code, text } = await onTerminal(home, ["auth", "login", "--host", cloud.host], { typing: CTRL_C });
  assert.equal(code, 130, text);
  assert.match(
    text,
    /go to\r\n {2}http:\/\/\S+\/device\?user_code=BCDF-GHJK\r\nand confirm this code if it is the same there: BCDF-GHJK\r\n/,
  );
  assert.match(text, QR);
  assert.match(text, /waiting for you, (10:00|9:5\d) left \(Ctrl-C to stop\)/);
  assert.match(text, /Aborted\.\r\n$/);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /\u001b\[[0-9;]*m/, "no colour");
  // It was looked whether a login could be kept; nothing was.
  assert.deepEqual(
    filesBelow(home.path).filter((name) => /^\.(?:menda|local)/.test(name)),
    [],
  );
});

function filesBelow(folder: string): readonly string[] {
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return all.filter((name) => statSync(join(folder, name)).isFile());
}

test("on a small terminal there is no QR code; with --no-qr on none", async (t) => {
  const cloud = await cloudFor(t, [PENDING]);
  const argv = ["auth", "login", "--host", cloud.host];
  const small = await onTerminal(mendaHome(t), argv, { typing: CTRL_C, rows: 12 });
  assert.doesNotMatch(small.text, QR);
  const narrow = await onTerminal(mendaHome(t), argv, { typing: CTRL_C, columns: 30 });
  assert.doesNotMatch(narrow.text, QR);
  const none = await onTerminal(mendaHome(t), [...argv, "--no-qr"], { typing: CTRL_C });
  assert.doesNotMatch(none.text, QR);
  assert.deepEqual([small.code, narrow.code, none.code], [130, 130, 130]);
});

test("a person is asked which host, and whether a profile may change, in any characters", async (t) => {
  const cloud = await cloudFor(t, [json(200, TOKENS)]);
  const home = mendaHome(t, { mendacfg: "[büro 漢字]\nhost = https://old.example\nauth_type = u2m\n" });
  const asked = await onTerminal(home, ["auth", "login"], { typing: [["Which host", `${cloud.host}\r`]] });
  assert.equal(asked.code, 0, asked.text);
  assert.match(asked.text, /✓ Logged in to \S+ as änn \(profile default\)/);
  const argv = ["auth", "login", "--profile", "büro 漢字", "--host", cloud.host];
  const no = await onTerminal(home, argv, { typing: [["change it to", "ñein\r"]] });
  assert.deepEqual([no.code, /nothing was changed/.test(no.text)], [2, true], no.text);
  const yes = await onTerminal(home, argv, { typing: [["change it to", "Y\r"]] });
  assert.equal(yes.code, 0, yes.text);
  assert.match(readFileSync(home.mendacfg, "utf8"), /\[büro 漢字\]\nhost = http:\/\/127/);
});

test("in the browser of this machine: it is opened with the page alone; Ctrl-C frees the port", async (t) => {
  let host = "";
  const server = await recordingServer(({ lines }) => {
    const metadata = {
      issuer: host,
      authorization_endpoint: `${host}/authorize`,
      token_endpoint: `${host}/token`,
      grant_types_supported: ["authorization_code"],
      dpop_signing_alg_values_supported: ["ES256"],
    };
    return lines[0]?.includes("/.well-known/") === true ? json(200, metadata) : json(404, {});
  });
  t.after(() => server.close());
  host = `http://127.0.0.1:${server.port}`;
  const home = mendaHome(t);
  const browser = join(home.path, "browser");
  // It says that it was started by what it leaves behind, and stays: Ctrl-C does not reach it.
  const trace = join(home.path, "trace");
  writeFileSync(
    browser,
    `#!/bin/sh\n{ echo "$#"; echo "$1"; env; } > '${trace}.new'; mv '${trace}.new' '${trace}'\necho noise; echo noise >&2\n`,
  );
  chmodSync(browser, 0o755);
  const env = { BROWSER: browser, MENDA_CLIENT_SECRET: "canary-secret", SOME_TOKEN: "canary-token" };
  const { code, text } = await onTerminal(home, ["auth", "login", "--host", host], { typing: CTRL_C, env });
  assert.equal(code, 130, text);
  assert.doesNotMatch(text, /noise|canary/);
  const page = /look at the browser that opens, or go to\r\n {2}(\S+)\r\n/.exec(text)?.[1] ?? "";
  const [count, shown, ...inherited] = readFileSync(trace, "utf8").split("\n");
  assert.deepEqual([count, shown], ["1", page]);
  assert.doesNotMatch(inherited.join("\n"), /canary/);
  const back = new URL(new URL(page).searchParams.get("redirect_uri") ?? "");
  const open = await new Promise((resolve) => {
    const socket = connect(Number(back.port), "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  assert.equal(open, false);
});

test("without a terminal: plain lines, no QR code, nothing twice; the answer alone on standard output", async (t) => {
  const cloud = await cloudFor(t, [json(200, TOKENS)]);
  const home = mendaHome(t);
  const child = spawn(KEYWRIGHT, ["auth", "login", "--host", cloud.host, "--json", "--qr"], {
    env: { PATH: process.env["PATH"], HOME: home.path, LANG: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part) => (out += part));
  child.stderr.on("data", (part) => (err += part));
  const code = await new Promise((resolve) => void child.on("close", resolve));
  assert.equal(code, 0, err);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(err, /[\u001b\r█▀]|waiting/);
  assert.doesNotMatch(`${out}${err}`, /canary/);
  assert.equal(err.match(/BCDF-GHJK$/gm)?.length, 2);
  assert.equal((JSON.parse(out) as Record<string, unknown>)["shared"], true);
});
