import { File } from "h5wasm/node";
import { topology as mobilenet } from "../../steps/vision/networks/named/mobilenet-topology.ts";
import { knownLayers } from "../../steps/vision/translate/weight-shapes.ts";

/** A layer of an .h5 file: what its weights are called, their shapes, and the number that fills them. */
export interface Written {
  readonly name: string;
  readonly weights: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly value: number;
}

/** As Keras writes weights alone. The library has to be ready. */
export function writeH5(path: string, layers: readonly Written[]): string {
  const file = new File(path, "w");
  file.create_attribute(
    "layer_names",
    layers.map(({ name }) => name),
  );
  for (const { name, weights, shapes, value } of layers) {
    file.create_group(name).create_attribute("weight_names", [...weights]);
    for (const [at, weight] of weights.entries()) {
      const inner = weight.split("/").slice(0, -1).join("/");
      if (inner !== "" && at === 0) file.create_group(`${name}/${inner}`);
      const shape = [...(shapes[at] as readonly number[])];
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value);
      file.create_dataset({ name: `${name}/${weight}`, data, shape });
    }
  }
  file.close();
  return path;
}

/** MobileNet's layers that have weights, in Keras' order, each filled with its place in it. */
export function layersOfMobilenet(): readonly Written[] {
  const topology = mobilenet();
  const known = knownLayers(topology, [224, 224]);
  return topology.model.parts
    .filter(({ name }) => known.get(name)?.written !== 0)
    .map(({ name }, value) => {
      const weights = known.get(name)?.weights ?? {};
      const roles = Object.keys(weights).map((role) => `${name}/${role}:0`);
      return { name, weights: roles, shapes: Object.values(weights), value };
    });
}
