/**
 * float16 (IEEE 754 binary16) as NumPy's astype converts it: to the nearest, of
 * two as near the even one, below 2^−14 in steps of 2^−24. Node.js has had no
 * Float16Array before version 24.
 */

/** The largest float16. */
export const LARGEST_HALF = 65_504;

/** Bits of float32. */
const INFINITY = 0x7f80_0000;
/** 65,520: from here on the nearest float16 would be infinity. */
const TOO_LARGE = 0x477f_f000;
/** 2^−14, the smallest with all its digits. */
const SMALLEST_NORMAL = 0x3880_0000;

/**
 * Rounds float32 to float16.
 *
 * @param values bits of float32.
 * @param into as many halves.
 * @returns the index of the first finite value whose half is infinite; −1 where there is none.
 */
export function toHalf(values: Int32Array, into: Uint16Array): number {
  let overflow = -1;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const size = value & 0x7fff_ffff;
    // Without a branch for zeros, which come and go at random: all ones, or none.
    const kept = (size | -size) >> 31;
    // 112 less in the exponent; 13 binary digits go, and what they carry may reach the exponent, as it should.
    let half = ((size - 0x3800_0000 + 0xfff + ((size >>> 13) & 1)) >>> 13) & kept;
    if (((size - SMALLEST_NORMAL) & kept) >>> 0 >= TOO_LARGE - SMALLEST_NORMAL) {
      half = uncommon(size);
      if (overflow < 0 && size >= TOO_LARGE && size < INFINITY) overflow = at;
    }
    into[at] = ((value >>> 16) & 0x8000) | half;
  }
  return overflow;
}

/** Rounds float32 to what float16 keeps of it, in place; what is too large becomes infinite. */
export function roundToHalf(values: Float32Array): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  toHalf(bits, halves);
  fromHalf(halves, bits);
}

/** A value that is too large or too small, or no number. */
function uncommon(size: number): number {
  if (size < SMALLEST_NORMAL) return subnormal(size);
  // Of what is no number the first ten digits stay; where these are zeros it would be infinity.
  return size > INFINITY ? 0x7c00 | ((size >>> 13) & 0x3ff || 1) : 0x7c00;
}

function subnormal(size: number): number {
  const exponent = size >>> 23;
  // Less than half a step.
  if (exponent < 102) return 0;
  const digits = (size & 0x7f_ffff) | 0x80_0000;
  const shift = 126 - exponent;
  const rest = digits & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  const half = digits >>> shift;
  return rest > middle || (rest === middle && (half & 1) === 1) ? half + 1 : half;
}

/** Bits of float32 by bits of float16. */
let floats: Int32Array | undefined;

/** @param into bits of float32; may share memory with `halves` where these lie in its second half. */
export function fromHalf(halves: Uint16Array, into: Int32Array): void {
  floats ??= Int32Array.from({ length: 0x1_0000 }, (_, half) => floatOf(half));
  const table = floats;
  for (let at = 0; at < halves.length; at++) into[at] = table[halves[at] as number] as number;
}

function floatOf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const digits = half & 0x3ff;
  if (exponent === 0x1f) return sign | INFINITY | (digits << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (digits << 13);
  if (digits === 0) return sign;
  // The highest digit that is set is the one that float32 leaves out.
  const shift = Math.clz32(digits) - 21;
  return sign | ((113 - shift) << 23) | (((digits << shift) & 0x3ff) << 13);
}
