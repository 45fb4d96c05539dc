import { encodeGraph } from "../compute/onnx/graph.ts";
import { openSession } from "../compute/onnx/session.ts";
import type { Network } from "./networks/open.ts";
import { toOnnx } from "./onnx/to-onnx.ts";
import type { Scaling } from "./preprocessing.ts";
import { translate } from "./translate/translate.ts";

/** A network cut at a layer, ready to turn pixels into rows. */
export interface Extractor {
  /** Of one row before it was flattened: height, width, channels, or the length of a vector. */
  readonly shape: readonly number[];
  readonly rowLength: number;
  /** pixels: uint8, count × H × W × 3, RGB. Writes float32, count × rowLength, into `into`. */
  run(pixels: Uint8Array, count: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

export interface ExtractorOptions {
  readonly network: Network;
  readonly layer: string;
  readonly pool: "none" | "average" | "max";
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
  readonly threads?: number;
}

/** @throws StepError where the network cannot be computed: see `translate`. */
export async function openExtractor(options: ExtractorOptions): Promise<Extractor> {
  const { network, size, threads } = options;
  const { graph, shape } = translate({ ...options, topology: network.topology, weights: network.weights });
  const onnx = toOnnx(graph);
  const [output] = onnx.outputs;
  if (output === undefined) throw new Error("a graph has an output");
  const session = await openSession(encodeGraph(onnx), { ...(threads === undefined ? {} : { threads }) });
  const rowLength = shape.reduce((product, size) => product * size, 1);
  return {
    shape,
    rowLength,
    async run(pixels, count, into) {
      await session.run(
        { pixels: { type: "uint8", dims: [count, ...size, 3], data: pixels } },
        { [output.name]: { type: "float32", dims: [count, rowLength], data: into } },
      );
    },
    close: () => session.close(),
  };
}
