// Patient: what the checks look at, read once: the machine, the configuration in force, the settings of the clients, the
// Python environments. It judges nothing.
import type { Configuration } from "../config/configuration.ts";
import { pythonEnvironments, type PythonEnvironment } from "../clients/environments.ts";
import { pipSettings, uvSettings, type ClientSettings } from "../clients/settings.ts";
import type { Client } from "../clients/client.ts";
import type { Programs } from "../clients/keyring-link.ts";
import { onPath, type Machine } from "../io/machine.ts";
import type { Finding, FindingId } from "./finding.ts";

export interface Examined extends Programs {
  readonly machine: Machine;
  /** undefined: every client that is there. */
  readonly client: Client | undefined;
  /** undefined: it cannot be read; `configFault` says why. */
  readonly config: Configuration | undefined;
  readonly configFault: { readonly message: string; readonly hint: string | undefined } | undefined;
  /** Of an address without its user information; `foreign` for all while the configuration cannot be read. */
  readonly whose: (url: string) => "ours" | "refused" | "foreign";
  /** Epoch seconds. */
  readonly now: number;
}

export interface Patient extends Examined {
  readonly pip: ClientSettings;
  readonly uv: ClientSettings;
  readonly environments: readonly PythonEnvironment[];
  /** True when this client is asked about, or is there and nobody asked about another one. */
  uses(client: Client): boolean;
  isOurs(url: string): boolean;
}

export type Check = (patient: Patient) => readonly Finding[];

const NONE: ClientSettings = { providers: [], indexes: [] };
/** These have pip do the work, and so need its settings. */
const THROUGH_PIP: readonly Client[] = ["hatch", "pipx", "tox", "build", "pipenv"];

export function patientOf(examined: Examined): {
  readonly patient: Patient;
  readonly findings: readonly Finding[];
} {
  const { machine, client, whose } = examined;
  const findings: Finding[] = [];
  const read = (settings: (machine: Machine) => ClientSettings): ClientSettings => {
    try {
      return settings(machine);
    } catch (thrown) {
      findings.push(unreadable(thrown));
      return NONE;
    }
  };
  const [pip, uv] = [read(pipSettings), read(uvSettings)];
  const there = (name: Client): boolean => onPath(machine, name).length > 0;
  const patient: Patient = {
    ...examined,
    pip,
    uv,
    environments: pythonEnvironments(machine),
    uses(name) {
      if (client !== undefined)
        return (
          name === client ||
          (name === "pip" && THROUGH_PIP.includes(client)) ||
          (name === "uv" && client === "hatch")
        );
      const { indexes, providers } = name === "pip" ? pip : name === "uv" ? uv : NONE;
      return there(name) || indexes.length > 0 || providers.length > 0;
    },
    isOurs: (url) => whose(bare(url)) === "ours",
  };
  return { patient, findings };
}

/** An address without its user information. */
export function bare(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}

/** True when a file is not believed because of who may write it: that is a finding of its own. */
export function isAboutRights(message: string): boolean {
  return /can be written by other users|belongs to another user/.test(message);
}

/** What `thrown` says, which is fit to be shown, as a finding. */
export function unreadable(thrown: unknown, id: FindingId = "file-unreadable"): Finding {
  const { message, hint } = thrown as { readonly message?: string; readonly hint?: string };
  return {
    id,
    severity: "error",
    cause: message ?? "a file cannot be read",
    remedy: hint ?? "Correct the file.",
    where: /^(\/\S+?)(?::|,? )/.exec(message ?? "")?.[1],
  };
}
