import { ImageError } from "./image-error.ts";
import type { Raster } from "./raster.ts";

/** The first frame of a GIF, and the canvas that it lies on. */
export interface FirstFrame {
  /** A GIF of the frame alone, without transparency. */
  readonly gif: Uint8Array;
  readonly left: number;
  readonly top: number;
  readonly canvas: { readonly width: number; readonly height: number };
  /** What the canvas has around the frame: red, green, blue. */
  readonly around: readonly [number, number, number];
}

/**
 * Takes the first frame out of a GIF as Pillow sees it (GifImagePlugin.py): a
 * transparent pixel keeps the colour that the palette has for it, a palette
 * that is too short or absent goes on in greys, and around a frame that is
 * smaller than the canvas lies the transparent colour, else the first one.
 *
 * @throws ImageError where the file ends before the frame does.
 */
export function firstFrame(file: string, bytes: Uint8Array): FirstFrame {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const byte = (at: number): number => {
    const value = data[at];
    if (value === undefined) throw new ImageError(file, "it is damaged or cut short");
    return value;
  };
  const word = (at: number): number => byte(at) + 256 * byte(at + 1);
  /** The position behind a row of sub-blocks. */
  const skipBlocks = (from: number): number => {
    let at = from;
    while (byte(at) !== 0) at += byte(at) + 1;
    return at + 1;
  };

  const screen = { width: word(6), height: word(8) };
  const global = paletteAt(data, byte(10), 13);
  let at = global.end;
  let transparent = 0;
  while (byte(at) !== IMAGE) {
    if (byte(at) === EXTENSION) {
      if (byte(at + 1) === CONTROL && byte(at + 2) >= 4 && (byte(at + 3) & 1) === 1)
        transparent = byte(at + 6);
      at = skipBlocks(at + 2);
    } else if (byte(at) === END) {
      throw new ImageError(file, "there is no picture in it");
    } else {
      at++;
    }
  }
  const [left, top, width, height] = [word(at + 1), word(at + 3), word(at + 5), word(at + 7)];
  const flags = byte(at + 9);
  const local = paletteAt(data, flags, at + 10);
  const palette = wholePalette((flags & 0x80) === 0 ? global.colours : local.colours);
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  return {
    gif: Buffer.concat([
      Buffer.from([...Buffer.from("GIF89a"), ...size, 0xf7, 0, 0]),
      palette,
      // The interlace flag stays; the palette is the global one.
      Buffer.from([IMAGE, 0, 0, 0, 0, ...size, flags & 0x40]),
      data.subarray(local.end, skipBlocks(local.end + 1)),
      Buffer.from([END]),
    ]),
    ...{ left, top },
    canvas: { width: Math.max(screen.width, left + width), height: Math.max(screen.height, top + height) },
    around: [...palette.subarray(3 * transparent, 3 * transparent + 3)] as [number, number, number],
  };
}

/** The frame, decoded, where it belongs. */
export function onCanvas({ canvas, left, top, around }: FirstFrame, frame: Raster): Raster {
  if (frame.width === canvas.width && frame.height === canvas.height) return frame;
  const data = new Uint8Array(canvas.width * canvas.height * 3);
  for (let at = 0; at < data.length; at += 3) data.set(around, at);
  const [green, blue] = frame.channels < 3 ? [0, 0] : [1, 2];
  for (let row = 0; row < frame.height; row++) {
    let to = ((top + row) * canvas.width + left) * 3;
    for (let column = 0; column < frame.width; column++) {
      const from = (row * frame.width + column) * frame.channels;
      data[to++] = frame.data[from] as number;
      data[to++] = frame.data[from + green] as number;
      data[to++] = frame.data[from + blue] as number;
    }
  }
  return { data, ...canvas, channels: 3 };
}

const EXTENSION = 0x21;
const CONTROL = 0xf9;
const IMAGE = 0x2c;
const END = 0x3b;

function paletteAt(
  data: Buffer,
  flags: number,
  at: number,
): { readonly colours: Buffer; readonly end: number } {
  const end = at + ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  return { colours: data.subarray(at, end), end };
}

/** 256 colours: those of the file, then greys. */
function wholePalette(colours: Buffer): Buffer {
  const palette = Buffer.from(Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3)));
  colours.copy(palette);
  return palette;
}
