// Folders of age files for tests: made with the library, or with the real programs `age` and `age-keygen` (Debian: age).
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import type { SecretStore } from "../../src/resolver/store.ts";

export const FIXTURE = join(import.meta.dirname, "..", "fixtures", "gopass-age");
/** Of the fixture's identities (test/fixtures/gopass-age/config-gopass-age/identities). */
export const PASSPHRASE = "throwaway";

export interface AgeHouse {
  readonly folder: string;
  /** A key file of its own, and what encrypts for it. */
  readonly keyFile: string;
  readonly recipient: string;
  put(path: string, value: Uint8Array): Promise<void>;
  file(path: string, content: string | Uint8Array, mode?: number): string;
  remove(): void;
}

export async function ageHouse(): Promise<AgeHouse> {
  const home = mkdtempSync(join(tmpdir(), "keywright-age-"));
  const folder = join(home, "store");
  mkdirSync(folder, { mode: 0o700 });
  const file: AgeHouse["file"] = (path, content, mode = 0o600) => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
    rmSync(whole, { force: true });
    writeFileSync(whole, content, { mode });
    chmodSync(whole, mode);
    return whole;
  };
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const keyFile = file("key.txt", `# created: today\n# public key: ${recipient}\n${identity}\n`);
  return {
    folder,
    keyFile,
    recipient,
    file,
    async put(path, value) {
      file(`store/${path}.age`, await encrypted(value, recipient));
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export async function encrypted(value: string | Uint8Array, recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(typeof value === "string" ? value : Uint8Array.from(value));
}

/** A passphrase with little work, so that tests are quick. */
export async function encryptedByPassphrase(
  value: string,
  passphrase: string,
  work = 10,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(work);
  encrypter.setPassphrase(passphrase);
  return encrypter.encrypt(value);
}

export function ageStore(options: SecretStore["options"], root = ""): SecretStore {
  return { name: "safe", backend: "age", root, options };
}

/** The store that gopass wrote, with the rights that gopass gives its files: a checkout does not keep them. */
export function gopassFixture(house: AgeHouse): { readonly folder: string; readonly identities: string } {
  const folder = join(house.folder, "..", "gopass");
  cpSync(FIXTURE, folder, { recursive: true });
  const identities = join(folder, "config-gopass-age", "identities");
  for (const path of [identities, join(folder, "key.txt")]) chmodSync(path, 0o600);
  for (const path of [folder, dirname(identities), join(folder, "store")]) chmodSync(path, 0o700);
  return { folder: join(folder, "store"), identities };
}

/** Runs `age` or `age-keygen`; `typed`: at a terminal, which asks for a passphrase. */
export function runAge(program: "age" | "age-keygen", argv: readonly string[], typed?: string): string {
  const [file, words] =
    typed === undefined
      ? [program, argv]
      : ["script", ["-qec", [program, ...argv].map((word) => `'${word}'`).join(" "), "/dev/null"]];
  const { status, stdout, stderr } = spawnSync(file, words, {
    input: typed,
    encoding: "utf8",
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}
