// scripts/macho.ts on a small file of its form; on a real one: scripts/check-wheels.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCommands, withoutSignature } from "../scripts/macho.ts";

const HEADER = 32;
const SEGMENT = 72;
const SIGNATURE = 16;

/** Header, one __LINKEDIT segment, the command of the signature; `before` bytes of the segment, `signature` after them. */
function macho(before: number, signature: number): Buffer {
  const start = HEADER + SEGMENT + SIGNATURE;
  const file = Buffer.alloc(start + before + signature, 0xaa).fill(0, 0, start);
  file.writeUInt32LE(0xfeedfacf, 0);
  file.writeUInt32LE(2, 16);
  file.writeUInt32LE(SEGMENT + SIGNATURE, 20);
  file.writeUInt32LE(0x19, HEADER);
  file.writeUInt32LE(SEGMENT, HEADER + 4);
  file.write("__LINKEDIT", HEADER + 8, "latin1");
  file.writeBigUInt64LE(BigInt(start), HEADER + 40);
  file.writeBigUInt64LE(BigInt(before + signature), HEADER + 48);
  const command = HEADER + SEGMENT;
  [0x1d, SIGNATURE, start + before, signature].forEach((field, at) =>
    file.writeUInt32LE(field, command + at * 4),
  );
  return file;
}

test("the signature and its command go, the segment ends where it began, the rest stays", () => {
  const file = macho(40, 24);
  const bare = withoutSignature(file);
  assert.equal(bare.length, file.length - 24);
  assert.deepEqual(
    loadCommands(bare).map(({ kind }) => kind),
    [0x19],
  );
  assert.equal(bare.readUInt32LE(20), SEGMENT);
  assert.equal(bare.readBigUInt64LE(HEADER + 48), 40n);
  assert.ok(bare.subarray(HEADER + SEGMENT, HEADER + SEGMENT + SIGNATURE).every((byte) => byte === 0));
  assert.deepEqual(bare.subarray(-40), file.subarray(-64, -24));
  assert.equal(loadCommands(file).length, 2, "the file that was given is changed");
});

test("what has none, or has something after it, is refused", () => {
  assert.throws(() => withoutSignature(withoutSignature(macho(40, 24))), /no signature/);
  assert.throws(() => withoutSignature(Buffer.concat([macho(40, 24), Buffer.alloc(8)])), /not last/);
  assert.throws(() => withoutSignature(Buffer.from("\x7fELF".padEnd(64))), /not a 64-bit Mach-O/);
});
