import { StepError } from "../../../engine/step-type.ts";
import { type Builder, newBuilder } from "../graph/builder.ts";
import { folded } from "../graph/fold.ts";
import { type Graph, lengthOf, type Shape, type Value } from "../graph/graph.ts";
import { findLayers } from "../networks/find-layer.ts";
import { type Call, callsUpTo, INPUT, type Topology, type Weights } from "../networks/topology.ts";
import type { Scaling } from "../preprocessing.ts";
import { appendCall } from "./append.ts";
import { appendScaling } from "./scaling.ts";
import { understand } from "./understand.ts";
import { newWeightChecks } from "./weight-checks.ts";

export interface TranslateOptions {
  readonly topology: Topology;
  readonly weights: Weights;
  /** Where the network is cut: nothing above it is computed. Of several layers the rows are joined, in this order. */
  readonly layer: string | readonly string[];
  readonly pool: "none" | "average" | "max";
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
}

/** A graph from pixels to rows. */
export interface Translated {
  readonly graph: Graph;
  /** As a row was before it was flattened: height, width, channels, or the length of a vector; of several layers their length together. */
  readonly shape: Shape;
  /** The graph as it was before anything was folded, and what each layer gives in it. */
  readonly plain: Graph;
  readonly layers: ReadonlyMap<string, Value>;
}

/**
 * A network in Keras' vocabulary as a graph of plain operators, preprocessing inside.
 *
 * @throws StepError for a layer that is not there, not supported, or whose weights do not fit.
 */
export function translate(options: TranslateOptions): Translated {
  const { topology, weights, layer, pool, size, scaling } = options;
  const cuts = findLayers(topology, typeof layer === "string" ? [layer] : layer);
  const calls = callsUpTo(topology, [...cuts.values()]);
  refuseInputs(calls, scaling);
  const understood = understand(calls, topology.dialect);
  const builder = newBuilder([...size, 3]);
  const checks = newWeightChecks(weights);
  const layers = new Map<string, Value>();
  for (const call of calls) {
    const known = understood.get(call);
    layers.set(
      call.id,
      known === undefined ? appendScaling(builder, scaling) : appendCall(builder, known, layers, checks.take),
    );
  }
  checks.finish();
  const rows = [...cuts].map(([name, id]) => pooled(builder, layers.get(id) as Value, pool, name));
  const output = joined(builder, rows);
  const plain = { ...builder.finish(topology.name, output), layers: pathsOf(layers) };
  return { graph: folded(plain), shape: output.shape, plain, layers };
}

/** There is one picture: a network that takes two is not fed it twice. */
function refuseInputs(calls: readonly Call[], scaling: Scaling): void {
  const [input, ...others] = calls.filter(({ layer }) => layer.className === INPUT);
  if (input === undefined) {
    throw new StepError("the network takes no picture: none of its layers is an input");
  }
  if (others.length > 0) {
    const names = [input, ...others].map(({ id }) => id).join(", ");
    throw new StepError(
      `the network takes ${others.length + 1} inputs (${names}), and a picture is one; cut it at a layer that depends on one of them`,
    );
  }
  const { dtype, sparse, ragged } = input.layer.config;
  if (sparse === true || ragged === true) {
    throw new StepError(`the network takes no pictures: its input ${input.id} is sparse or ragged`);
  }
  // Keras would cut off what is behind the point.
  if (typeof dtype === "string" && /^u?int/.test(dtype) && scaling !== "none") {
    throw new StepError(
      `the network takes whole numbers (${dtype}), which scaled pixels are not: use "scaling: none"`,
    );
  }
}

function pathsOf(layers: ReadonlyMap<string, Value>): ReadonlyMap<number, string> {
  return new Map([...layers].reverse().map(([path, { id }]) => [id, path]));
}

function pooled(builder: Builder, cut: Value, pool: TranslateOptions["pool"], layer: string): Value {
  if (pool === "none") return cut;
  if (cut.shape.length !== 3) throw new StepError(`layer ${layer} gives no image: there is nothing to pool`);
  const kind = pool === "average" ? "mean" : "max";
  return builder.add({ op: "reduce", kind, input: cut, axes: [0, 1], keepAxes: false });
}

function joined(builder: Builder, rows: readonly Value[]): Value {
  const [only, ...others] = rows;
  if (only === undefined) throw new Error("a network is cut somewhere");
  if (others.length === 0) return only;
  const inputs = rows.map((input) =>
    input.shape.length === 1 ? input : builder.add({ op: "reshape", input, shape: [lengthOf(input.shape)] }),
  );
  return builder.add({ op: "concat", inputs, axis: 0 });
}
