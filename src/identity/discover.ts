// Who runs here, for the command line: machine and substrate are discovered, the rest is what the configuration asserts.
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { Known, RuntimeIdentity } from "../resolver/identity.ts";

/** Files that only a container of that kind has, in the order in which they are looked for. */
const MARKS = [
  ["/var/run/secrets/kubernetes.io/serviceaccount", "kubernetes-pod"],
  ["/.dockerenv", "docker-container"],
  ["/run/.containerenv", "podman-container"],
] as const;

/** `role`, `environment` and `app` come from the configuration, so they are only asserted. */
export function discoverIdentity(asserted: {
  readonly role: string;
  readonly environment: string;
  readonly app: string;
}): RuntimeIdentity {
  return {
    app: said(asserted.app),
    environment: said(asserted.environment),
    machine: seen(hostname().split(".", 1)[0]?.toLowerCase() ?? ""),
    substrate: seen(MARKS.find(([file]) => existsSync(file))?.[1] ?? "local-process"),
    role: said(asserted.role),
  };
}

function said(value: string): Known {
  return { value, attestation: "asserted" };
}

function seen(value: string): Known {
  return { value, attestation: "discovered" };
}
