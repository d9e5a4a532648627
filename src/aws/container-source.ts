// Asks the endpoint of an ECS task or an EKS pod for its credentials. Where that may be is decided in plan-container.ts.
import { readOwnFile } from "../account/own-file.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { HttpReply } from "../io/http.ts";
import { sleep as reallySleep } from "../io/wait.ts";
import { answeredCredentials, type Asking } from "./asking.ts";
import type { AwsCredentials } from "./credentials.ts";
import { jsonObject } from "./json-object.ts";
import type { ContainerPlan } from "./plan.ts";

/** As botocore has them: seconds for one request, attempts; a shorter wait between two, in seconds. */
const TIMEOUT = 2;
const ATTEMPTS = 3;
const PAUSE = 0.25;

/** Throws `authentication` when it refuses, `configuration` for a token that cannot be sent, `network`, `backend`. */
export async function containerCredentials(plan: ContainerPlan, asking: Asking): Promise<AwsCredentials> {
  const { clock, sleep = reallySleep } = asking;
  const token = authorizationOf(plan);
  const headers = { Accept: "application/json", ...(token === undefined ? {} : { Authorization: token }) };
  for (let attempt = 1; ; attempt += 1) {
    const reply = await answered(plan, headers, asking).catch((error: unknown) => asKeywrightError(error));
    const passing = "code" in reply ? reply.code !== "configuration" : isPassing(reply);
    if (passing && attempt < ATTEMPTS) {
      await sleep(PAUSE);
      continue;
    }
    if ("code" in reply) throw reply;
    const answer = reply.status === 200 ? jsonObject(reply.body) : undefined;
    if (answer === undefined) throw refused(plan, reply);
    return answeredCredentials(answer, { token: "Token", temporary: true }, SOURCE, clock.now());
  }
}

const SOURCE = "the container's endpoint";

function answered(
  plan: ContainerPlan,
  headers: Readonly<Record<string, string>>,
  asking: Asking,
): Promise<HttpReply> {
  const deadline = asking.clock.now() + TIMEOUT;
  return asking.http.request({ method: "GET", url: plan.url, metadata: true, headers, deadline });
}

function isPassing({ status }: HttpReply): boolean {
  return status === 429 || status >= 500;
}

function authorizationOf({ token, tokenFile }: ContainerPlan): string | undefined {
  const value = tokenFile === undefined ? token?.reveal() : fileText(tokenFile);
  if (value === undefined || /^[\t\u0020-\u007e]+$/.test(value)) return value;
  throw new KeywrightError(
    "configuration",
    "the container's authorization token cannot be sent as a header",
    {
      hint: "It must be one line without an end; check AWS_CONTAINER_AUTHORIZATION_TOKEN and _TOKEN_FILE.",
    },
  );
}

function fileText(path: string): string {
  const file = readOwnFile(path, 65536);
  if (file.state === "read") return file.text;
  throw new KeywrightError(
    "configuration",
    `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names ${path}, which cannot be read`,
    {
      hint: "Check that the file is there and readable.",
    },
  );
}

function refused({ url }: ContainerPlan, reply: HttpReply): KeywrightError {
  const { status } = reply;
  const { origin } = new URL(url);
  if (isPassing(reply)) {
    return new KeywrightError(
      "backend",
      `${origin} failed to give the container's credentials (HTTP ${status})`,
      {
        hint: "Try again later; if it stays like this, look at the agent that answers there.",
      },
    );
  }
  if (status === 200) {
    return new KeywrightError("backend", `${origin} did not answer with credentials`, {
      hint: "Check AWS_CONTAINER_CREDENTIALS_FULL_URI: something else seems to answer there.",
    });
  }
  return new KeywrightError(
    "authentication",
    `${origin} refused the container's credentials with HTTP ${status}`,
    {
      hint: "Check that the task or the pod has a role, and that its authorization token is the current one.",
    },
  );
}
