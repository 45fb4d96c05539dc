import { crc32, deflateRawSync } from "node:zlib";

/** An entry of a zip file, and what its headers claim instead of the truth. */
export interface ZipItem {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly deflated?: boolean;
  /** 0x800 says that the name is UTF-8, 1 that the content is encrypted, 8 that sizes stand behind the content. */
  readonly flags?: number;
  /** Of stat(2). */
  readonly mode?: number;
  /** 3 is Unix, 0 is DOS. */
  readonly madeBy?: number;
  readonly extra?: Buffer;
  readonly claims?: {
    readonly method?: number;
    readonly bytes?: number;
    readonly packedBytes?: number;
    readonly crc?: number;
    /** Where the entry begins; by default where it does. */
    readonly offset?: number;
  };
}

export interface ZipClaims {
  /** How many entries there are. */
  readonly count?: number;
  readonly zip64?: boolean;
}

const DESCRIPTOR = 8;
const UNKNOWN = 0xffffffff;

/** APPNOTE.TXT, 4.3. */
export function writeZip(
  items: readonly ZipItem[],
  { count = items.length, zip64 = false }: ZipClaims = {},
): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const item of items) {
    const { flags = 0, extra = Buffer.alloc(0), claims = {} } = item;
    const name = Buffer.from(item.name as string);
    const content = Buffer.from((item.content ?? "") as string);
    const packed = item.deflated ? deflateRawSync(content) : content;
    const { bytes = content.length, packedBytes = packed.length, crc = crc32(content) } = claims;
    const method = claims.method ?? (item.deflated ? 8 : 0);
    const common = (sizes: readonly [number, number, number], extraBytes: number): Buffer => {
      const fields = Buffer.alloc(26);
      fields.writeUInt16LE(20, 0);
      fields.writeUInt16LE(flags, 2);
      fields.writeUInt16LE(method, 4);
      fields.writeUInt32LE(sizes[0], 10);
      fields.writeUInt32LE(sizes[1], 14);
      fields.writeUInt32LE(sizes[2], 18);
      fields.writeUInt16LE(name.length, 22);
      fields.writeUInt16LE(extraBytes, 24);
      return fields;
    };
    const isDescribed = (flags & DESCRIPTOR) !== 0;
    const sizes = [crc, packedBytes, bytes] as const;
    const at = claims.offset ?? offset;
    const local = [
      Buffer.from("PK\x03\x04"),
      common(isDescribed ? [0, 0, 0] : sizes, 0),
      name,
      packed,
      ...(isDescribed ? [Buffer.from("PK\x07\x08"), uint32(...sizes)] : []),
    ];
    locals.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
    const extras = zip64
      ? Buffer.concat([Buffer.from([1, 0, 24, 0]), uint64(bytes, packedBytes, at), extra])
      : extra;
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((item.mode ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(zip64 ? UNKNOWN : at, 10);
    const madeBy = Buffer.from([20, item.madeBy ?? 3]);
    const fields = common(zip64 ? [crc, UNKNOWN, UNKNOWN] : sizes, extras.length);
    directory.push(Buffer.from("PK\x01\x02"), madeBy, fields, rest, name, extras);
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(zip64 ? 0xffff : count & 0xffff, 4);
  end.writeUInt16LE(zip64 ? 0xffff : count & 0xffff, 6);
  end.writeUInt32LE(zip64 ? UNKNOWN : listed.length, 8);
  end.writeUInt32LE(zip64 ? UNKNOWN : offset, 12);
  const end64 = zip64 ? zip64End(count, listed.length, offset) : Buffer.alloc(0);
  return Buffer.concat([...locals, listed, end64, Buffer.from("PK\x05\x06"), end]);
}

/** Info-ZIP's extra field with the name in UTF-8; it counts for this other name only. */
export function unicodeName(other: Buffer, name: string): Buffer {
  const data = Buffer.concat([Buffer.from([1]), uint32(crc32(other)), Buffer.from(name)]);
  return Buffer.concat([Buffer.from([0x75, 0x70, data.length, 0]), data]);
}

function zip64End(count: number, listedBytes: number, offset: number): Buffer {
  const record = Buffer.concat([
    Buffer.from("PK\x06\x06"),
    uint64(44),
    Buffer.from([45, 3, 45, 0]),
    uint32(0, 0),
    uint64(count, count, listedBytes, offset),
  ]);
  const locator = [Buffer.from("PK\x06\x07"), uint32(0), uint64(offset + listedBytes), uint32(1)];
  return Buffer.concat([record, ...locator]);
}

function uint32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => {
    buffer.writeUInt32LE(value, 4 * at);
  });
  return buffer;
}

function uint64(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(8 * values.length);
  values.forEach((value, at) => {
    buffer.writeBigUInt64LE(BigInt(value), 8 * at);
  });
  return buffer;
}
