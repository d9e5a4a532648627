// Reads checkpoints back and says whether a chain is the one that they were signed over. Fails rather than trusts: an
// unknown key, a wrong signature, a line that is no checkpoint, or none at all. It reads no chain itself.
import { createPublicKey, type KeyObject } from "node:crypto";
import { KeywrightError } from "../errors.ts";
import type { ChainHead } from "./chain.ts";
import { isHandover, isSigned, keyName, parseCheckpoint, type Checkpoint } from "./checkpoint.ts";

export interface Witness {
  /** How many checkpoints there are. */
  readonly checkpoints: number;
  /** The highest count among them. */
  readonly count: number;
  /** What is wrong with this entry, as the rest of a sentence. Call it for every entry of the chain. */
  faultOf(entry: ChainHead): string | undefined;
}

/** The public keys of a PEM text. Throws `configuration` when there are none. */
export function readPublicKeys(text: string, place: string): readonly KeyObject[] {
  const pems = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  try {
    const keys = pems.map((pem) => createPublicKey(pem));
    if (keys.length > 0 && keys.every(({ asymmetricKeyType }) => asymmetricKeyType === "ed25519"))
      return keys;
  } catch {
    // Said below.
  }
  throw new KeywrightError("configuration", `${place} holds no public Ed25519 key`, {
    hint: "`keywright audit key --data DIR` prints it; keep it apart from the broker.",
  });
}

/** Throws `audit` for the first checkpoint that cannot be believed. `text`: one a line. */
export function readCheckpoints(text: string, place: string, keys: readonly KeyObject[]): Witness {
  const trust = createTrust(keys);
  const heads = new Map<number, string>();
  let highest = 0;
  let checkpoints = 0;
  for (const [at, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const checkpoint = parseCheckpoint(line);
    if (checkpoint === undefined) throw wrong(`${place}:${at + 1}`, "is not a checkpoint");
    const fault = trust(checkpoint) ?? orderFault(checkpoint, highest, heads.get(checkpoint.count));
    if (fault !== undefined) throw wrong(`${place}:${at + 1}`, fault);
    heads.set(checkpoint.count, checkpoint.head);
    highest = checkpoint.count;
    checkpoints += 1;
  }
  if (checkpoints === 0) throw wrong(place, "holds no checkpoint, so it proves nothing");
  return {
    checkpoints,
    count: highest,
    faultOf({ seq, hash }) {
      const head = heads.get(seq);
      return head === undefined || head === hash
        ? undefined
        : "is not the one that a checkpoint was signed over";
    },
  };
}

/** Learns a key from the word of one it trusts, and no longer accepts that one from then on. */
function createTrust(keys: readonly KeyObject[]): (checkpoint: Checkpoint) => string | undefined {
  const trusted = new Map(keys.map((key) => [keyName(key), key]));
  const replaced = new Set<string>();
  return (checkpoint) => {
    const { key, publicKey, handover } = checkpoint;
    if (!isSigned(checkpoint)) return "has a wrong signature";
    if (replaced.has(key)) return `is signed by the key ${key}, which had been replaced before`;
    const from = handover === undefined ? undefined : trusted.get(handover.from);
    const vouched = from !== undefined && handover !== undefined && isHandover(from, publicKey, handover);
    if (!trusted.has(key) && !vouched) return `is signed by the key ${key}, which is not among those given`;
    if (handover !== undefined && vouched) replaced.add(handover.from);
    trusted.set(key, publicKey);
    return undefined;
  };
}

function orderFault({ count, head }: Checkpoint, highest: number, earlier?: string): string | undefined {
  if (count < highest) return `counts ${count} entries, though ${highest} had been counted before`;
  if (earlier !== undefined && earlier !== head) return `contradicts an earlier one over ${count} entries`;
  return undefined;
}

function wrong(place: string, fault: string): KeywrightError {
  return new KeywrightError("audit", `${place} ${fault}`, {
    hint: "Nothing is proved by these checkpoints. Keep them as evidence, and compare with another copy.",
  });
}
