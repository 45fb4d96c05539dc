import { PRECISION, type SmoothFilter, type Weights, weightsOf } from "./filters.ts";
import type { Placement } from "./fit.ts";
import { partOf, type Raster, type TurnedRaster, turned } from "./raster.ts";

/**
 * Resizes as Pillow 13 does (Resample.c, 8 bits per channel): each axis by
 * itself, rounding to whole values in between; weights are whole multiples of
 * 2^-22. Where pixels become fewer, the filter becomes wider. Pixels next to the
 * box take part, as in Pillow's `resize(box=…)`.
 *
 * @param into uint8, height × width × 3, of which `placement` is written.
 * @param width of `into`.
 */
export function resample(
  picture: TurnedRaster,
  filter: SmoothFilter,
  { box, ...place }: Placement,
  into: Uint8Array,
  width: number,
): void {
  const across = weightsOf(filter, { length: picture.width, from: box.left, to: box.right }, place.width);
  const along = weightsOf(filter, { length: picture.height, from: box.top, to: box.bottom }, place.height);
  const used = partOf(picture, {
    left: across.start,
    top: along.start,
    width: across.length,
    height: along.length,
  });
  const result = isVerticalFirst(picture, place)
    ? horizontally(turned(vertically(used, along), 1), across)
    : vertically(turned(horizontally(used, across), 1), along);
  write(result, into, (place.top * width + place.left) * 3, width * 3);
}

/** Pillow 13 saves work so; before, only where a picture was a hundred times as high as wide. */
function isVerticalFirst(
  picture: { readonly width: number; readonly height: number },
  result: { readonly width: number; readonly height: number },
): boolean {
  const fewerRows = picture.height - result.height;
  return fewerRows > 0 && fewerRows > (picture.width - result.width) * 2;
}

function horizontally(picture: TurnedRaster, { first, count, values, widest }: Weights): Raster {
  const source = plain(picture.data);
  const channels = picture.channels < 3 ? 1 : 3;
  const step = picture.right * picture.channels;
  const data = new Uint8ClampedArray(picture.height * first.length * channels);
  let to = 0;
  for (let row = 0; row < picture.height; row++) {
    const start = (picture.first + row * picture.down) * picture.channels;
    for (let x = 0; x < first.length; x++) {
      let at = start + (first[x] as number) * step;
      let weight = x * widest;
      const end = weight + (count[x] as number);
      let red = HALF;
      if (channels === 1) {
        for (; weight < end; weight++, at += step)
          red = (red + Math.imul(source[at] as number, values[weight] as number)) | 0;
        data[to++] = red >> PRECISION;
        continue;
      }
      let green = HALF;
      let blue = HALF;
      for (; weight < end; weight++, at += step) {
        const value = values[weight] as number;
        red = (red + Math.imul(source[at] as number, value)) | 0;
        green = (green + Math.imul(source[at + 1] as number, value)) | 0;
        blue = (blue + Math.imul(source[at + 2] as number, value)) | 0;
      }
      data[to++] = red >> PRECISION;
      data[to++] = green >> PRECISION;
      data[to++] = blue >> PRECISION;
    }
  }
  return { data: plain(data), width: first.length, height: picture.height, channels };
}

/** Row by row: a row lies in one piece. */
function vertically(picture: TurnedRaster, { first, count, values, widest }: Weights): Raster {
  const channels = picture.channels < 3 ? 1 : 3;
  const length = picture.width * channels;
  const sums = new Int32Array(length);
  const data = new Uint8ClampedArray(first.length * length);
  const rows = { source: plain(picture.data), stride: picture.down * picture.channels };
  const step = picture.right * picture.channels;
  let to = 0;
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    const start = (picture.first + (first[y] as number) * picture.down) * picture.channels;
    const weights = values.subarray(y * widest, y * widest + (count[y] as number));
    if (step === channels) addRows(sums, weights, rows, start);
    else addColumns(sums, weights, rows, { start, step, channels });
    for (let x = 0; x < length; x++) data[to++] = (sums[x] as number) >> PRECISION;
  }
  return { data: plain(data), width: picture.width, height: first.length, channels };
}

interface Rows {
  readonly source: Uint8Array;
  /** How far it is from a row to the next. */
  readonly stride: number;
}

/** Four rows at a time: each sum is then read and written a fourth as often. */
function addRows(sums: Int32Array, weights: Int32Array, { source, stride }: Rows, start: number): void {
  let tap = 0;
  let a = start;
  for (; tap + 4 <= weights.length; tap += 4, a += 4 * stride) {
    const b = a + stride;
    const c = b + stride;
    const d = c + stride;
    const p = weights[tap] as number;
    const q = weights[tap + 1] as number;
    const r = weights[tap + 2] as number;
    const s = weights[tap + 3] as number;
    for (let x = 0; x < sums.length; x++)
      sums[x] =
        ((sums[x] as number) +
          Math.imul(source[a + x] as number, p) +
          Math.imul(source[b + x] as number, q) +
          Math.imul(source[c + x] as number, r) +
          Math.imul(source[d + x] as number, s)) |
        0;
  }
  for (; tap < weights.length; tap++, a += stride) {
    const weight = weights[tap] as number;
    for (let x = 0; x < sums.length; x++)
      sums[x] = ((sums[x] as number) + Math.imul(source[a + x] as number, weight)) | 0;
  }
}

/** The same where the pixels of a row do not lie side by side, as in a picture that is turned. */
function addColumns(
  sums: Int32Array,
  weights: Int32Array,
  { source, stride }: Rows,
  { start, step, channels }: { readonly start: number; readonly step: number; readonly channels: number },
): void {
  for (let tap = 0; tap < weights.length; tap++) {
    const weight = weights[tap] as number;
    let at = start + tap * stride;
    for (let x = 0; x < sums.length; x += channels, at += step)
      for (let c = 0; c < channels; c++)
        sums[x + c] = ((sums[x + c] as number) + Math.imul(source[at + c] as number, weight)) | 0;
  }
}

/** One class of arrays for whoever reads them: the compiler makes slower code for several. */
function plain(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** Added first, so that cutting off rounds. */
const HALF = 1 << (PRECISION - 1);

function write({ data, width, channels }: Raster, into: Uint8Array, first: number, stride: number): void {
  const length = width * channels;
  for (let from = 0, at = first; from < data.length; from += length, at += stride) {
    if (channels === 3) into.set(data.subarray(from, from + length), at);
    else for (let x = 0; x < length; x++) into.fill(data[from + x] as number, at + 3 * x, at + 3 * x + 3);
  }
}
