import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { openExtractor } from "../dist/steps/scripting.js";

/** Height and width of ResNet-50's input. */
export const size = [224, 224];
export const batch = 32;

/** The steps that make pictures and bring them into order, as a pipeline has them. */
export function drawnPictures({ training, others, pixels }) {
  return `
  pictures:
    uses: generate
    with: { splits: { training: ${training}, validation: ${others}, evaluation: ${others} }, size: ${pixels} }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }`;
}

/** images/s of a network alone, of pictures that are in memory already. */
export async function bareRate(network, images, options = {}) {
  const extractor = await openExtractor({
    ...{ network, layer: network.layer, pool: "none", size, scaling: "caffe" },
    ...options,
  });
  const pixels = new Uint8Array(batch * size[0] * size[1] * 3).map((_, at) => (at * 7919) % 256);
  const rows = new Float32Array(batch * extractor.rowLength);
  await extractor.run(pixels, batch, rows);
  const started = performance.now();
  for (let at = 0; at < images / batch; at++) await extractor.run(pixels, batch, rows);
  const rate = images / ((performance.now() - started) / 1000);
  await extractor.close();
  return rate;
}

/** What a script prints; undefined where there is no Python or it lacks what is imported. */
export function pythonRate(script) {
  const python = process.env.KERAS_PYTHON;
  if (!python) return undefined;
  return Number(spawnSync(python, ["-c", script], { encoding: "utf8" }).stdout) || undefined;
}

/** What figures were measured on. */
export function machine() {
  return `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
}

export function print(line) {
  process.stdout.write(`${line}\n`);
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
