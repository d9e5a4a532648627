// pass: the first line (or the whole) of an entry of a password store, from the program of that name and GnuPG behind it.
// It writes nothing and never looks into an entry's file.
import { statSync } from "node:fs";
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { decryptionFailure } from "../io/gpg-failure.ts";
import type { Captured, Environment } from "../io/spawn.ts";
import type { Terminal } from "../io/terminal.ts";
import { unlockingProgram } from "../io/unlocking.ts";
import { textOf } from "../io/utf8.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf } from "../resolver/location.ts";
import { isFolder, notText } from "../resolver/secret-faults.ts";
import type { SecretStore } from "../resolver/store.ts";
import { Secret } from "../secret.ts";
import { passRef, passStore } from "./pass-options.ts";

export interface PassBackendOptions {
  readonly env: Environment;
  /** undefined: there is none, so each store must name its folder. */
  readonly home: string | undefined;
  /** Defaults to our own. */
  readonly terminal?: (() => Terminal | undefined) | undefined;
}

export function passBackend({ env, home, terminal }: PassBackendOptions): Backend {
  const program = unlockingProgram({
    program: "pass",
    env,
    terminal,
    proof: { argv: ["version"], says: /the standard unix password manager/ },
    remedies: {
      absent: "Install pass (passwordstore.org); of the PATH only absolute folders count.",
      other: "Put the pass of passwordstore.org first on the PATH.",
    },
  });
  return {
    async retrieve(location) {
      const { store, ref } = location;
      const path = secretPathOf(location);
      const { timeout } = passStore(store);
      const { body } = passRef(ref, store);
      const folder = folderOf(store, home);
      const run = await program(timeout);
      // pass prints the tree of a folder, with exit code 0, when there is no entry of that name.
      if (kindOf(join(folder, `${path}.gpg`)) !== "file" && kindOf(join(folder, path)) === "folder")
        throw isFolder(location);
      const set = { PASSWORD_STORE_DIR: folder, PASSWORD_STORE_GPG_OPTS: "--status-fd 2" };
      const shown = shownBy(await run(["show", "--", path], set), store);
      if (shown === undefined) return undefined;
      const text = textOf(body ? shown : firstLineOf(shown));
      if (text === undefined) throw notText(location);
      return new Secret(text);
    },
    async check(store) {
      const folder = folderOf(store, home);
      await program(passStore(store).timeout);
      if (kindOf(join(folder, ".gpg-id")) !== "file") throw noStore(store, "a password store (.gpg-id)");
    },
  };
}

/** Throws `backend` when it is not there: pass itself would say that the entry is missing. */
function folderOf(store: SecretStore, home: string | undefined): string {
  const folder = passStore(store).folder ?? (home === undefined ? undefined : join(home, ".password-store"));
  if (folder !== undefined && kindOf(folder) === "folder") return folder;
  throw noStore(store, "a folder");
}

function noStore(store: SecretStore, lacking: string): KeywrightError {
  return new KeywrightError(
    "backend",
    `store ${store.name}: where its password store should be is not ${lacking}`,
    {
      hint: "Run `pass init`, or set the store's option `folder` (pass's default is ~/.password-store).",
    },
  );
}

function kindOf(path: string): "file" | "folder" | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? "file" : stats?.isDirectory() === true ? "folder" : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: there is no such entry. Neither output is quoted: one holds the value, the other may hold paths. */
function shownBy({ code, stdout, stderr }: Captured, store: SecretStore): Buffer | undefined {
  if (code === 0) return stdout;
  const said = stderr.toString();
  if (/^Error: .* is not in the password store\.\s*$/m.test(said)) return undefined;
  const failure = decryptionFailure(said);
  if (failure !== undefined)
    throw new KeywrightError(failure.code, `store ${store.name} ${failure.what}`, { hint: failure.hint });
  if (/sneaky path/.test(said))
    throw new KeywrightError("configuration", `store ${store.name}: pass refuses the path`);
  throw new KeywrightError("backend", `store ${store.name}: pass ended with exit code ${code}`, {
    hint: "Run `pass show` for this entry by hand to see what it says.",
  });
}

function firstLineOf(shown: Buffer): Buffer {
  const end = shown.indexOf("\n");
  return end === -1 ? shown : shown.subarray(0, end);
}
