import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { skipped } from "./home.ts";

// Chromium carries a Vulkan driver without a GPU, and the loader. Asked for by name it is taken.
const chromium = "/usr/lib/chromium";
const isThere = existsSync(`${chromium}/vk_swiftshader_icd.json`);
const lack = isThere ? "" : skipped("Debian's chromium brings a Vulkan driver");

const env = {
  PATH: process.env.PATH,
  LD_LIBRARY_PATH: chromium,
  VK_ICD_FILENAMES: `${chromium}/vk_swiftshader_icd.json`,
  XDG_RUNTIME_DIR: tmpdir(),
};

/** The built product in a process of its own, since a loader looks at its environment when it starts. */
async function inProcess(script: string): Promise<unknown> {
  const dist = new URL("../../dist/", import.meta.url).href;
  const source = `const dist = ${JSON.stringify(dist)};\n${script}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], {
    env,
    timeout: 120_000,
  });
  return JSON.parse(stdout);
}

const compare = `
import { readFileSync } from "node:fs";
const { openExtractor, openNetwork } = await import(dist + "steps/scripting.js");
const golden = new URL("../test/golden/keras/", dist);
const { size, scaling, outputs } = JSON.parse(readFileSync(new URL("small.json", golden), "utf8"));
const network = await openNetwork({
  path: new URL("small", golden).pathname,
  weights: { kind: "h5", path: new URL("small.h5", golden).pathname },
});
const pixels = Uint8Array.from({ length: 2 * size[0] * size[1] * 3 }, (_, at) => (at * 91) % 256);
const names = Object.keys(outputs);
const layers = names.filter((_, at) => at % Math.ceil(names.length / 10) === 0);
const off = {};
for (const layer of layers) {
  const rows = [];
  for (const device of ["cpu", "webgpu"]) {
    const extractor = await openExtractor({ network, layer, pool: "none", size, scaling, device });
    const into = new Float32Array(2 * extractor.rowLength);
    await extractor.run(pixels, 2, into);
    await extractor.close();
    rows.push(into);
  }
  const most = Math.max(...rows[0].map(Math.abs));
  off[layer] = Math.max(...rows[0].map((value, at) => Math.abs(value - rows[1][at]))) / most;
}
console.log(JSON.stringify(off));
process.exit(0);
`;

test.skipIf(!isThere)(`WebGPU gives what the CPU gives${lack}`, { timeout: 180_000 }, async () => {
  const off = (await inProcess(compare)) as Record<string, number>;
  expect(Object.keys(off).length).toBeGreaterThanOrEqual(5);
  expect(Object.entries(off).filter(([, value]) => !(value <= 1e-4))).toEqual([]);
});

const choose = `
const { resolveDevice } = await import(dist + "steps/vision/runtimes/device.js");
const { vulkanDevices } = await import(dist + "steps/compute/devices/vulkan.js");
const choosing = { runtime: "onnxruntime", home: "/nowhere" };
const device = await resolveDevice("auto", choosing, () => {});
console.log(JSON.stringify({ device, software: vulkanDevices().map(({ isSoftware }) => isSoftware) }));
process.exit(0);
`;

test.skipIf(!isThere)(`device: auto takes no driver of software${lack}`, async () => {
  expect(await inProcess(choose)).toEqual({ device: "cpu", software: [true] });
});
