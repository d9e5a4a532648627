// The roles of a `codeartifact` store: which one a question is answered with, read from the options and picked by
// principal and action. It assumes none.
import { KeywrightError } from "../errors.ts";
import type { Action } from "../resolver/ask.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import type { OptionValue } from "../resolver/store.ts";
import { LONGEST_POLICY } from "./codeartifact-policies.ts";
import { templateFault } from "./codeartifact-templates.ts";

export interface RoleEntry {
  /** undefined: any. */
  readonly principals: readonly string[] | undefined;
  /** undefined: any. */
  readonly actions: readonly Action[] | undefined;
  readonly roleArn: string;
  /** A template. */
  readonly sessionName: string;
  /** `read` and `publish`: made for the repository that is asked for; `written`: as it stands; undefined: none. */
  readonly sessionPolicy: "read" | "publish" | { readonly written: string } | undefined;
  /** The values are templates. */
  readonly tags: Readonly<Record<string, string>>;
  readonly externalId: string | undefined;
  /** Seconds that the role's session lives; undefined: an hour, as STS has it. */
  readonly duration: number | undefined;
}

const KEYS = [
  "principals",
  "actions",
  "role_arn",
  "session_name",
  "session_policy",
  "tags",
  "external_id",
  "duration",
];
const ROLE_ARN = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]{1,512}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const DEFAULT_SESSION_NAME = "keywright-{principal}";

type Mapping = Readonly<Record<string, OptionValue>>;

/** The first that fits; undefined: none does. */
export function fittingRole(
  roles: readonly RoleEntry[],
  { principal, action }: { readonly principal: string; readonly action: Action },
): RoleEntry | undefined {
  return roles.find(
    ({ principals, actions }) =>
      principals?.includes(principal) !== false && actions?.includes(action) !== false,
  );
}

/** Throws `configuration`. */
export function readRoles(where: string, value: OptionValue): readonly RoleEntry[] {
  if (!Array.isArray(value) || value.length === 0)
    throw wrong(`${where}: roles must be a list`, "Leave roles out to ask with the credentials themselves.");
  return value.map((entry, index) => readRole(`${where}: roles[${index}]`, entry as OptionValue));
}

function readRole(where: string, value: OptionValue): RoleEntry {
  if (!isMapping(value)) throw wrong(`${where} must be a mapping`, `Its keys are ${KEYS.join(", ")}.`);
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw wrong(`${where} has the unknown key ${unknown}`, `The keys are ${KEYS.join(", ")}.`);
  const { principals, actions, role_arn, external_id, session_name = DEFAULT_SESSION_NAME, duration } = value;
  if (typeof role_arn !== "string" || !ROLE_ARN.test(role_arn))
    throw wrong(
      `${where}: role_arn must be the ARN of a role`,
      "For example arn:aws:iam::111122223333:role/read.",
    );
  if (external_id !== undefined && (typeof external_id !== "string" || !EXTERNAL_ID.test(external_id)))
    throw wrong(`${where}: external_id must be 2 to 1224 letters, digits or _+=,.@:/-`, undefined);
  const fault = typeof session_name === "string" ? templateFault(session_name) : "is not a text";
  if (fault !== undefined) throw wrong(`${where}: session_name ${fault}`, undefined);
  return {
    principals: listOf(where, "principals", principals, isPrincipalName, "names of principals"),
    actions: listOf(where, "actions", actions, isAction, "read and publish"),
    roleArn: role_arn,
    sessionName: session_name as string,
    sessionPolicy: policyOf(where, value["session_policy"]),
    tags: tagsOf(where, value["tags"]),
    externalId: external_id,
    duration: durationOf(where, duration),
  };
}

/** An empty list would fit nobody, which nobody means. */
function listOf<T extends string>(
  where: string,
  key: string,
  value: OptionValue | undefined,
  fits: (text: string) => boolean,
  wanted: string,
): readonly T[] | undefined {
  if (value === undefined) return undefined;
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === "string" && fits(each))
  )
    return value as readonly T[];
  throw wrong(`${where}: ${key} must be a list of ${wanted}`, `Leave ${key} out when the role is for any.`);
}

function policyOf(where: string, value: OptionValue | undefined): RoleEntry["sessionPolicy"] {
  if (value === undefined || value === "read" || value === "publish") return value;
  if (!isMapping(value) || value["Version"] === undefined || value["Statement"] === undefined) {
    throw wrong(
      `${where}: session_policy must be read, publish, or an IAM policy with Version and Statement`,
      'For example { Version: "2012-10-17", Statement: [...] }.',
    );
  }
  const written = JSON.stringify(value);
  if (written.length <= LONGEST_POLICY) return { written };
  throw wrong(
    `${where}: session_policy has ${written.length} characters, and STS takes ${LONGEST_POLICY}`,
    "Let the role's own policy say what holds for all sessions.",
  );
}

function tagsOf(where: string, value: OptionValue | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isMapping(value) || Object.keys(value).length > 50)
    throw wrong(`${where}: tags must be a mapping of at most 50 texts`, undefined);
  for (const [key, text] of Object.entries(value)) {
    if (!TAG_KEY.test(key) || /^aws:/i.test(key))
      throw wrong(
        `${where}: tags has the key ${JSON.stringify(key.slice(0, 80))}, which STS does not take`,
        undefined,
      );
    const fault = typeof text === "string" ? templateFault(text) : "is not a text";
    if (fault !== undefined) throw wrong(`${where}: tags.${key} ${fault}`, undefined);
  }
  return value as Readonly<Record<string, string>>;
}

function durationOf(where: string, value: OptionValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 900 && value <= 43_200) return value;
  throw wrong(`${where}: duration must be a whole number of seconds from 900 to 43200`, undefined);
}

function isAction(text: string): text is Action {
  return text === "read" || text === "publish";
}

function isMapping(value: OptionValue | undefined): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(message: string, hint: string | undefined): KeywrightError {
  return new KeywrightError("configuration", message, { hint });
}
