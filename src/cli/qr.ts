// An address as a QR code in text, for a person who confirms on a phone. It draws for a dark terminal; most phones read the
// inverse on a light one, too. It does not know whether it is wanted.

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** Lines that go with it on the same screen. */
const BESIDES = 8;

/** undefined: there is no room for it. */
export async function qrText(address: string, { columns, rows }: Room): Promise<string | undefined> {
  const { renderUnicodeCompact } = await import("uqr");
  const lines = renderUnicodeCompact(address, { ecc: "L", border: 2 }).split("\n");
  const width = Math.max(...lines.map((line) => [...line].length));
  if (width > columns || lines.length + BESIDES > rows) return undefined;
  return `${lines.join("\n")}\n`;
}
