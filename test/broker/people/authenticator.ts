// A software authenticator with one passkey (WebAuthn Level 3, section 6), and the browser around it. Every byte of an
// answer can be made otherwise.
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

export interface Changes {
  readonly type?: string;
  readonly challenge?: string;
  readonly origin?: string;
  /** More of the client's data. */
  readonly client?: Readonly<Record<string, unknown>>;
  readonly rpId?: string;
  readonly flags?: number;
  readonly count?: number;
  /** The id in the authenticator's data. */
  readonly attestedId?: Uint8Array;
  /** Instead of the client's data. */
  readonly clientDataJSON?: string;
}

export type Sent = Record<string, unknown>;

export interface Authenticator {
  readonly id: Buffer;
  handle: string;
  /** How often it has signed; undefined: it does not count. */
  count: number | undefined;
  create(options: Sent, changes?: Changes): Sent;
  get(options: Sent, changes?: Changes): Sent;
}

const PAIRS: Readonly<
  Record<number, () => { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>
> = {
  [-7]: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  [-8]: () => generateKeyPairSync("ed25519"),
  [-257]: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

/** Present, verified, with a credential (section 6.1). */
const [UP_UV, AT] = [0x05, 0x40];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const sha256 = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();

export function authenticator(origin: string, algorithm = -7): Authenticator {
  const { publicKey, privateKey } = (PAIRS[algorithm] as (typeof PAIRS)[number])();
  const id = randomBytes(32);
  const clientOf = (type: string, options: Sent, changes: Changes): Buffer =>
    Buffer.from(
      changes.clientDataJSON ??
        JSON.stringify({
          type: changes.type ?? type,
          challenge: changes.challenge ?? options["challenge"],
          origin: changes.origin ?? origin,
          crossOrigin: false,
          ...changes.client,
        }),
    );
  const dataOf = (changes: Changes, flags: number, more: Uint8Array): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(changes.flags ?? flags, 0);
    head.writeUInt32BE(changes.count ?? self.count ?? 0, 1);
    return Buffer.concat([sha256(changes.rpId ?? new URL(origin).hostname), head, more]);
  };
  const self: Authenticator = {
    id,
    handle: "",
    count: undefined,
    create(options, changes = {}) {
      self.handle = (options["user"] as { readonly id: string }).id;
      const attested = changes.attestedId ?? id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(attested.length);
      const credential = Buffer.concat([Buffer.alloc(16), length, attested, randomBytes(70)]);
      return {
        id: text(id),
        clientDataJSON: text(clientOf("webauthn.create", options, changes)),
        authenticatorData: text(dataOf(changes, UP_UV | AT, credential)),
        publicKey: text(publicKey.export({ type: "spki", format: "der" })),
        publicKeyAlgorithm: algorithm,
      };
    },
    get(options, changes = {}) {
      if (self.count !== undefined) self.count += 1;
      const client = clientOf("webauthn.get", options, changes);
      const data = dataOf(changes, UP_UV, Buffer.alloc(0));
      const signed = Buffer.concat([data, sha256(client)]);
      return {
        id: text(id),
        clientDataJSON: text(client),
        authenticatorData: text(data),
        signature: text(sign(algorithm === -8 ? null : "sha256", signed, privateKey)),
        userHandle: self.handle,
      };
    },
  };
  return self;
}
