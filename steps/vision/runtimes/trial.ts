import { type Graph, lengthOf } from "../graph/graph.ts";
import { runtime } from "./onnxruntime.ts";
import type { Device } from "./runtime.ts";

// A process of its own: whether a device computes a small graph as the CPU does.
// Says "" where it does, else why not.

const size = 16;
const channels = 8;

function smallGraph(): Graph {
  const input = { id: 0, shape: [size, size, 3] };
  const pixels = { id: 1, shape: [size, size, 3] };
  const output = { id: 2, shape: [size, size, channels] };
  const length = 3 * 3 * 3 * channels;
  const kernel = Float32Array.from({ length }, (_, at) => ((at * 37) % 101) / 101 - 0.5);
  return {
    name: "trial",
    input,
    nodes: [
      { operator: { op: "cast", input }, output: pixels },
      {
        operator: {
          op: "conv",
          input: pixels,
          kernel: { shape: [3, 3, 3, channels], data: kernel },
          groups: 1,
          strides: [1, 1],
          dilation: [1, 1],
          pads: [1, 1, 1, 1],
        },
        output,
      },
    ],
    output,
  };
}

async function compute(device: Device): Promise<Float32Array> {
  const graph = smallGraph();
  const opened = await runtime.open(graph, { device, precision: "float32" });
  const pixels = Uint8Array.from({ length: lengthOf(graph.input.shape) }, (_, at) => (at * 91) % 256);
  const rows = new Float32Array(lengthOf(graph.output.shape));
  await opened.run(pixels, 1, rows);
  return rows;
}

async function trial(device: Device): Promise<string> {
  try {
    const expected = await compute("cpu");
    const found = await compute(device);
    const most = Math.max(...expected.map(Math.abs));
    const off = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] as number))));
    return off <= 1e-4 * most ? "" : `it is off by ${(off / most).toExponential(1)} of the maximum`;
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
}

process.send?.(await trial(process.argv[2] as Device), () => process.exit(0));
