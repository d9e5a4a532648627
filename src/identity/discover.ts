// Who runs here, as far as the machine itself tells: its name, and what kind of container this is. The rest is said by the
// configuration, and only asserted.
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { Known, RuntimeIdentity } from "../resolver/identity.ts";

/** Files that only a container of that kind has, in the order in which they are looked for. */
const MARKS = [
  ["/var/run/secrets/kubernetes.io/serviceaccount", "kubernetes-pod"],
  ["/.dockerenv", "docker-container"],
  ["/run/.containerenv", "podman-container"],
] as const;
const NO_CONTAINER = "local-process";

/** What the discovery looks at; for tests, and for machines that are put together otherwise. */
export interface Sights {
  /** Defaults to the host name. */
  readonly hostname?: string | undefined;
  /** True when this file or folder exists. */
  readonly exists?: ((path: string) => boolean) | undefined;
}

/** The host name up to its first dot, in lower case: what a configuration chooses by, no unique name of the hardware. */
export function discoverMachine(sights: Pick<Sights, "hostname"> = {}): string {
  return (sights.hostname ?? hostname()).split(".", 1)[0]?.toLowerCase() ?? "";
}

/** `kubernetes-pod`, `docker-container`, `podman-container`, or `local-process` when there is no mark of any. */
export function discoverSubstrate({ exists = existsSync }: Pick<Sights, "exists"> = {}): string {
  return MARKS.find(([file]) => exists(file))?.[1] ?? NO_CONTAINER;
}

export function isContainer(substrate: string): boolean {
  return substrate !== NO_CONTAINER;
}

/** `role`, `environment` and `app` come from the configuration, so they are only asserted. */
export function discoverIdentity(asserted: {
  readonly role: string;
  readonly environment: string;
  readonly app: string;
}): RuntimeIdentity {
  return {
    app: said(asserted.app),
    environment: said(asserted.environment),
    machine: seen(discoverMachine()),
    substrate: seen(discoverSubstrate()),
    role: said(asserted.role),
  };
}

function said(value: string): Known {
  return { value, attestation: "asserted" };
}

function seen(value: string): Known {
  return { value, attestation: "discovered" };
}
