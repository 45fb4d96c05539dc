/** A decoded picture, row by row. */
export interface Raster {
  /** uint8, height × width × channels. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** One for grey; three for RGB. */
  readonly channels: number;
}

/** A picture as it is to be seen, in the memory of the one that is stored. */
export interface TurnedRaster extends Raster {
  /** In stored pixels: where the picture begins, and how far it is to the pixel below and to the right. */
  readonly first: number;
  readonly down: number;
  readonly right: number;
}

/** @param orientation 1 to 8, as EXIF counts; anything else is 1. */
export function turned(raster: Raster, orientation: number): TurnedRaster {
  const { width, height } = raster;
  const steps = stepsOf(orientation, raster);
  return orientation >= 5 && orientation <= 8
    ? { ...raster, ...steps, width: height, height: width }
    : { ...raster, ...steps };
}

/** A part of a picture, in its memory. In pixels. */
export function partOf(
  picture: TurnedRaster,
  part: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
): TurnedRaster {
  const { left, top, width, height } = part;
  return { ...picture, first: picture.first + top * picture.down + left * picture.right, width, height };
}

function stepsOf(
  orientation: number,
  { width, height }: Pick<Raster, "width" | "height">,
): Pick<TurnedRaster, "first" | "down" | "right"> {
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
