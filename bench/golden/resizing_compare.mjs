// What flow makes of the pictures that resizing.py wrote, beside what Pillow makes of them:
// node bench/golden/resizing_compare.mjs <folder> …, after npm run build.
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readPixels } from "../../dist/steps/scripting.js";

for (const folder of process.argv.slice(2)) {
  const cases = JSON.parse(await readFile(join(folder, "cases.json"), "utf8"));
  const expected = await open(join(folder, "expected.bin"));
  const figures = new Map();
  for (const { file, ...preprocessing } of cases) {
    const [height, width] = preprocessing.size;
    const pixels = new Uint8Array(height * width * 3);
    const golden = new Uint8Array(pixels.length);
    await readPixels(file.startsWith("/") ? file : join(folder, file), preprocessing, pixels);
    await expected.read(golden, 0, golden.length);
    const worst = pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - golden[at])), 0);
    const known = figures.get(preprocessing.resize) ?? { cases: 0, identical: 0, worst: 0 };
    known.cases++;
    if (worst === 0) known.identical++;
    else process.stdout.write(`${file} ${JSON.stringify(preprocessing)}: differs by ${worst}\n`);
    known.worst = Math.max(known.worst, worst);
    figures.set(preprocessing.resize, known);
  }
  await expected.close();
  for (const [filter, { cases: count, identical, worst }] of figures)
    process.stdout.write(`${filter}: ${identical} of ${count} identical, the others by ${worst} at most\n`);
}
