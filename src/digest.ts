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
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
