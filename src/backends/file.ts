// file: values in files of a folder that somebody else fills: Docker's and Kubernetes's secrets, systemd's credentials. It
// reads below the store's folder only, decrypts nothing, and takes no value that other users could have written.
import { isAbsolute } from "node:path";
import { KeywrightError } from "../errors.ts";
import { assertFolder, readBelow } from "../io/below.ts";
import type { Environment } from "../io/spawn.ts";
import { textOf } from "../io/utf8.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf } from "../resolver/location.ts";
import { isFolder, notText } from "../resolver/secret-faults.ts";
import type { SecretStore } from "../resolver/store.ts";
import { Secret } from "../secret.ts";
import { fileRef, fileStore, type FileStore, type TrailingNewline } from "./file-options.ts";

export function fileBackend({ env }: { readonly env: Environment }): Backend {
  return {
    async retrieve(location) {
      const { ref, store } = location;
      const path = secretPathOf(location);
      const settings = fileStore(store);
      const { trailingNewline = settings.trailingNewline } = fileRef(ref, store);
      const found = readBelow(folderIn(env, settings, store), path, {
        whose: `ref ${ref.name} of store ${store.name}`,
        most: settings.maxBytes,
        owners: settings.owners,
      });
      if (found.state === "missing") return undefined;
      if (found.state === "folder") throw isFolder(location);
      const text = textOf(found.bytes);
      if (text === undefined) throw notText(location);
      return new Secret(ended(text, trailingNewline));
    },
    async check(store) {
      const settings = fileStore(store);
      assertFolder(folderIn(env, settings, store), `store ${store.name}`, settings.owners);
    },
  };
}

function folderIn(env: Environment, { folder }: FileStore, store: SecretStore): string {
  if (typeof folder === "string") return folder;
  const { variable } = folder;
  const named = env[variable];
  if (named !== undefined && isAbsolute(named)) return named;
  const hint =
    variable === "CREDENTIALS_DIRECTORY"
      ? "systemd sets it for a service with LoadCredential= or SetCredential=; run as that service."
      : `Set ${variable} to the absolute path of the folder, or name the folder in the store's options.`;
  const fault = named === undefined ? "not set" : "no absolute path";
  throw new KeywrightError("backend", `store ${store.name}: ${variable} is ${fault}`, { hint });
}

/** Editors and `echo` end a file with a newline that is not part of the value; more than one is somebody's intention. */
function ended(text: string, trailingNewline: TrailingNewline): string {
  return trailingNewline === "strip" && text.endsWith("\n") ? text.slice(0, -1) : text;
}
