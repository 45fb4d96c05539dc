import { choicesIn, type Preprocessing } from "../../vision/preprocessing.ts";

/** Lines of Python that bring the picture `sys.argv[1]` to size with Pillow, as it is done in training. */
export function picturePython(preprocessing: Preprocessing): string {
  const [height, width] = preprocessing.size;
  const { resize, fit, orient } = choicesIn(preprocessing);
  const filter = `Image.Resampling.${resize.toUpperCase()}`;
  const opened = orient ? "ImageOps.exif_transpose(Image.open(sys.argv[1]))" : "Image.open(sys.argv[1])";
  const size = `(${width}, ${height})`;
  const lines = {
    stretch: [`picture = picture.resize(${size}, ${filter})`],
    crop: [
      "w, h = picture.size",
      `across, down = min(w, h * ${width} // ${height}), min(h, w * ${height} // ${width})`,
      "left, top = (w - across) // 2, (h - down) // 2",
      `picture = picture.resize(${size}, ${filter}, box=(left, top, left + across, top + down))`,
    ],
    pad: [`picture = ImageOps.pad(picture, ${size}, ${filter})`],
  }[fit];
  return [`picture = ${opened}.convert("RGB")`, ...lines].join("\n");
}
