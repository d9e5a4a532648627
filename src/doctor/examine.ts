// All checks, in the order in which their findings are told: from the ground up. A check that cannot read a file becomes a
// finding itself.
import type { Http } from "../io/http.ts";
import {
  indexes,
  pipProvider,
  pipUsername,
  poetryChecks,
  uvAuthenticate,
  uvProvider,
  uvStored,
} from "./client-checks.ts";
import type { Finding } from "./finding.ts";
import { cacheNotOurs, configInvalid, fileWritable, homeUnset, secretReadable } from "./home-checks.ts";
import {
  backendFixed,
  keyringInProject,
  keyringOnPath,
  predecessorBeside,
  shimMissing,
} from "./keyring-checks.ts";
import { mendaAccounts, mendaConfigFile, mendaPartial } from "./menda-checks.ts";
import { askHosts, caUnusable, proxyUnusable } from "./network-checks.ts";
import { patientOf, unreadable, type Check, type Examined } from "./patient.ts";
import { netrc, tokenInIndexes, tokenInNpmrc, tokenInProject, tokenInPypirc } from "./token-checks.ts";

const CHECKS: readonly Check[] = [
  homeUnset,
  configInvalid,
  fileWritable,
  cacheNotOurs,
  mendaConfigFile,
  mendaPartial,
  mendaAccounts,
  keyringOnPath,
  keyringInProject,
  predecessorBeside,
  shimMissing,
  backendFixed,
  pipProvider,
  pipUsername,
  uvProvider,
  uvAuthenticate,
  uvStored,
  poetryChecks,
  indexes,
  netrc,
  tokenInIndexes,
  tokenInPypirc,
  tokenInNpmrc,
  tokenInProject,
  secretReadable,
  proxyUnusable,
  caUnusable,
];

/** `http` undefined: nobody is asked. Errors first, each finding once. */
export async function examine(examined: Examined, http: Http | undefined): Promise<readonly Finding[]> {
  const { patient, findings } = patientOf(examined);
  const found = [...findings];
  for (const check of CHECKS) {
    try {
      found.push(...check(patient));
    } catch (thrown) {
      found.push(unreadable(thrown));
    }
  }
  if (http !== undefined) found.push(...(await askHosts(patient, http)));
  const once = new Map(found.map((one) => [`${one.id} ${one.cause}`, one]));
  return [...once.values()].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
}
