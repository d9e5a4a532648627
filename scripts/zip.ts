// Writes a zip archive that depends on nothing but its files: fixed times, the order given, no system's own fields.
// It knows no zip64, so an archive stays under 4 GiB.
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** 1980-01-01 00:00, the earliest that the format can say. */
const DATE = (1 << 5) | 1;
const UNIX = 3;
const REGULAR_FILE = 0o100000;

export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes, executable } of entries) {
    const packed = deflateRawSync(bytes);
    const name = Buffer.from(path);
    const about = described(bytes, packed, name);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), about, name]);
    directory.push(listed(about, name, executable, offset));
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const list = Buffer.concat(directory);
  return Buffer.concat([...parts, list, end(entries.length, list.length, offset)]);
}

/** What the local header and the directory say alike (APPNOTE 4.3.7): version needed 2.0, deflated. */
function described(bytes: Buffer, packed: Buffer, name: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

/** An entry of the central directory (4.3.12); the mode is in the upper half of the external attributes. */
function listed(about: Buffer, name: Buffer, executable: boolean, offset: number): Buffer {
  const start = Buffer.from("PK\x01\x02\x14\x00", "latin1");
  start.writeUInt8(UNIX, 5);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(((REGULAR_FILE | (executable ? 0o755 : 0o644)) << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([start, about, rest, name]);
}

function end(count: number, size: number, offset: number): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.write("PK\x05\x06", "latin1");
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(offset, 16);
  return bytes;
}
