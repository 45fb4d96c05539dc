import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LayerSummary, NetworkSummary } from "../../engine/machine.ts";
import { networkFile } from "../../steps/vision/networks/file-kind.ts";
import { findLayer } from "../../steps/vision/networks/find-layer.ts";
import { readNetworkFile } from "../../steps/vision/networks/read-network-file.ts";
import type { Topology } from "../../steps/vision/networks/topology.ts";
import { golden, readGolden } from "../networks/golden.ts";
import { newWorkplace, type Workplace } from "./flow.ts";
import { layersJson } from "./layers-json.ts";

// `flow layers` against Keras' summary, which is from bench/golden/networks_layers.py.

interface OfKeras {
  readonly total: number;
  readonly trainable: number;
  readonly layers: readonly [path: string, type: string, shape: readonly number[], parameters: number][];
}

const ofKeras: Readonly<Record<string, OfKeras>> = readGolden("layers.json");

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
});
afterAll(() => place.remove());

describe("what Keras says", () => {
  test("of ResNet-50 is what flow says", async () => {
    const keras = readGolden<{ parameters: number; layers: string[] }>("resnet50.json");
    const found = await layersJson(place, "resnet50");
    expect(found.parameters).toEqual({
      total: 23_587_712,
      trainable: 23_534_592,
      nonTrainable: 53_120,
      isWhole: true,
    });
    expect(found.parameters.total).toBe(keras.parameters);
    expect(found.layers.filter(({ parameters }) => parameters !== 0).map(({ name }) => name)).toEqual(
      keras.layers,
    );
    expect(found.layers.filter(({ isDefault }) => isDefault)).toEqual([
      {
        name: "conv5_block3_out",
        type: "Activation",
        shape: [7, 7, 2048],
        parameters: 0,
        isDefault: true,
      },
    ]);
  });

  test.each(Object.entries(ofKeras))("of %s is what flow says", async (name, keras) => {
    const path = join(golden, name);
    const found = await layersJson(place, path);
    const { total, trainable, isWhole } = found.parameters;
    expect({ total, trainable, isWhole }).toEqual({
      total: keras.total,
      trainable: keras.trainable,
      isWhole: true,
    });
    const rows = keras.layers.map(([layer]) => {
      const { type, shape, parameters } = rowOf(found, layer) ?? {};
      return [layer, type, shape, parameters];
    });
    expect(rows).toEqual(keras.layers);
    // A sequential model of Keras' does not list its input; later uses have lines of their own.
    const named = new Set(keras.layers.flatMap(([layer]) => [layer, `${layer}:1`]));
    const others = found.layers.filter((one) => !named.has(one.name));
    expect(others.every((one) => one.type === "InputLayer" || /:([2-9]|\d\d+)$/.test(one.name))).toBe(true);
    // Every name is one that `layer:` takes.
    const topology = await topologyOf(path);
    for (const one of found.layers) expect(findLayer(topology, one.name)).toBeTypeOf("string");
    expect(found.layers.filter((one) => one.isDefault)).toHaveLength(1);
  });
});

/** The row of a name; of a layer that is used more than once, that of its first use. */
function rowOf({ layers }: NetworkSummary, name: string): LayerSummary | undefined {
  return layers.find((one) => one.name === name) ?? layers.find((one) => one.name === `${name}:1`);
}

/** As `extract` reads it. */
async function topologyOf(path: string): Promise<Topology> {
  const found = await networkFile(path);
  if (found.kind === "onnx") throw new Error(`${path} has no layers`);
  return (await readNetworkFile(found, false)).topology;
}
