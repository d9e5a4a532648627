// The device login of the menda face, exactly as menda-cli 0.5.0 speaks it, which is not RFC 8628: the request comes in
// the query, the poll as JSON, and `detail` says whether it waits. One key more in an answer breaks that client.
import type { Core } from "../core.ts";
import { readParameters } from "../parameters.ts";
import { invalidClient, invalidRequest, ok, refusal, Refused, type Incoming, type Reply } from "../reply.ts";
import { challengeOf, deviceAnswer, TOO_MANY } from "./device-endpoint.ts";
import { beginDevice, pollDevice } from "./device-grant.ts";
import type { Fault } from "./outcome.ts";
import { DEVICE_GRANT, MENDA_SCOPE, PUBLIC_CLIENT } from "./public-client.ts";

/** `scope=openid`, which menda-cli sends, means everything that the menda face has. */
export async function answerMendaStart(core: Core, incoming: Incoming): Promise<Reply> {
  const query = readParameters(incoming.query);
  if (query.get("client_id") !== PUBLIC_CLIENT) throw new Refused(invalidClient());
  const challenge = challengeOf(query);
  if (challenge === undefined) throw invalidRequest("code_challenge is missing (PKCE).");
  const asked = { face: "menda", scope: MENDA_SCOPE, challenge, jkt: undefined } as const;
  const begun = await beginDevice(core, asked, incoming);
  return begun === undefined ? TOO_MANY : ok(deviceAnswer(core, begun));
}

export async function answerMendaPoll(core: Core, incoming: Incoming): Promise<Reply> {
  const { client_id, device_code, grant_type, code_verifier } = readJson(incoming);
  if (grant_type !== DEVICE_GRANT)
    return refusal(400, "unsupported_grant_type", `grant_type is not ${DEVICE_GRANT}.`);
  if (client_id !== PUBLIC_CLIENT) throw new Refused(invalidClient());
  if (device_code === undefined) throw invalidRequest("device_code is missing.");
  const { address } = incoming;
  const poll = {
    face: "menda",
    deviceCode: device_code,
    verifier: code_verifier,
    jkt: undefined,
    address,
  } as const;
  const outcome = await pollDevice(core, poll);
  if (!outcome.ok) return mendaFault(outcome);
  const { accessToken, token } = outcome.issued;
  return ok({
    access_token: accessToken,
    expires_in: token.expiresAt - token.issuedAt,
    token_type: "Bearer",
  });
}

/** The word that keeps menda-cli asking; anything else ends its login. */
const WAIT = "pending";

function mendaFault({ error, reason, status = 400 }: Fault): Reply {
  const waits = error === "authorization_pending" || error === "slow_down";
  return { status, body: { error, error_description: reason, detail: waits ? WAIT : reason } };
}

interface PollBody {
  readonly client_id?: string;
  readonly device_code?: string;
  readonly grant_type?: string;
  readonly code_verifier?: string;
}

/** Throws Refused. What it does not know is left aside: `redirect_uri` names a page that there is not. */
function readJson({ header, body }: Incoming): PollBody {
  if (!/^application\/json *(?:;|$)/i.test(header("content-type") ?? ""))
    throw invalidRequest("The body must be application/json.");
  const fields = objectIn(body);
  const texts = ["client_id", "device_code", "grant_type", "code_verifier"].map((name) => [
    name,
    fields[name],
  ]);
  if (texts.some(([, value]) => value !== undefined && value !== null && typeof value !== "string"))
    throw invalidRequest("A field of the body is not a string.");
  return Object.fromEntries(texts.filter(([, value]) => value !== null && value !== "")) as PollBody;
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // The same answer as for what is JSON and no object.
  }
  throw invalidRequest("The body is not a JSON object.");
}
