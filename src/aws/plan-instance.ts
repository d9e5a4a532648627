// The metadata service of an EC2 instance: where it is and how long to wait for it. Source: IMDSFetcher of botocore
// 1.44.5. It asks nothing.
import { KeywrightError } from "../errors.ts";
import { isLoopback, METADATA_HOSTS } from "../loopback.ts";
import type { InstancePlan } from "./plan.ts";
import { truth } from "./profile-settings.ts";
import { textOf, type Environment, type Section } from "./shared-config.ts";

const ENDPOINTS: Readonly<Record<string, string>> = {
  ipv4: "http://169.254.169.254",
  ipv6: "http://[fd00:ec2::254]",
};

/** undefined: AWS_EC2_METADATA_DISABLED says not to. Throws `configuration` for settings that are wrong, also then. */
export function instancePlan(env: Environment, section: Section | undefined): InstancePlan | undefined {
  const mode =
    env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] ?? textOf(section, "ec2_metadata_service_endpoint_mode");
  const ipv6 = truth(env["AWS_IMDS_USE_IPV6"] ?? textOf(section, "imds_use_ipv6")) === true ? "ipv6" : "ipv4";
  const usual = ENDPOINTS[(mode ?? ipv6).toLowerCase()];
  if (usual === undefined) throw wrong("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither ipv4 nor ipv6");
  const named = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? textOf(section, "ec2_metadata_service_endpoint");
  const endpoint = named === undefined || named === "" ? usual : checked(named);
  const number = (variable: string, text: string | undefined): number => {
    const value = Number((text ?? "1").trim());
    if (Number.isInteger(value) && value >= 1 && value <= 60) return value;
    throw wrong(`${variable} is not a whole number from 1 to 60`);
  };
  const plan: InstancePlan = {
    kind: "instance",
    endpoint,
    timeout: number(
      "AWS_METADATA_SERVICE_TIMEOUT",
      env["AWS_METADATA_SERVICE_TIMEOUT"] ?? textOf(section, "metadata_service_timeout"),
    ),
    attempts: number(
      "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
      env["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] ?? textOf(section, "metadata_service_num_attempts"),
    ),
  };
  return truth(env["AWS_EC2_METADATA_DISABLED"]) === true ? undefined : plan;
}

function checked(text: string): string {
  const name = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  const url = /^https?:\/\/[^\\\s]+$/.test(text) ? URL.parse(text) : null;
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw wrong(`${name} is not an address with http:// or https://`);
  if (url.protocol === "https:" || isLoopback(url.hostname) || METADATA_HOSTS.has(url.hostname))
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  throw wrong(`${name} names ${url.host}, which must not be asked without https`);
}

function wrong(message: string): KeywrightError {
  return new KeywrightError("configuration", message, { hint: "Correct it, or unset it." });
}
