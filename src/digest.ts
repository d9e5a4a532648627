// SHA-256 and random names, without the cost of loading node:crypto where the runtime brings a faster one: in the
// executable that module alone takes half as long as everything else on the way of a cached answer.

interface NativeHasher {
  update(text: string): { digest(encoding: "hex"): string };
}

const bun = (globalThis as { readonly Bun?: { readonly CryptoHasher: new (name: string) => NativeHasher } })
  .Bun;

/** SHA-256 of the text's UTF-8 bytes, hexadecimal. */
export function sha256(text: string): string {
  if (bun !== undefined) return new bun.CryptoHasher("sha256").update(text).digest("hex");
  return process.getBuiltinModule("node:crypto").hash("sha256", text);
}

/** That many random bytes, hexadecimal, fit for secrets. */
export function randomHex(bytes: number): string {
  if (bytes > 8) return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
  // The same generator, without the half millisecond that the first array of random values costs in the executable. Of
  // the 32 digits of a version 4 UUID (RFC 9562, section 5.4) the 13th and the 17th are not wholly random.
  const uuid = crypto.randomUUID();
  return `${uuid.slice(0, 4)}${uuid.slice(24)}`.slice(0, bytes * 2);
}
