// Stands in for gopass 1.16.1, which no registry has: answers from what the real one answered (recorded.json) and from
// entries that a test puts there, by the rules that were measured. It refuses (99) what a careful caller would not send.
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";

export type Mode =
  | "1.16"
  | "1.17"
  | "hangs"
  | "uninitialised"
  | "no pinentry"
  | "wrong passphrase"
  | "no key"
  | "locked key"
  | "broken"
  | "another program"
  | "recorded age"
  | "recorded gpg";

export interface Call {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface StandIn {
  /** The folder to put on the PATH. */
  readonly bin: string;
  put(path: string, value: Uint8Array): void;
  mode(mode: Mode): void;
  calls(): readonly Call[];
  /** Of the processes that it started or was, those that still run. */
  running(): readonly number[];
  close(): void;
}

export const RECORDED = join(import.meta.dirname, "..", "fixtures", "gopass-recorded.json");

export function gopassStandIn(): StandIn {
  const place = mkdtempSync(join(tmpdir(), "keywright-gopass-"));
  const bin = join(place, "bin");
  mkdirSync(bin);
  mkdirSync(join(place, "entries"));
  const words = [CACHE, import.meta.filename, place].map((word) => JSON.stringify(word));
  const script = `require("node:module").enableCompileCache(${words[0]});\nrequire(${words[1]}).answer(${words[2]});\n`;
  writeFileSync(join(bin, "gopass"), `#!${process.execPath}\n${script}`, { mode: 0o755 });
  writeFileSync(join(place, "mode"), "1.16");
  const calls = (): readonly Call[] =>
    !existsSync(join(place, "calls"))
      ? []
      : readFileSync(join(place, "calls"), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Call);
  return {
    bin,
    put(path, value) {
      const file = join(place, "entries", `${path}.entry`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, value);
    },
    mode: (mode) => writeFileSync(join(place, "mode"), mode),
    calls,
    running: () =>
      calls()
        .map(({ pid }) => pid)
        .filter((pid) => isRunning(pid)),
    close: () => rmSync(place, { recursive: true }),
  };
}

/** Without it most of the time goes into stripping the types of this file. */
const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "keywright", "stand-in");

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const ENVIRONMENT =
  /^(HOME|USER|LOGNAME|PATH|TERM|TMPDIR|GNUPGHOME|GPG_TTY|PINENTRY_USER_DATA|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK|XDG_\w+|LC_\w+|LANG|LANGUAGE|GOPASS_(HOMEDIR|AGE_PASSWORD|GPG_OPTS|NO_NOTIFY|CONFIG_\w+)|CHECKPOINT_DISABLE|NO_COLOR)$/;
const OVERRIDES = ["show.autoclip", "show.safecontent", "core.autosync", "core.follow-references"];

/** The program: called with the folder of its place, in a process of its own. */
export function answer(place: string): void {
  const argv = process.argv.slice(2);
  appendFileSync(
    join(place, "calls"),
    `${JSON.stringify({ argv, pid: process.pid, env: process.env } satisfies Call)}\n`,
  );
  const mode = readFileSync(join(place, "mode"), "utf8") as Mode;
  if (mode === "another program") end(1, "Usage: gopass show [pass-name]\n");
  const fault = faultOf(argv);
  if (fault !== undefined) end(99, "", `the caller is careless: ${fault}\n`);
  if (argv[0] === "--version") end(0, "gopass 1.16.1-git+d601d3ef go1.26.8 linux amd64\n");
  if (mode === "hangs") return hang(place);
  if (mode === "uninitialised") end(6, "", "\nError: password-store is not initialized. Try 'gopass init'\n");
  if (argv.join(" ") === "ls --flat") end(0, `${entriesOf(join(place, "entries")).join("\n")}\n`);
  if (argv[0] !== "show") end(11, "", "\nError: entry is not in the password store\n");
  if (FAILURES[mode] !== undefined) end(11, "", FAILURES[mode]);
  const name = argv.at(-1) ?? "";
  if (mode === "recorded age" || mode === "recorded gpg") replay(mode.slice("recorded ".length), name, argv);
  show(join(place, "entries"), name, argv.includes("-o"), mode);
}

const FAILURES: { readonly [mode in Mode]?: string } = {
  "no pinentry":
    "❌ Decryption failed: pinentry: unexpected response: \n\nError: failed to retrieve secret\n",
  "wrong passphrase": "❌ Decryption failed: no identity matched any of the recipients\n",
  "no key": "[GNUPG:] ENC_TO B5 18 0\n[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: No secret key\n",
  "locked key":
    "[GNUPG:] KEY_CONSIDERED 025D 0\n[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: No secret key\n",
  broken: "panic: something that nobody knows about v-0123456789\n",
};

function faultOf(argv: readonly string[]): string | undefined {
  const input = fstatSync(0);
  if (!input.isCharacterDevice() || input.rdev !== statSync("/dev/null").rdev)
    return "standard input is open";
  if (process.cwd() !== "/") return "the working directory is somebody's";
  const name = Object.keys(process.env).find((each) => !ENVIRONMENT.test(each));
  if (name !== undefined) return `the environment has ${name}`;
  if (argv[0] === "show" && argv.at(-2) !== "--") return "the name is not behind --";
  if (argv[0] === "show" && !argv.includes("-n")) return "the entry would be parsed";
  if (argv[0] === "--version") return undefined;
  const { GOPASS_CONFIG_COUNT: count } = process.env;
  const keys = Array.from({ length: Number(count) }, (_, at) => process.env[`GOPASS_CONFIG_KEY_${at}`]);
  const off = keys.every((_, at) => process.env[`GOPASS_CONFIG_VALUE_${at}`] === "false");
  return off && OVERRIDES.every((key) => keys.includes(key)) ? undefined : "the user's settings count";
}

function replay(kind: string, name: string, argv: readonly string[]): never {
  const { recorded } = JSON.parse(readFileSync(RECORDED, "utf8")) as {
    recorded: Record<
      string,
      Record<string, Record<string, { exit: number; stdout_base64: string; stderr: string }>>
    >;
  };
  const command = argv.slice(0, -2).join(" ");
  const known = recorded[kind]?.[name]?.[command];
  if (known === undefined) end(98, "", `nothing is recorded for ${command} ${name}\n`);
  end(known.exit, Buffer.from(known.stdout_base64, "base64"), known.stderr);
}

function show(entries: string, name: string, password: boolean, mode: Mode): never {
  // gopass cleans the path, so it leads anywhere in its store.
  const path = posix.normalize(`/${name}`).slice(1).replace(/\/$/, "");
  const file = join(entries, `${path}.entry`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    const newline = bytes.indexOf("\n");
    const line = newline === -1 ? bytes : bytes.subarray(0, newline);
    const notFound = mode === "1.17" ? 10 : 11;
    if (password && line.length === 0)
      end(notFound, "", "\nError: no password to display, check the body of the entry instead\n");
    if (password) end(0, line);
    end(0, newline === bytes.length - 1 && newline >= 0 ? bytes : ended(bytes));
  }
  if (existsSync(join(entries, path))) {
    const children = entriesOf(join(entries, path)).map((child) => `├── ${child}\n`);
    end(0, `${path}/\n${children.join("")}\n`);
  }
  // 1.17 documents the code; the words are not promised.
  if (mode === "1.17") end(10, "", `\nError: failed to retrieve secret "${name}": there is none\n`);
  end(11, "", `\nError: failed to retrieve secret "${name}": entry is not in the password store\n`);
}

function ended(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from("\n")]);
}

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".entry"))
    .map((name) => name.slice(0, -".entry".length));
}

/** With a grandchild that holds the output open, as a pinentry would. */
function hang(place: string): void {
  const { pid } = spawn("/bin/sleep", ["300"], { stdio: ["ignore", "inherit", "inherit"] });
  appendFileSync(join(place, "calls"), `${JSON.stringify({ argv: ["sleep"], pid: pid ?? 0 })}\n`);
  spawnSync("/bin/sleep", ["300"]);
}

function end(code: number, stdout: string | Uint8Array, stderr = ""): never {
  const bytes = Buffer.from(stdout as string);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
  writeSync(2, stderr);
  process.exit(code);
}
