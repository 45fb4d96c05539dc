/** An entry of a tar file. */
export interface TarItem {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** The type flag: "0" a file, "5" a folder, "1" and "2" links, "3" and "4" devices, "6" a pipe, "S" sparse. */
  readonly type?: string;
  readonly link?: string;
  /** Records of a pax header before it. */
  readonly pax?: Readonly<Record<string, string>>;
  /** With the name in a GNU header before it. */
  readonly isLong?: boolean;
  /** "ustar\0" + "00" where nothing is said; GNU's is "ustar " + " \0". */
  readonly magic?: string;
}

const BLOCK = 512;

/** POSIX.1-1988 ustar, with the extensions of POSIX.1-2001 and GNU tar. */
export function writeTar(items: readonly TarItem[]): Buffer {
  return Buffer.concat([...items.flatMap(entry), Buffer.alloc(2 * BLOCK)]);
}

function entry(item: TarItem): readonly Buffer[] {
  const { name, content = "", pax, isLong = false } = item;
  return [
    ...(pax === undefined ? [] : block("PaxHeader", paxRecords(pax), { type: "x" })),
    ...(isLong
      ? block("././@LongLink", Buffer.concat([Buffer.from(name as string), Buffer.alloc(1)]), { type: "L" })
      : []),
    ...block(isLong ? "long" : name, Buffer.from(content as string), item),
  ];
}

function block(
  name: string | Buffer,
  content: Buffer,
  { type = "0", link = "", magic = "ustar\x0000" }: Partial<TarItem>,
): readonly Buffer[] {
  const header = Buffer.alloc(BLOCK);
  Buffer.from(name as string).copy(header, 0, 0, 100);
  header.write("0000644\x000000000\x000000000\x00", 100, "latin1");
  header.write(`${content.length.toString(8).padStart(11, "0")}\x00`, 124, "latin1");
  header.write("00000000000\x00", 136, "latin1");
  header.write("        ", 148, "latin1");
  header.write(type, 156, "latin1");
  header.write(link, 157, "latin1");
  header.write(magic, 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148, "latin1");
  return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}

function paxRecords(records: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.from(` ${key}=${value}\n`);
      let length = rest.length;
      while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
      return Buffer.concat([Buffer.from(`${length}`), rest]);
    }),
  );
}
