// age: values in age files below a folder, single ones or a gopass age store, decrypted in this process. It starts no
// program, asks for no passphrase, and knows neither plugins nor SSH keys.
import { join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { assertFolder, isFolder, readBelow } from "../io/below.ts";
import type { Environment } from "../io/spawn.ts";
import { textOf } from "../io/utf8.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf, type Location } from "../resolver/location.ts";
import { isFolder as leadsToFolder, notText } from "../resolver/secret-faults.ts";
import { Secret } from "../secret.ts";
import { createIdentities } from "./age-identities.ts";
import { ageRefOptions, ageSettings, type AgeSettings } from "./age-options.ts";

/** Bytes of a file: 1 MB of text, armored, with room. */
const MOST = 4 * 1024 * 1024;

export function ageBackend({ env }: { readonly env: Environment }): Backend {
  const identities = createIdentities(env);
  return {
    async retrieve(location) {
      const { ref, store } = location;
      const settings = ageSettings(store);
      const { body } = ageRefOptions(ref, store);
      const whose = `ref ${ref.name} of store ${store.name}`;
      const file = encrypted(settings, location, whose);
      if (file === undefined) return undefined;
      const opener = await identities.openerFor(store.name, settings);
      const text = textOf(await opener.open(file, whose));
      if (text === undefined) throw notText(location);
      if (settings.format === "raw") return new Secret(text);
      return new Secret(body ? wholeEntry(text) : firstLine(text, location, whose));
    },
    async check(store) {
      const settings = ageSettings(store);
      assertFolder(settings.folder, `store ${store.name}`);
      await identities.openerFor(store.name, settings);
    },
  };
}

function encrypted({ folder }: AgeSettings, location: Location, whose: string): Buffer | undefined {
  const path = secretPathOf(location);
  const found = readBelow(folder, `${path}.age`, { whose, most: MOST });
  if (found.state === "read") return found.bytes;
  if (found.state === "missing" && !isFolder(join(folder, path))) return undefined;
  throw leadsToFolder(location);
}

/** As `gopass show -n`, which ends every entry with a newline. */
function wholeEntry(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** As `gopass show -n -o`: what stands before the first newline. */
function firstLine(text: string, { ref }: Location, whose: string): string {
  const end = text.indexOf("\n");
  const line = end === -1 ? text : text.slice(0, end);
  // gopass refuses these too: the entry has only a body, or is a file that `gopass cat` wrote, with its headers.
  const isHeader = /^content-(type|disposition|transfer-encoding):/i.test(line);
  if (!isHeader && (line !== "" || text.trim() === "")) return line;
  throw new KeywrightError("backend", `${whose}: the entry has no password in its first line`, {
    hint: `Give ref ${ref.name} the options { body: true } for all of it.`,
  });
}
