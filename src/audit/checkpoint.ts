// A checkpoint: one signed line that says how many entries a chain had and what its head was. Kept away from the chain, it
// shows a tail that was cut off and a chain that was rewritten as a whole. Pure but for the keys; it stores nothing.
import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { ChainHead } from "./chain.ts";

/** The old key's word for the key that follows it. */
export interface Handover {
  /** Name of the old key. */
  readonly from: string;
  /** The old key's signature, base64url. */
  readonly signature: string;
}

/** Who signs. */
export interface Signer {
  readonly key: KeyObject;
  /** undefined: the first key there was. */
  readonly handover: Handover | undefined;
}

export interface Checkpoint {
  readonly count: number;
  readonly head: string;
  readonly time: string;
  /** The key that signed, and its name. */
  readonly key: string;
  readonly publicKey: KeyObject;
  readonly handover: Handover | undefined;
  /** What was signed. */
  readonly body: string;
  readonly signature: string;
}

/** So that no other text that the key signs can be taken for one of these. */
const CHECKPOINT = "keywright audit checkpoint v1\n";
const HANDOVER = "keywright audit handover v1\n";

/** The line, without a newline. `time` is epoch seconds. */
export function signCheckpoint({ key, handover }: Signer, head: ChainHead, time: number): string {
  const body = JSON.stringify({
    checkpoint: 1,
    count: head.seq,
    head: head.hash,
    time: new Date(time * 1000).toISOString(),
    key: rawPublicKey(key),
    ...(handover === undefined ? {} : { from: handover.from, handover: handover.signature }),
  });
  const signature = sign(null, Buffer.from(CHECKPOINT + body), key).toString("base64url");
  return `${body.slice(0, -1)},"signature":"${signature}"}`;
}

export function signHandover(old: KeyObject, next: KeyObject): Handover {
  const text = Buffer.from(HANDOVER + rawPublicKey(next));
  return { from: keyName(old), signature: sign(null, text, old).toString("base64url") };
}

export function isHandover(old: KeyObject, next: KeyObject, { signature }: Handover): boolean {
  return verify(null, Buffer.from(HANDOVER + rawPublicKey(next)), old, Buffer.from(signature, "base64url"));
}

/** Whether the line is what its key signed. Whether that key is to be trusted is for verify-checkpoints.ts. */
export function isSigned({ publicKey, body, signature }: Checkpoint): boolean {
  return verify(null, Buffer.from(CHECKPOINT + body), publicKey, Buffer.from(signature, "base64url"));
}

const LINE = /^(\{"checkpoint":1,.*),"signature":"([A-Za-z0-9_-]{86})"\}$/;

/** undefined: it is no checkpoint. */
export function parseCheckpoint(line: string): Checkpoint | undefined {
  const [, start, signature] = LINE.exec(line) ?? [];
  if (start === undefined || signature === undefined || !isCanonical(signature)) return undefined;
  try {
    const body = `${start}}`;
    const { count, head, time, key, from, handover } = JSON.parse(body) as Record<string, unknown>;
    if (!Number.isSafeInteger(count) || (count as number) < 1) return undefined;
    if (![head, time, key].every((one) => typeof one === "string")) return undefined;
    const publicKey = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: key as string },
      format: "jwk",
    });
    const handedOver = typeof from === "string" && typeof handover === "string";
    return {
      count: count as number,
      head: head as string,
      time: time as string,
      key: keyName(publicKey),
      publicKey,
      handover: handedOver ? { from, signature: handover } : undefined,
      body,
      signature,
    };
  } catch {
    return undefined;
  }
}

/** The last character has bits that do not count; only zeros are taken, so that no bit of a line can change unseen. */
function isCanonical(signature: string): boolean {
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

/** A short name for people and for handovers: the beginning of the SHA-256 of the public key. */
export function keyName(key: KeyObject): string {
  return createHash("sha256")
    .update(Buffer.from(rawPublicKey(key), "base64url"))
    .digest("hex")
    .slice(0, 32);
}

/** 32 bytes, base64url, of a private or public key. */
function rawPublicKey(key: KeyObject): string {
  return String(key.export({ format: "jwk" })["x"]);
}
