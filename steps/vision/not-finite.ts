import { encodeGraph } from "../compute/onnx/graph.ts";
import { openSession } from "../compute/onnx/session.ts";
import type { ExtractorOptions } from "./extractor.ts";
import { firstNotFinite } from "./finite.ts";
import { lengthOf } from "./graph/graph.ts";
import { toOnnx } from "./onnx/to-onnx.ts";
import { translate } from "./translate/translate.ts";

/**
 * Which layer, or tensor of an ONNX network, is the first to give NaN or infinity for a picture: the network is
 * computed once more, with what every layer gives.
 *
 * @param pixels of one picture: uint8, height × width × 3.
 */
export async function firstNotFiniteLayer(
  options: ExtractorOptions,
  pixels: Uint8Array,
): Promise<string | undefined> {
  const { network, size, threads } = options;
  if (network.kind === "onnx") {
    const { firstNotFiniteTensor } = await import("./onnx-networks/not-finite.ts");
    return firstNotFiniteTensor({ ...options, network }, pixels);
  }
  const { plain, layers } = translate({ ...options, topology: network.topology, weights: network.weights });
  const values = [...layers.values()];
  const onnx = toOnnx(plain, values);
  const session = await openSession(encodeGraph(onnx), {
    ...(threads === undefined ? {} : { threads }),
    optimization: "disabled",
  });
  try {
    const fetches = onnx.outputs.map(({ name }, at) => {
      const length = lengthOf(values[at]?.shape ?? []);
      return [name, { type: "float32" as const, dims: [1, length], data: new Float32Array(length) }] as const;
    });
    const feeds = { pixels: { type: "uint8" as const, dims: [1, ...size, 3], data: pixels } };
    await session.run(feeds, Object.fromEntries(fetches));
    const at = fetches.findIndex(([, { data }]) => firstNotFinite(data) !== undefined);
    return [...layers.keys()][at];
  } finally {
    await session.close();
  }
}
