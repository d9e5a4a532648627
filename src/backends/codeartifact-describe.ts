// What a `codeartifact` store would do with a question, for `explain`: host, domain, credentials, role, lifetime. It asks
// neither AWS nor a program, so a session's end is only known where the options say it.
import type { Fact, RetrieveContext } from "../resolver/backend.ts";
import type { Location } from "../resolver/location.ts";
import { lifetimeOf, type Bounds } from "./codeartifact-lifetime.ts";
import type { Question } from "./codeartifact-question.ts";
import { roleWishOf } from "./codeartifact-role-wish.ts";
import type { RoleEntry } from "./codeartifact-roles.ts";

export interface Described {
  readonly location: Location;
  readonly context: RetrieveContext;
  readonly role: RoleEntry | undefined;
  readonly question: Question;
  readonly bounds: Omit<Bounds, "session">;
}

/** The life of a role's session when nobody says it (AssumeRole). */
const ROLE_SESSION = 3600;
const FORMS = {
  ipv4: "the domain's own host",
  dualstack: "the domain's dual-stack host",
  vpce: "a VPC endpoint's host, the domain in its path",
} as const;

/** Throws what would keep the question from being asked: `configuration`, `denied`. */
export async function describeQuestion(described: Described): Promise<readonly Fact[]> {
  const { location, context, question, bounds, role } = described;
  const { target, chain, section } = question;
  const form =
    location.address === undefined ? "none, the store's options name the domain" : FORMS[target.form];
  return [
    fact("host form", form),
    fact("domain", target.domain),
    fact("owner", target.owner),
    fact("region", `${target.region} (partition ${target.partition})`),
    fact("format", target.format ?? "not said"),
    fact("repository", target.repository ?? "not said"),
    fact("endpoint", question.endpoint("codeartifact")),
    ...(section === undefined ? [] : [fact("keyringrc", section.section)]),
    fact("credentials", await chain.describe()),
    fact("role", role?.roleArn ?? "none, the credentials themselves"),
    ...(role === undefined ? [] : sessionFacts(role, question, context)),
    fact("lifetime", lifetimeWords(bounds, role)),
  ];
}

function sessionFacts(role: RoleEntry, { target }: Question, context: RetrieveContext): readonly Fact[] {
  const { sessionPolicy } = role;
  // The id of an audit entry, which there is none of yet, is told by its place.
  const wish = roleWishOf(role, target, { ...context, decision: "DECISION" });
  const kind =
    typeof sessionPolicy === "string"
      ? `${sessionPolicy}, for the repository ${target.repository ?? ""} alone`
      : "as the store has it written";
  const policy = wish.policy === undefined ? "none, all that the role may" : `${kind}: ${wish.policy}`;
  return [fact("session", wish.sessionName), fact("session policy", policy)];
}

function lifetimeWords(bounds: Omit<Bounds, "session">, entry: RoleEntry | undefined): string {
  const session = entry === undefined ? undefined : (entry.duration ?? ROLE_SESSION);
  const { seconds, decided } = lifetimeOf({ ...bounds, session });
  const all = [
    `policy ${secondsOr("as long as the session", bounds.policy)}`,
    `request ${bounds.request === undefined ? "none" : secondsOr("as long as the session", bounds.request)}`,
    `session ${secondsOr("known when the credentials are asked for", session)}`,
  ];
  const most = seconds === undefined ? "as long as the session of the credentials" : `at most ${seconds} s`;
  return `${most}, decided by the ${decided} (${all.join(", ")})`;
}

function secondsOr(otherwise: string, value: number | undefined): string {
  return value === undefined || value === 0 ? otherwise : `${value} s`;
}

function fact(name: string, value: string): Fact {
  return { name, value };
}
