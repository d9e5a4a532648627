// Takes the code signature out of a Mach-O executable (64 bit, little endian). Bun leaves its own on what it compiles
// for Intel Macs; it no longer fits the changed pages and asks for the hardened runtime, so the system would end the
// program at its start. Unsigned it runs there. For Apple silicon Bun signs anew, and a signature is a must.

const LINKEDIT = "__LINKEDIT";
const SEGMENT_64 = 0x19;
const CODE_SIGNATURE = 0x1d;
const HEADER = 32;

interface Command {
  readonly kind: number;
  readonly at: number;
  readonly size: number;
}

/** The load commands, in order. */
export function loadCommands(file: Buffer): readonly Command[] {
  if (file.readUInt32LE(0) !== 0xfeedfacf) throw new Error("not a 64-bit Mach-O file");
  const commands: Command[] = [];
  for (let at = HEADER; commands.length < file.readUInt32LE(16);) {
    const size = file.readUInt32LE(at + 4);
    commands.push({ kind: file.readUInt32LE(at), at, size });
    at += size;
  }
  return commands;
}

/** Throws unless the signature is the last of the load commands and of the file, as it is in every linker's output. */
export function withoutSignature(file: Buffer): Buffer {
  const commands = loadCommands(file);
  const signature = commands.at(-1);
  const linkedit = commands.find(
    ({ kind, at }) => kind === SEGMENT_64 && file.toString("latin1", at + 8, at + 18) === LINKEDIT,
  );
  if (signature?.kind !== CODE_SIGNATURE || linkedit === undefined)
    throw new Error("no signature at the end");
  const start = file.readUInt32LE(signature.at + 8);
  if (start + file.readUInt32LE(signature.at + 12) !== file.length)
    throw new Error("the signature is not last");
  const bare = Buffer.from(file.subarray(0, start));
  bare.fill(0, signature.at, signature.at + signature.size);
  bare.writeUInt32LE(commands.length - 1, 16);
  bare.writeUInt32LE(bare.readUInt32LE(20) - signature.size, 20);
  const linkeditStart = bare.readBigUInt64LE(linkedit.at + 40);
  bare.writeBigUInt64LE(BigInt(start) - linkeditStart, linkedit.at + 48);
  return bare;
}
