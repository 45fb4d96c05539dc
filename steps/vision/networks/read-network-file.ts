import type { NetworkFile } from "./file-kind.ts";
import type { WeightedTopology } from "./topology.ts";

/**
 * A network of Keras' layers, from any of the formats that hold one. What reads
 * a format is loaded where it is needed. Weights that are not asked for are empty.
 *
 * @throws StepError where the file is damaged or not supported, or has no weights and they are asked for.
 */
export async function readNetworkFile(
  { kind, file }: Exclude<NetworkFile, { kind: "onnx" }>,
  withWeights: boolean,
): Promise<WeightedTopology> {
  switch (kind) {
    case "layers-model": {
      const { readLayersModel } = await import("./layers-model.ts");
      return readLayersModel(file, withWeights);
    }
    case "h5": {
      const { readH5Model } = await import("./h5-model.ts");
      return readH5Model(file, withWeights);
    }
    case "keras": {
      const { readKerasModel } = await import("./h5-model.ts");
      return readKerasModel(file, withWeights);
    }
    default:
      return kind satisfies never;
  }
}
