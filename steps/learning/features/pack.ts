/**
 * Rows with their zeros left out: a mask with a bit a value, and the values that
 * are not zero, row after row. The mask is numpy.packbits' along rows: ⌈width / 8⌉
 * bytes a row, the first value in the highest bit, zeros after the last. A value
 * is its bits, 32 or 16 of them, so that −0 is no zero and NaN stays what it is.
 */
export type Bits = Int32Array | Uint16Array;

/** How many values are not zero. */
export function countNonZero(values: Bits): number {
  let count = 0;
  // Without a branch, which would be mispredicted at every other value: (v | −v) has its highest bit set unless v is 0.
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    count += (value | -value) >>> 31;
  }
  return count;
}

/**
 * Packs whole rows.
 *
 * @param rows rows × width.
 * @param mask rows × ⌈width / 8⌉, filled whole.
 * @param kept takes the values that are not zero; as long as `rows`, since one more is written than counts.
 * @returns how many there are.
 */
export function pack(rows: Bits, width: number, mask: Uint8Array, kept: Bits): number {
  const whole = width >>> 3;
  const rest = width & 7;
  const count = rows.length / width;
  let next = 0;
  let byte = 0;
  let at = 0;
  for (let row = 0; row < count; row++) {
    // Eight times by hand: as a loop it takes twice as long. Every value is kept, and the next one takes its place if it was zero.
    for (const end = byte + whole; byte < end; byte++, at += 8) {
      let value = rows[at] as number;
      kept[next] = value;
      let bits = (value | -value) >>> 31;
      next += bits;
      value = rows[at + 1] as number;
      kept[next] = value;
      let bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 2] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 3] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 4] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 5] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 6] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      bits = (bits << 1) | bit;
      value = rows[at + 7] as number;
      kept[next] = value;
      bit = (value | -value) >>> 31;
      next += bit;
      mask[byte] = (bits << 1) | bit;
    }
    if (rest === 0) continue;
    let bits = 0;
    for (let shift = 7; shift > 7 - rest; shift--, at++) {
      const value = rows[at] as number;
      kept[next] = value;
      const bit = (value | -value) >>> 31;
      next += bit;
      bits |= bit << shift;
    }
    mask[byte++] = bits;
  }
  return next;
}

/**
 * Unpacks whole rows of 32-bit values.
 *
 * @param into rows × width.
 * @returns how many values the mask asks for; where that is not `kept.length`, the rows are damaged.
 */
export function unpack(mask: Uint8Array, kept: Int32Array, width: number, into: Int32Array): number {
  const bytes = Math.ceil(width / 8);
  const count = into.length / width;
  let next = 0;
  for (let row = 0; row < count; row++) {
    const end = (row + 1) * bytes;
    let at = row * width;
    // A row at a time, which is then still in the processor's cache.
    into.fill(0, at, at + width);
    for (let byte = row * bytes; byte < end; byte += 4, at += 32) {
      // 32 at a time: a branch is mispredicted where a group ends.
      let bits =
        byte + 4 <= end
          ? ((mask[byte] as number) << 24) |
            ((mask[byte + 1] as number) << 16) |
            ((mask[byte + 2] as number) << 8) |
            (mask[byte + 3] as number)
          : lastBits(mask, byte, end);
      for (let place = at; bits !== 0; place++) {
        const zeros = Math.clz32(bits);
        place += zeros;
        into[place] = kept[next++] as number;
        bits = (bits << zeros) << 1;
      }
    }
  }
  return next;
}

/** Fewer than four bytes of a mask, as if zeros followed. */
function lastBits(mask: Uint8Array, first: number, end: number): number {
  let bits = 0;
  for (let byte = first, shift = 24; byte < end; byte++, shift -= 8) bits |= (mask[byte] as number) << shift;
  return bits;
}
