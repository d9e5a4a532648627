// The checks of WebAuthn Level 3, sections 7.1 (registration) and 7.2 (assertion), as far as they are about bytes. No
// attestation is asked for, so no CBOR is read: the browser hands the key over as SubjectPublicKeyInfo. Pure.
import { createHash, createPublicKey, timingSafeEqual, verify, type KeyObject } from "node:crypto";

/** Where a ceremony has to have happened. */
export interface Ceremony {
  readonly origin: string;
  readonly rpId: string;
  /** base64url. */
  readonly challenge: string;
}

export interface NewPasskey {
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly algorithm: number;
  readonly signCount: number;
}

export interface Attested {
  readonly id: Uint8Array;
  readonly clientDataJSON: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly algorithm: number;
}

export interface Asserted {
  readonly clientDataJSON: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

/** COSE algorithms: ES256, EdDSA, RS256. */
export const ALGORITHMS: readonly number[] = [-7, -8, -257];

/** The passkey, or why it is none. */
export function registered(sent: Attested, ceremony: Ceremony): NewPasskey | string {
  const client = clientFault(sent.clientDataJSON, "webauthn.create", ceremony);
  if (client !== undefined) return client;
  const data = parseAuthenticatorData(sent.authenticatorData);
  if (data === undefined) return "the authenticator's data is too short";
  const fault = authenticatorFault(data, ceremony);
  if (fault !== undefined) return fault;
  const { credentialId } = data;
  if (credentialId === undefined) return "the authenticator's data has no credential";
  if (!equal(credentialId, sent.id)) return "the credential is another one than the authenticator's";
  if (sent.id.length < 16 || sent.id.length > 1023) return "the credential's id has a wrong length";
  if (keyOf(sent.publicKey, sent.algorithm) === undefined) return "the key does not fit its algorithm";
  const { id, publicKey, algorithm } = sent;
  return { id, publicKey, algorithm, signCount: data.signCount };
}

/** The new sign count, or why it does not hold. */
export function asserted(
  sent: Asserted,
  passkey: Omit<NewPasskey, "id">,
  ceremony: Ceremony,
): { readonly signCount: number } | string {
  const client = clientFault(sent.clientDataJSON, "webauthn.get", ceremony);
  if (client !== undefined) return client;
  const data = parseAuthenticatorData(sent.authenticatorData);
  if (data === undefined) return "the authenticator's data is too short";
  const fault = authenticatorFault(data, ceremony);
  if (fault !== undefined) return fault;
  const signed = Buffer.concat([
    sent.authenticatorData,
    createHash("sha256").update(sent.clientDataJSON).digest(),
  ]);
  if (!signs(passkey, signed, sent.signature)) return "the signature does not fit";
  const { signCount } = data;
  // An authenticator that counts has been copied when it counts backwards.
  if ((signCount !== 0 || passkey.signCount !== 0) && signCount <= passkey.signCount)
    return "the authenticator counts backwards: it may have been copied";
  return { signCount };
}

interface AuthenticatorData {
  readonly rpIdHash: Uint8Array;
  readonly flags: number;
  readonly signCount: number;
  readonly credentialId: Uint8Array | undefined;
}

const [UP, UV, BE, BS, AT] = [0x01, 0x04, 0x08, 0x10, 0x40];

/** Section 6.1; what follows the credential's id is not looked at. */
function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData | undefined {
  if (bytes.length < 37) return undefined;
  const view = Buffer.from(bytes);
  const flags = view.readUInt8(32);
  const end = bytes.length >= 55 ? 55 + view.readUInt16BE(53) : Infinity;
  const credentialId = (flags & AT) !== 0 && end <= bytes.length ? view.subarray(55, end) : undefined;
  return { rpIdHash: view.subarray(0, 32), flags, signCount: view.readUInt32BE(33), credentialId };
}

function authenticatorFault({ rpIdHash, flags }: AuthenticatorData, { rpId }: Ceremony): string | undefined {
  if (!equal(rpIdHash, createHash("sha256").update(rpId).digest())) return "the passkey is for another site";
  if ((flags & UP) === 0) return "nobody was present";
  if ((flags & UV) === 0) return "nobody was verified";
  if ((flags & BS) !== 0 && (flags & BE) === 0) return "it is backed up, and cannot be";
  return undefined;
}

function clientFault(bytes: Uint8Array, type: string, { origin, challenge }: Ceremony): string | undefined {
  const data = objectOf(bytes);
  if (data === undefined) return "the client's data is no JSON object";
  if (data["type"] !== type) return "it was another ceremony";
  if (typeof data["challenge"] !== "string" || !equal(Buffer.from(data["challenge"]), Buffer.from(challenge)))
    return "it was another challenge";
  if (data["origin"] !== origin) return "it was another origin";
  if (data["crossOrigin"] === true || data["topOrigin"] !== undefined)
    return "it was in a frame of another site";
  return undefined;
}

function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof read === "object" && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** undefined: it is no key, or none for this algorithm. */
function keyOf(spki: Uint8Array, algorithm: number): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    const fits: Readonly<Record<number, boolean>> = {
      [-7]: key.asymmetricKeyType === "ec" && namedCurve === "prime256v1",
      [-8]: key.asymmetricKeyType === "ed25519",
      [-257]: key.asymmetricKeyType === "rsa" && modulusLength >= 2048,
    };
    return fits[algorithm] === true ? key : undefined;
  } catch {
    return undefined;
  }
}

function signs(
  { publicKey, algorithm }: Omit<NewPasskey, "id">,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = keyOf(publicKey, algorithm);
  if (key === undefined) return false;
  try {
    return verify(algorithm === -8 ? null : "sha256", data, key, signature);
  } catch {
    return false;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
