/** The position of the first NaN or infinity. */
export function firstNotFinite(values: Float32Array): number | undefined {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let block = 0; block < values.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, values.length);
    if (!areFinite(bits, block, end)) {
      for (let at = block; at < end; at++) if (!Number.isFinite(values[at])) return at;
    }
  }
  return undefined;
}

const BLOCK = 4096;

/** The exponent of what is not finite is all ones: added to, it runs over into the sign. Whole numbers are quicker than floats here. */
function areFinite(bits: Int32Array, start: number, end: number): boolean {
  let signs = 0;
  for (let at = start; at < end; at++) signs |= ((bits[at] as number) & 0x7fffffff) + 0x00800000;
  return signs >= 0;
}
