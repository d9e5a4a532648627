// Checks of the way to the other side: proxy and certificates as far as the settings show it, and with `--online` whether the
// hosts answer, are trusted, and agree about the time. Only hosts that the configuration or the menda profile names are asked.
import { asKeywrightError } from "../errors.ts";
import type { Http } from "../io/http.ts";
import { proxyFor } from "../io/proxy.ts";
import { trustedRoots } from "../io/trust.ts";
import { isLoopback } from "../loopback.ts";
import { accountOf } from "./menda-checks.ts";
import type { Finding, FindingId } from "./finding.ts";
import { unreadable, type Check, type Patient } from "./patient.ts";

/** Tokens, and AWS signatures, are judged by the clock; seconds. */
const LARGEST_SKEW = 60;

export const proxyUnusable: Check = ({ machine: { env } }) => {
  try {
    proxyFor("packages.example", 443, env);
    return [];
  } catch (thrown) {
    return [{ ...unreadable(thrown, "proxy-unusable"), where: "HTTPS_PROXY" }];
  }
};

export const caUnusable: Check = ({ machine: { env } }) => {
  try {
    trustedRoots(env);
    return [];
  } catch (thrown) {
    const finding = unreadable(thrown, "ca-unusable");
    return [{ ...finding, where: /^([A-Z_]+) /.exec(finding.cause)?.[1] }];
  }
};

/** Asks each host for its front page, without any credential. */
export async function askHosts(patient: Patient, http: Http): Promise<readonly Finding[]> {
  const asked = origins(patient).map((origin) => askHost(origin, patient, http));
  return (await Promise.all(asked)).flat();
}

async function askHost(origin: string, { now }: Patient, http: Http): Promise<readonly Finding[]> {
  try {
    const { headers } = await http.request({ method: "GET", url: `${origin}/` });
    const skew = now - Date.parse(headers["date"] ?? "") / 1000;
    if (Number.isNaN(skew) || Math.abs(skew) <= LARGEST_SKEW) return [];
    return [
      {
        id: "clock-skew",
        severity: "error",
        cause: `this machine's clock is ${Math.round(Math.abs(skew))} seconds ${skew > 0 ? "ahead of" : "behind"} ${origin}`,
        remedy: "Set the clock (timedatectl set-ntp true); tokens and signatures depend on it.",
        where: origin,
      },
    ];
  } catch (thrown) {
    const { message, hint } = asKeywrightError(thrown);
    return [
      {
        id: idOf(message),
        severity: "error",
        cause: message,
        remedy: hint ?? "Check the network.",
        where: origin,
      },
    ];
  }
}

function idOf(message: string): FindingId {
  if (message.startsWith("the TLS connection")) return "tls-untrusted";
  return /the proxy /.test(message) ? "proxy-refuses" : "host-unreachable";
}

/** Of the menda account, and of every ref with one exact host. */
function origins({ config, machine, now }: Patient): readonly string[] {
  const exact = (config?.refs ?? []).flatMap(({ match }) => {
    const host = match?.split("/")[0] ?? "";
    if (host === "" || host.includes("*")) return [];
    return [`${isLoopback(host.replace(/:[0-9]+$/, "")) ? "http" : "https"}://${host}`];
  });
  const profiles = [...(config?.stores.values() ?? [])]
    .filter(({ backend }) => backend === "menda")
    .map(({ options }) => options["profile"]);
  const hosts = profiles.flatMap((profile) => {
    try {
      return [accountOf({ machine, now }, typeof profile === "string" ? profile : undefined).host];
    } catch {
      return []; // mendaAccounts says what is wrong with it.
    }
  });
  return [...new Set([...hosts, ...exact])];
}
