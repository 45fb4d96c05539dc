/** The first directory of a TIFF. */
export interface FirstDirectory {
  /** Values by the number of the tag, the first sixteen of each: bytes, shorts and longs. */
  readonly tags: ReadonlyMap<number, readonly number[]>;
  /** What keeps it from being read, or from being read whole. */
  readonly fault?: "big" | "damaged";
}

/** Reads a TIFF's first directory (TIFF 6.0, section 2). EXIF data are built as a TIFF is. */
export function firstDirectory(bytes: Uint8Array): FirstDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = bytes[0] === 0x49;
  const tags = new Map<number, readonly number[]>();
  let fault: FirstDirectory["fault"];
  const tried = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      fault = "damaged";
    }
  };
  const readTag = (at: number): void => {
    const size = sizes.get(view.getUint16(at + 2, little));
    if (size === undefined) return;
    // A colour map has many values; the tags that are looked at have few.
    const length = Math.min(view.getUint32(at + 4, little), 16);
    const from = view.getUint32(at + 4, little) * size <= 4 ? at + 8 : view.getUint32(at + 8, little);
    const value = (index: number): number => {
      const place = from + index * size;
      if (size === 1) return view.getUint8(place);
      return size === 2 ? view.getUint16(place, little) : view.getUint32(place, little);
    };
    tags.set(
      view.getUint16(at, little),
      Array.from({ length }, (_, index) => value(index)),
    );
  };
  tried(() => {
    if (view.getUint16(2, little) !== 42) {
      fault = "big";
      return;
    }
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let entry = 0; entry < count; entry++) tried(() => readTag(directory + 2 + 12 * entry));
  });
  return fault === undefined ? { tags } : { tags, fault };
}

/** Bytes of a value by the number of its type. */
const sizes: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
]);
