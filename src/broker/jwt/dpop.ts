// DPoP (RFC 9449): the proof that whoever sends a request holds a key. It says which key; whether a token is bound to
// that key is for the caller.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../io/clock.ts";
import type { Journal } from "../journal.ts";
import type { Peppers } from "../pepper.ts";
import { refusal, Refused, type Incoming } from "../reply.ts";
import { PROOF_ALGORITHMS } from "./algorithms.ts";
import { readCompact, shortType, type JwtHeader } from "./compact.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { isFreshNonce, newNonce, NONCE_MINUTES } from "./proof-nonce.ts";
import { fitsAlgorithm, publicJwk, thumbprint, type PublicJwk } from "./public-jwk.ts";
import { importKey, isSigned } from "./signature.ts";

/** What a proof is checked with: a part of the broker's Core. */
export interface ProofHouse {
  readonly url: string;
  readonly clock: Clock;
  readonly peppers: Peppers;
  readonly journal: Journal;
}

export interface ProvenRequest {
  readonly method: string;
  /** Below the broker's URL. */
  readonly path: string;
  /** The token that comes with it; undefined at the endpoints of the authorization server. */
  readonly accessToken?: string | undefined;
}

const LARGEST_PROOF = 8 * 1024;
const LONGEST_JTI = 512;
/** Seconds that the clocks may be apart. */
const WINDOW = 60;
/** A proof is remembered for longer than it can be used, also when the clock is put back a little. */
const REMEMBERED = (NONCE_MINUTES + 2) * 60;

/**
 * The thumbprint of the key that the proof of this request is signed by; undefined: it has no proof. Uses up the proof.
 * Throws Refused: `invalid_dpop_proof`, or `use_dpop_nonce` with a DPoP-Nonce header to try again with.
 */
export async function readProof(
  house: ProofHouse,
  incoming: Pick<Incoming, "header">,
  request: ProvenRequest,
): Promise<{ readonly jkt: string } | undefined> {
  const text = incoming.header("dpop");
  if (text === undefined) return undefined;
  const refuse = (description: string): Refused => refusedProof(request, description);
  if (text.includes(",")) throw refuse("The request has more than one DPoP proof.");
  const read = readCompact(text, LARGEST_PROOF, true);
  if (!read.ok) throw refuse(`The DPoP proof ${read.reason}.`);
  const { header, payload } = read;
  const jwk = keyOf(header);
  if (jwk === undefined)
    throw refuse("The DPoP proof has no public key that fits an algorithm accepted here.");
  const fault = claimFault(house, payload, request);
  if (fault !== undefined) throw refuse(fault);
  checkTime(house, payload, request);
  if (!(await isSignedBy(text, jwk, header))) throw refuse("The DPoP proof has a wrong signature.");
  const jkt = thumbprint(jwk);
  const used = createHash("sha256")
    .update(`dpop ${jkt} ${String(payload["jti"])}`)
    .digest();
  const once = await house.journal.act(
    (writer, now) => writer.useOnce(used, Math.floor(now) + REMEMBERED),
    false,
  );
  if (!once) throw refuse("The DPoP proof was used before; make a new one for every request.");
  return { jkt };
}

function keyOf(header: JwtHeader): PublicJwk | undefined {
  const { alg, typ, jwk } = header;
  if (shortType(typ) !== "dpop+jwt" || !PROOF_ALGORITHMS.includes(alg)) return undefined;
  return isJsonObject(jwk) && fitsAlgorithm(jwk, alg) ? publicJwk(jwk) : undefined;
}

async function isSignedBy(text: string, jwk: PublicJwk, { alg }: JwtHeader): Promise<boolean> {
  const key = importKey(jwk, alg);
  return key !== undefined && isSigned(text, key);
}

function claimFault(house: ProofHouse, payload: JsonObject, request: ProvenRequest): string | undefined {
  const { jti, htm, htu, ath } = payload;
  if (typeof jti !== "string" || jti === "" || jti.length > LONGEST_JTI)
    return "The DPoP proof has no usable jti.";
  if (htm !== request.method) return "The DPoP proof is for another method.";
  if (!isSameUrl(htu, `${house.url}${request.path}`)) return "The DPoP proof is for another address.";
  const { accessToken } = request;
  if (accessToken !== undefined && !isHashOf(ath, accessToken)) return "The DPoP proof is for another token.";
  return undefined;
}

/** RFC 9449 section 4.3: after normalization (RFC 3986 section 6.2.2), without query and fragment. */
function isSameUrl(htu: unknown, wanted: string): boolean {
  const [one, other] = [typeof htu === "string" ? URL.parse(htu) : null, URL.parse(wanted)];
  if (one === null || other === null || one.username !== "" || one.password !== "") return false;
  return one.origin === other.origin && one.pathname === other.pathname;
}

function isHashOf(ath: unknown, token: string): boolean {
  const hash = Buffer.from(createHash("sha256").update(token).digest("base64url"));
  const given = Buffer.from(typeof ath === "string" ? ath : "");
  return given.length === hash.length && timingSafeEqual(given, hash);
}

/** The client's clock counts only where the proof has no fresh nonce of ours. */
function checkTime({ clock, peppers }: ProofHouse, { iat, nonce }: JsonObject, request: ProvenRequest): void {
  const now = clock.now();
  if (typeof iat !== "number" || !Number.isFinite(iat))
    throw refusedProof(request, "The DPoP proof does not say when it was made.");
  const timely =
    nonce === undefined
      ? Math.abs(now - iat) <= WINDOW
      : typeof nonce === "string" && isFreshNonce(peppers, nonce, now);
  if (timely) return;
  const description =
    "The DPoP proof is too old or from the future: put the nonce of this answer into a new one.";
  throw refusedProof(request, description, "use_dpop_nonce", { "DPoP-Nonce": newNonce(peppers, now) });
}

/** At an endpoint that takes a token it is that token's challenge (section 7.1), elsewhere an error of section 5.2. */
function refusedProof(
  { accessToken }: ProvenRequest,
  description: string,
  error: "invalid_dpop_proof" | "use_dpop_nonce" = "invalid_dpop_proof",
  headers: Readonly<Record<string, string>> = {},
): Refused {
  if (accessToken === undefined) return new Refused(refusal(400, error, description, headers));
  const challenge = { "WWW-Authenticate": dpopChallenge(error) };
  return new Refused(refusal(401, error, description, { ...challenge, ...headers }));
}

/** RFC 9449 section 7.1. */
export function dpopChallenge(error: string): string {
  return `DPoP realm="keywright", error="${error}", algs="${PROOF_ALGORITHMS.join(" ")}"`;
}
