import { newBuilder } from "../graph/builder.ts";
import type { Shape, Value } from "../graph/graph.ts";
import type { Topology } from "../networks/topology.ts";
import { appendCall } from "./append.ts";
import { understand } from "./understand.ts";

/** What is known of a layer without its weights. */
export interface KnownLayer {
  /** Of what it gives. */
  readonly shape: Shape;
  /** Of its weights, by role, in Keras' order. */
  readonly weights: Readonly<Record<string, Shape>>;
  /** How many weights a file has for it: also those without effect. */
  readonly written: number;
}

/** The layers of a network by path, for pictures of a size. */
export function knownLayers(
  topology: Topology,
  size: readonly [number, number],
): ReadonlyMap<string, KnownLayer> {
  const understood = understand(topology.calls, topology.dialect);
  const builder = newBuilder([...size, 3]);
  const values = new Map<string, Value>();
  const known = new Map<string, KnownLayer>();
  for (const call of topology.calls) {
    const use = understood.get(call);
    const weights: Record<string, Shape> = {};
    let written = 0;
    const value =
      use === undefined
        ? builder.add({ op: "cast", input: builder.input })
        : appendCall(builder, use, values, (_, shapes) => {
            const named = Object.entries(shapes).filter(
              (entry): entry is [string, Shape] => entry[1] !== "unused",
            );
            Object.assign(weights, Object.fromEntries(named));
            written = Object.keys(shapes).length;
            // Nothing is computed: their values are not needed.
            return Object.fromEntries(
              named.map(([role, shape]) => [role, { shape, data: new Float32Array(0) }]),
            );
          });
    values.set(call.id, value);
    known.set(call.layer.path, { shape: value.shape, weights, written });
  }
  return known;
}
