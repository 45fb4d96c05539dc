/** How many colours a JPEG has, from its frame header (ITU T.81, B.2.2); `undefined` where there is none. */
export function coloursOfJpeg(bytes: Uint8Array): number | undefined {
  for (const { marker, from } of segmentsOf(bytes)) if (isFrame(marker)) return bytes[from + 5];
  return undefined;
}

/** A part of a JPEG, by the positions of its bytes. */
export interface JpegSegment {
  readonly marker: number;
  /** Of its data, without marker and length. */
  readonly from: number;
  readonly to: number;
}

/** The segments of a JPEG in turn. */
export function* segmentsOf(bytes: Uint8Array): Generator<JpegSegment> {
  let at = 2;
  while (at + 9 < bytes.length) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== 0xff) at++;
    else if (marker === 0xff || marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8))
      at++;
    else {
      const to = at + 2 + 256 * (bytes[at + 2] as number) + (bytes[at + 3] as number);
      yield { marker, from: at + 4, to };
      at = to;
    }
  }
}

/** SOF0 to SOF15; the three others in that range are tables and no frames. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
