import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, homedir, totalmem } from "node:os";
import { join } from "node:path";
import { concurrently } from "../dist/engine/concurrently.js";
import { openExtractor, readPixels } from "../dist/steps/scripting.js";

export const program = new URL("../dist/flow.js", import.meta.url).pathname;

/** FLOW_HOME, where runtimes are. */
export const home = process.env.FLOW_HOME ?? join(homedir(), ".cache/flow");

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

/** Runs a pipeline in a folder. */
export function flow(folder, pipeline, ...args) {
  writeFileSync(join(folder, "bench.yaml"), pipeline);
  execFileSync(process.execPath, [program, "run", "bench.yaml", ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, FLOW_HOME: home },
  });
}

/** images/s of the step `features` from nothing, as its metric says. */
export function wholeRate(folder, pipeline) {
  rmSync(join(folder, ".flow/stores"), { recursive: true, force: true });
  flow(folder, pipeline, "-R", "features");
  const { steps } = JSON.parse(readFileSync(join(folder, "runs/latest/run.json"), "utf8"));
  return steps.features.metrics.imagesPerSecond;
}

/** images/s of reading and decoding alone, as many at a time as there are cores. */
export async function decodingRate(folder) {
  const root = join(folder, "runs/latest/splits/images");
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(jpe?g|png)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const started = performance.now();
  await concurrently(files, cpus().length, (file) =>
    readPixels(file, size, new Uint8Array(size[0] * size[1] * 3)),
  );
  return files.length / ((performance.now() - started) / 1000);
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
