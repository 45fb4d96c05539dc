import type { Placement } from "./fit.ts";
import type { TurnedRaster } from "./raster.ts";

/**
 * Resizes by nearest neighbour, bit for bit as Pillow does.
 *
 * @param into uint8, height × width × 3, of which `placement` is written.
 * @param width of `into`.
 */
export function sampleNearest(
  { data, channels, first, down, right }: TurnedRaster,
  { box, ...place }: Placement,
  into: Uint8Array,
  width: number,
): void {
  const columns = nearest(box.left, box.right, place.width);
  const rows = nearest(box.top, box.bottom, place.height);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let y = 0; y < place.height; y++) {
    const start = first + (rows[y] as number) * down;
    let at = ((place.top + y) * width + place.left) * 3;
    for (const column of columns) {
      const from = (start + column * right) * channels;
      into[at++] = data[from] as number;
      into[at++] = data[from + green] as number;
      into[at++] = data[from + blue] as number;
    }
  }
}

/**
 * The source position of each of `count` pixels on an axis. Pillow's nearest
 * neighbour (Geometry.c, ImagingScaleAffine) adds up the step in double
 * precision; from + (x + 0.5) · step would round elsewhere.
 */
function nearest(from: number, to: number, count: number): Int32Array {
  const step = (to - from) / count;
  const positions = new Int32Array(count);
  let position = from + step * 0.5;
  for (let x = 0; x < count; x++) {
    positions[x] = Math.floor(position);
    position += step;
  }
  return positions;
}
