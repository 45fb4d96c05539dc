/** A decoded picture, row by row. */
export interface Raster {
  /** uint8, height × width × channels. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** One for grey; three for RGB. */
  readonly channels: number;
}

/**
 * Samples a picture into `into`: uint8, height × width × 3.
 *
 * @param orientation 1 to 8, as EXIF counts: the picture is turned like that first.
 */
export function sampleNearest(
  { data, channels, ...stored }: Raster,
  orientation: number,
  [height, width]: readonly [height: number, width: number],
  into: Uint8Array,
): void {
  const isLying = orientation >= 5;
  const columns = nearest(isLying ? stored.height : stored.width, width);
  const rows = nearest(isLying ? stored.width : stored.height, height);
  const { first, down, right } = stepsOf(orientation, stored);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  let at = 0;
  for (const row of rows) {
    const start = first + row * down;
    for (const column of columns) {
      const from = (start + column * right) * channels;
      into[at++] = data[from] as number;
      into[at++] = data[from + green] as number;
      into[at++] = data[from + blue] as number;
    }
  }
}

/** In stored pixels: where the turned picture begins, and how far it is to the pixel below and to the right. */
function stepsOf(
  orientation: number,
  { width, height }: Pick<Raster, "width" | "height">,
): { readonly first: number; readonly down: number; readonly right: number } {
  const [topRight, bottomLeft, bottomRight] = [width - 1, width * (height - 1), width * height - 1];
  switch (orientation) {
    case 2:
      return { first: topRight, down: width, right: -1 };
    case 3:
      return { first: bottomRight, down: -width, right: -1 };
    case 4:
      return { first: bottomLeft, down: -width, right: 1 };
    case 5:
      return { first: 0, down: 1, right: width };
    case 6:
      return { first: bottomLeft, down: 1, right: -width };
    case 7:
      return { first: bottomRight, down: -1, right: -width };
    case 8:
      return { first: topRight, down: -1, right: width };
    default:
      return { first: 0, down: width, right: 1 };
  }
}

/**
 * The source position of each of `to` pixels on an axis of `from`. Pillow's
 * nearest neighbour (Geometry.c, ImagingScaleAffine) adds up the step in double
 * precision; (x + 0.5) · from / to would round elsewhere.
 */
function nearest(from: number, to: number): Int32Array {
  const step = from / to;
  const positions = new Int32Array(to);
  let position = step * 0.5;
  for (let x = 0; x < to; x++) {
    positions[x] = Math.floor(position);
    position += step;
  }
  return positions;
}
