// What a client that asks for an address is about to do, as far as the address shows it. A table per package format, docs/actions.md
// explains it; where one address serves reading and publishing, it is publish. It decides nothing: the policy does.
import { parseAddress } from "./address.ts";
import type { Action } from "./ask.ts";
import { codeArtifactTarget, type CodeArtifactTarget } from "./codeartifact.ts";
import { PARTITION_NAMES } from "./partitions.ts";

/** What only ever is read, below a repository of CodeArtifact, as its path's segments. A format that is not here has no such thing. */
const READ_FORMS: Readonly<Record<string, (rest: readonly string[]) => boolean>> = {
  // PEP 503; files lie below it. An upload goes to the repository itself.
  pypi: ([first]) => first === "simple",
  // A tarball, alone or below a scope. Package documents are read and published at the same path.
  npm: (rest) =>
    (rest.length === 3 || (rest.length === 4 && rest[0]?.startsWith("@") === true)) &&
    rest.at(-2) === "-" &&
    rest.at(-1)?.endsWith(".tgz") === true,
  // The compact index and the gems; `gem push` goes to api/v1/gems.
  ruby: ([first, name, ...more]) =>
    more.length === 0 &&
    name !== undefined &&
    (first === "info" || (first === "gems" && name.endsWith(".gem"))),
  // Swift package registry: /{scope}/{name}/{version}.zip; a release is published at the same path without .zip.
  swift: (rest) => rest.length === 3 && rest[2]?.endsWith(".zip") === true,
};

/** Any text; one that is no address counts as publish. */
export function actionOf(text: string): Action {
  const address = parseAddress(text);
  const target =
    address === undefined || address === "disagree"
      ? undefined
      : codeArtifactTarget(address, PARTITION_NAMES);
  if (address !== undefined && address !== "disagree" && target !== undefined)
    return reads(target, address.path) ? "read" : "publish";
  const path = /^https?:\/\/[^/]+(\/.*)$/i.exec(text)?.[1] ?? "";
  return path.split("/").includes("simple") ? "read" : "publish";
}

function reads({ format, repository, form }: CodeArtifactTarget, path: string): boolean {
  if (format === undefined || repository === undefined) return false;
  const rest = path.split("/").slice(form === "vpce" ? 5 : 3);
  return READ_FORMS[format]?.(rest) === true;
}
