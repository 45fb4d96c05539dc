import { choicesIn, type Fit, type Preprocessing } from "../../vision/preprocessing.ts";

// Lines of examples that bring a picture to size as it is done in training, or nearly so.

/** Python with Pillow: of the file `sys.argv[1]`, `picture`. The same pixels as flow's. */
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

/** Node with sharp: of the file `process.argv[2]`, `picture` (uint8, height × width × 3). */
export function pictureNode(preprocessing: Preprocessing): string {
  const [height, width] = preprocessing.size;
  const { resize, fit, orient } = choicesIn(preprocessing);
  const opened = `sharp(process.argv[2], { ignoreIcc: true })${orient ? ".autoOrient()" : ""}`;
  const raw = '.removeAlpha().toColourspace("srgb").raw()';
  if (resize === "nearest" && fit === "stretch") {
    return `
const { data, info } = await ${opened}${raw}.toBuffer({ resolveWithObject: true });
const nearest = (at, to, from) => Math.floor(((at + 0.5) * from) / to);
const picture = Uint8Array.from({ length: ${height * width * 3} }, (_, at) => {
  const [y, x] = [nearest(Math.floor(at / ${3 * width}), ${height}, info.height), nearest(Math.floor(at / 3) % ${width}, ${width}, info.width)];
  return data[(y * info.width + x) * info.channels + (at % info.channels)];
});`.trim();
  }
  const kernels: Partial<Record<string, string>> = {
    nearest: "nearest",
    bicubic: "cubic",
    lanczos: "lanczos3",
  };
  const fits: Readonly<Record<Fit, string>> = { stretch: "fill", crop: "cover", pad: "contain" };
  const options = `{ fit: "${fits[fit]}", kernel: "${kernels[resize] ?? "linear"}", fastShrinkOnLoad: false }`;
  return `
// sharp's filters are not quite those of the training (Pillow's ${resize}): probabilities differ a little
const resized = ${opened}.resize(${width}, ${height}, ${options});
const picture = await resized${raw}.toBuffer();`.trim();
}

/** A browser: of the file `file`, `picture` (uint8, height × width × 3). */
export function pictureBrowser(preprocessing: Preprocessing): string {
  const [height, width] = preprocessing.size;
  const { resize, fit } = choicesIn(preprocessing);
  const place = (
    scale: string,
  ): string => `const scale = ${scale}(${width} / image.width, ${height} / image.height);
  const [w, h] = [image.width * scale, image.height * scale];
  canvas.drawImage(image, (${width} - w) / 2, (${height} - h) / 2, w, h);`;
  const draw = {
    stretch: `canvas.drawImage(image, 0, 0, ${width}, ${height});`,
    crop: place("Math.max"),
    pad: place("Math.min"),
  }[fit];
  const smoothing =
    resize === "nearest" ? "canvas.imageSmoothingEnabled = false;" : 'canvas.imageSmoothingQuality = "high";';
  return `
  // Browsers turn and resize pictures in their own way: probabilities differ a little.
  const image = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(${width}, ${height}).getContext("2d");
  ${smoothing}
  ${draw}
  const picture = canvas.getImageData(0, 0, ${width}, ${height}).data.filter((_, at) => at % 4 < 3);`.trimStart();
}
