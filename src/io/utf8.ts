// Bytes to text, exactly: what is not UTF-8 is said so instead of being replaced, and nothing is trimmed.

/** undefined: the bytes are no UTF-8. A byte order mark stays. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
