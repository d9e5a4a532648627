// The endpoint that gives an ECS task or an EKS pod its credentials: where it is and whether it may be asked. Source:
// ContainerProvider and ContainerMetadataFetcher of botocore 1.44.5. It asks nothing.
import { KeywrightError } from "../errors.ts";
import { isLoopback } from "../loopback.ts";
import { Secret } from "../secret.ts";
import type { ContainerPlan } from "./plan.ts";
import type { Environment } from "./shared-config.ts";

/** What the relative form is relative to. */
const ORIGIN = "http://169.254.170.2";
/** Where plain http may go besides this machine itself: ECS, and the pod identity of EKS. */
const HOSTS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/** undefined: no variable names one. Throws `configuration` for an address that must not be asked. */
export function containerPlan(env: Environment): ContainerPlan | undefined {
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const full = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (relative === undefined && full === undefined) return undefined;
  const url = relative === undefined ? fullUrl(full ?? "") : relativeUrl(relative);
  const token = env["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  return {
    kind: "container",
    url,
    token: token === undefined ? undefined : new Secret(token),
    tokenFile: env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
  };
}

function relativeUrl(path: string): string {
  // Without the slash it would go on with the host: `.example`, `@evil.example`.
  if (/^\/[\u0021-\u007e]*$/.test(path) && !path.includes("\\")) return ORIGIN + path;
  throw wrong("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path that begins with /");
}

function fullUrl(text: string): string {
  const name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const url = /^https?:\/\/[^\\\s]+$/.test(text) ? URL.parse(text) : null;
  if (url === null || url.username !== "" || url.password !== "")
    throw wrong(`${name} is not an address with https:// or http://`);
  if (url.protocol === "https:" || isLoopback(url.hostname) || HOSTS.includes(url.hostname)) return url.href;
  throw wrong(`${name} names ${url.host}, which must not be asked without https`);
}

function wrong(message: string): KeywrightError {
  return new KeywrightError("configuration", message, {
    hint: "ECS and EKS set it themselves; plain http is for this machine and their own addresses only.",
  });
}
