// Asks the metadata service of an EC2 instance for the credentials of its role, by version 2 only: without a session
// token nothing is asked for, since version 1 answers whoever can make this machine send a request.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { HttpReply, HttpRequest } from "../io/http.ts";
import { answeredCredentials, type Asking } from "./asking.ts";
import type { AwsCredentials } from "./credentials.ts";
import { jsonObject } from "./json-object.ts";
import type { InstancePlan } from "./plan.ts";

const ROLES = "/latest/meta-data/iam/security-credentials/";
/** Seconds that credentials which have expired are used on: the service hands out such when it cannot renew them. */
const EXTENSION = 900;

/** undefined: there is no such service here, or the instance has no role. Throws `backend` for an answer that is none. */
export async function instanceCredentials(
  plan: InstancePlan,
  asking: Asking,
): Promise<AwsCredentials | undefined> {
  const { clock } = asking;
  const ask = (path: string, token: string): Promise<string | undefined> =>
    asked(plan, asking, { method: "GET", path, headers: { "X-aws-ec2-metadata-token": token } });
  const token = await asked(plan, asking, {
    method: "PUT",
    path: "/latest/api/token",
    headers: { "X-aws-ec2-metadata-token-ttl-seconds": "21600" },
  });
  if (token === undefined) return undefined;
  const role = await ask(ROLES, token);
  if (role === undefined) return undefined;
  if (!/^[\w+=,.@-]{1,128}$/.test(role)) throw unusable(plan, "the name of a role");
  const text = await ask(ROLES + role, token);
  if (text === undefined) return undefined;
  const answer = jsonObject(text);
  if (answer === undefined) throw unusable(plan, "credentials");
  // What it says when the role cannot be assumed: {"Code": "AssumeRoleUnauthorizedAccess", "Message": …}.
  if (answer["AccessKeyId"] === undefined) return undefined;
  return lasting(answer, `instance metadata (role ${role})`, clock.now());
}

function lasting(answer: Readonly<Record<string, unknown>>, source: string, now: number): AwsCredentials {
  const found = answeredCredentials(answer, { token: "Token", temporary: true }, source, -Infinity);
  const expired = found.expiresAt !== undefined && found.expiresAt <= now;
  return expired ? { ...found, expiresAt: now + EXTENSION } : found;
}

interface Question {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** undefined: nobody answers, or not with a success. */
async function asked(plan: InstancePlan, asking: Asking, question: Question): Promise<string | undefined> {
  const { method, path, headers } = question;
  const url = plan.endpoint + path;
  for (let attempt = 1; attempt <= plan.attempts; attempt += 1) {
    const deadline = asking.clock.now() + plan.timeout;
    const reply = await asking.http
      .request({ method, url, headers, metadata: true, deadline })
      .catch((error: unknown) => passedOver(error));
    if (reply?.status === 200 && reply.body !== "") return reply.body;
    asking.debug?.(`aws: instance metadata ${method} ${path}: ${reply?.status ?? "no answer"}`);
    if (reply !== undefined && reply.status < 500) return undefined;
  }
  return undefined;
}

/** No machine but an instance has the service: that nobody is there is no failure. */
function passedOver(thrown: unknown): HttpReply | undefined {
  const error = asKeywrightError(thrown);
  if (error.code === "network" || error.code === "timed_out") return undefined;
  throw error;
}

function unusable({ endpoint }: InstancePlan, what: string): KeywrightError {
  return new KeywrightError("backend", `the instance metadata at ${endpoint} did not answer with ${what}`, {
    hint: "Check AWS_EC2_METADATA_SERVICE_ENDPOINT: something else seems to answer there.",
  });
}
