// GnuPG homes for the tests, each with its own agent that ends with the test: one with the fixture's key, one with a key
// that has a passphrase, and one with none.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface GpgHome {
  readonly folder: string;
  /** A key's id or fingerprint, as `.gpg-id` has it; undefined: there is none. */
  readonly key: string | undefined;
  /** Encrypts for the key, into a new file. */
  encrypt(file: string, value: Uint8Array): void;
  /** What the agent asks people with: the body of a shell script. It writes its process's id into `pinentry.pid`. */
  pinentry(script: string): void;
  /** The last pinentry that was started, while it runs. */
  pinentryPid(): number | undefined;
  close(): void;
}

const FIXTURE = join(import.meta.dirname, "..", "fixtures", "gopass-gpg");

export function gpgHome(kind: "fixture" | "passphrase" | "empty"): GpgHome {
  const folder = mkdtempSync(join(tmpdir(), "keywright-gpg-"));
  chmodSync(folder, 0o700);
  const gpg = (args: readonly string[], input?: Uint8Array): string => run("gpg", folder, args, input);
  const script = join(folder, "pinentry.sh");
  // The usual number is measured first, for seconds.
  const settings = "s2k-count 65536\n";
  writeFileSync(join(folder, "gpg-agent.conf"), settings);
  let key: string | undefined;
  if (kind === "fixture") {
    gpg(["--batch", "--import", join(FIXTURE, "secret-key.asc")]);
    key = readFileSync(join(FIXTURE, "store", ".gpg-id"), "utf8").trim();
  }
  if (kind === "passphrase") key = keyWithPassphrase(gpg);
  return {
    folder,
    key,
    encrypt: (file, value) =>
      void gpg(["--batch", "--yes", "--trust-model", "always", "-r", key ?? "", "-o", file, "-e"], value),
    pinentry(body) {
      writeFileSync(script, `#!/bin/sh\necho $$ > '${folder}/pinentry.pid'\n${body}\n`, { mode: 0o700 });
      writeFileSync(join(folder, "gpg-agent.conf"), `${settings}pinentry-program ${script}\n`);
      run("gpgconf", folder, ["--kill", "gpg-agent"]);
    },
    pinentryPid() {
      try {
        const pid = Number(readFileSync(join(folder, "pinentry.pid"), "utf8"));
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(script) ? pid : undefined;
      } catch {
        return undefined;
      }
    },
    close() {
      run("gpgconf", folder, ["--kill", "all"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function keyWithPassphrase(gpg: (args: readonly string[]) => string): string {
  const secret = ["--batch", "--pinentry-mode", "loopback", "--passphrase", "throw-away"];
  gpg([
    ...secret,
    "--quick-generate-key",
    "throw away <t@keywright.example>",
    "ed25519",
    "cert,sign",
    "never",
  ]);
  const listed = gpg(["--batch", "--list-keys", "--with-colons"]);
  const key = /^fpr:.*:([0-9A-F]{40}):/m.exec(listed)?.[1] ?? "";
  gpg([...secret, "--quick-add-key", key, "cv25519", "encr", "never"]);
  return key;
}

function run(program: string, home: string, args: readonly string[], input?: Uint8Array): string {
  const env = { PATH: process.env["PATH"], HOME: home, GNUPGHOME: home, LC_ALL: "C" };
  const { status, stdout, stderr } = spawnSync(program, args, { env, input: input ?? Buffer.alloc(0) });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${String(stderr)}`);
  return String(stdout);
}
