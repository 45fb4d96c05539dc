import { type Graph, lengthOf } from "../graph/graph.ts";
import { loadRuntime } from "./load.ts";
import type { RuntimeName, RuntimeOptions } from "./runtime.ts";

// A process of its own that tries a runtime on a small network, since drivers and
// libraries crash. It is told what by its argument, and answers with one message.

/** What is tried. */
export interface ProbeRequest extends RuntimeOptions {
  readonly runtime: RuntimeName;
  /** For how long its speed is measured. */
  readonly seconds: number;
}

/** What came of it. */
export type ProbeAnswer =
  | { readonly kind: "works"; readonly device: string; readonly imagesPerSecond: number }
  | { readonly kind: "fails"; readonly why: string };

const size = 64;
const batch = 8;
const channels = [3, 32, 64, 64];

/** Convolutions of 3 × 3 over pictures of 64 × 64. */
function smallGraph(): Graph {
  const input = { id: 0, shape: [size, size, 3] };
  const pixels = { id: 1, shape: input.shape };
  const nodes: Graph["nodes"][number][] = [{ operator: { op: "cast", input }, output: pixels }];
  let last = pixels;
  for (const [at, out] of channels.slice(1).entries()) {
    const shape = [3, 3, channels[at] as number, out];
    const data = Float32Array.from({ length: lengthOf(shape) }, (_, k) => ((k * 37) % 101) / 1010 - 0.05);
    const output = { id: at + 2, shape: [size, size, out] };
    const [strides, dilation, pads] = [[1, 1] as const, [1, 1] as const, [1, 1, 1, 1] as const];
    const kernel = { shape, data };
    nodes.push({
      operator: { op: "conv", input: last, kernel, groups: 1, strides, dilation, pads },
      output,
    });
    last = output;
  }
  return { name: "probe", input, nodes, output: last };
}

async function probe({ runtime, seconds, ...options }: ProbeRequest): Promise<ProbeAnswer> {
  const graph = smallGraph();
  const pixels = Uint8Array.from({ length: batch * lengthOf(graph.input.shape) }, (_, at) => (at * 91) % 256);
  const rows = (): Float32Array => new Float32Array(batch * lengthOf(graph.output.shape));
  const opened = await (await loadRuntime(runtime)).open({ kind: "graph", graph }, options);
  const found = rows();
  await opened.run(pixels, batch, found);

  const reference = await (await loadRuntime("onnxruntime")).open(
    { kind: "graph", graph },
    { device: "cpu", precision: "float32" },
  );
  const expected = rows();
  await reference.run(pixels, batch, expected);
  const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const off = found.reduce((max, value, at) => Math.max(max, Math.abs(value - (expected[at] as number))), 0);
  if (!(off <= (options.precision === "bf16" ? 2e-2 : 1e-4) * most)) {
    return { kind: "fails", why: `it is off by ${(off / most).toExponential(1)} of the maximum` };
  }
  let images = 0;
  const started = performance.now();
  const passed = (): number => (performance.now() - started) / 1000;
  for (; passed() < seconds; images += batch) await opened.run(pixels, batch, found);
  return { kind: "works", device: opened.device, imagesPerSecond: images / passed() };
}

const answer = await probe(JSON.parse(process.argv[2] ?? "") as ProbeRequest).catch(
  (error: Error): ProbeAnswer => ({ kind: "fails", why: error.message.split("\n")[0] ?? "" }),
);
process.send?.(answer, () => process.exit(0));
