// One call to an AWS service: signs it, sends it, tries again what may pass by itself, and turns every refusal into an
// AwsError. It finds no credentials and remembers nothing.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Http, HttpReply } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import { chance, sleep as reallySleep } from "../io/wait.ts";
import type { Secret } from "../secret.ts";
import { AwsError, awsErrorOf } from "./aws-errors.ts";
import type { AwsCredentials } from "./credentials.ts";
import { signed } from "./sigv4.ts";

export interface CallSurroundings {
  readonly http: Http;
  readonly clock: Clock;
  /** Epoch seconds at which everything must be over; undefined: 20 seconds from now. */
  readonly deadline?: number | undefined;
  /** W3C `traceparent` that is sent along, unsigned; undefined: none. */
  readonly trace?: string | undefined;
  /** Seconds; undefined: really waits. */
  readonly sleep?: ((seconds: number) => Promise<void>) | undefined;
  /** At least 0, less than 1; undefined: chance. */
  readonly random?: (() => number) | undefined;
  readonly debug?: Say | undefined;
}

export interface AwsCall {
  /** As IAM names it: `codeartifact:GetAuthorizationToken`. */
  readonly operation: string;
  /** What it is asked about, for messages: `the domain my-domain of account 111122223333 in eu-west-1`. */
  readonly about: string;
  readonly service: string;
  readonly region: string;
  /** undefined: the call is not signed. */
  readonly credentials: AwsCredentials | undefined;
  /** What else must not be shown. */
  readonly secrets?: readonly Secret[] | undefined;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

const LIMIT = 20;
const MOST_ATTEMPTS = 6;
/** Seconds: the longest first wait, and the longest of all. */
const FIRST_WAIT = 0.5;
const LONGEST_WAIT = 8;
/** Connections that broke, or a name server that was busy: another attempt may get through. */
const PASSING: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"]);

/** The reply of a success. Throws AwsError, or what `Http.request` throws. */
export async function awsCall(surroundings: CallSurroundings, call: AwsCall): Promise<HttpReply> {
  const { clock, sleep = reallySleep, random = chance, debug } = surroundings;
  const deadline = surroundings.deadline ?? clock.now() + LIMIT;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attempted({ ...surroundings, deadline }, call);
    } catch (thrown) {
      const wait = waitAfter(thrown, attempt, random);
      if (wait === undefined || attempt === MOST_ATTEMPTS || clock.now() + wait >= deadline)
        throw exhausted(thrown, attempt);
      debug?.(
        `aws: ${call.operation} failed (${asKeywrightError(thrown).code}), again in ${wait.toFixed(1)} s`,
      );
      await sleep(wait);
    }
  }
}

async function attempted(
  { http, clock, trace, deadline }: CallSurroundings,
  call: AwsCall,
): Promise<HttpReply> {
  const { method, url, headers = {}, body = "", credentials, service, region } = call;
  const request = { method, url, headers, body };
  const sent =
    credentials === undefined ? headers : signed(request, credentials, { region, service }, clock.now());
  const traced = trace === undefined ? sent : { ...sent, traceparent: trace };
  const reply = await http.request({ method, url, headers: traced, body, deadline });
  if (reply.status === 200) return reply;
  const { secretAccessKey, sessionToken } = credentials ?? {};
  const secrets = [secretAccessKey, sessionToken, ...(call.secrets ?? [])];
  const { operation, about } = call;
  const source = credentials?.source;
  throw awsErrorOf(reply, { operation, about, region, source, secrets, now: clock.now() });
}

/** Seconds until the next attempt; undefined: there is no sense in one. */
function waitAfter(thrown: unknown, attempt: number, random: () => number): number | undefined {
  const jittered = random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
  if (thrown instanceof AwsError)
    return thrown.kind === "passing" ? Math.max(jittered, thrown.retryAfter ?? 0) : undefined;
  if (!(thrown instanceof KeywrightError)) return undefined;
  const { code, cause } = thrown;
  const reset = code === "network" && PASSING.has((cause as { readonly code?: unknown } | undefined)?.code);
  return reset || code === "timed_out" ? jittered : undefined;
}

function exhausted(thrown: unknown, attempts: number): unknown {
  return thrown instanceof AwsError && attempts > 1 ? thrown.afterAttempts(attempts) : thrown;
}
