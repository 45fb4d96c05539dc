import { addTo } from "../../../engine/lists.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { KnownLayer } from "../translate/weight-shapes.ts";
import { type Call, type Topology, takenBy } from "./topology.ts";

/** What a layer's random weights are made by. */
export interface SeededFactors {
  /** Variance of a kernel times the number of values that one comes from. */
  readonly gain: number;
  /** The same of a depthwise kernel. */
  readonly depthwiseGain: number;
  /** Of all that the layer gives. */
  readonly scale: number;
  readonly bias: number;
}

/** Pixels less their mean, up to 128 or so, come down to 1. */
const INPUT_SCALE = 0.005;
/** Depth does not make values explode where what each block adds is small. */
const RESIDUAL_SCALE = 0.25;
/** Channels that are weighed by a sigmoid keep their size: it gives 0.95. */
const OPEN_GATE = 3;

/**
 * Constants that keep values about as large as they come in, through any depth:
 * the gain of a kernel makes up for the activation that comes next, through
 * normalizations, sums and pooling; the last layer of each residual branch is small.
 */
export function seededFactors(
  topology: Topology,
  known: ReadonlyMap<string, KnownLayer>,
  scaling: Preprocessing["scaling"],
): (path: string) => SeededFactors {
  const graph = graphOf(topology);
  const scales = new Map<string, number>();
  for (const call of topology.calls) {
    const branch = call.layer.className === "Add" ? longerBranch(call, graph) : undefined;
    const last = branch && lastScaled(branch, graph, known);
    if (last !== undefined) scales.set(last.layer.path, RESIDUAL_SCALE);
  }
  const first =
    topology.calls.find(({ layer }) => layer.className === "BatchNormalization") ??
    topology.calls.find(({ layer }) => isKernel(layer.className));
  if (scaling === "caffe" && first !== undefined) scales.set(first.layer.path, INPUT_SCALE);
  const byPath = new Map(topology.calls.map((call) => [call.layer.path, call]));
  return (path) => {
    const call = byPath.get(path) as Call;
    const gain = gainOf(call, graph);
    return {
      gain,
      // Of a separable convolution the pointwise kernel comes next.
      depthwiseGain: call.layer.className === "SeparableConv2D" ? 1 : gain,
      scale: scales.get(path) ?? 1,
      bias: isGate(call, graph, known) ? OPEN_GATE : 0,
    };
  };
}

interface CallGraph {
  readonly calls: ReadonlyMap<string, Call>;
  readonly takers: ReadonlyMap<string, readonly Call[]>;
  /** Layers with a kernel on the longest way to what a call gives. */
  readonly depths: ReadonlyMap<string, number>;
}

function graphOf({ calls }: Topology): CallGraph {
  const takers = new Map<string, Call[]>();
  const depths = new Map<string, number>();
  for (const call of calls) {
    const inputs = takenBy(call);
    for (const input of inputs) addTo(takers, input, call);
    const before = Math.max(0, ...inputs.map((id) => depths.get(id) as number));
    depths.set(call.id, before + (isKernel(call.layer.className) ? 1 : 0));
  }
  return { calls: new Map(calls.map((call) => [call.id, call])), takers, depths };
}

const kernels = new Set(["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense"]);

function isKernel(className: string): boolean {
  return kernels.has(className);
}

function longerBranch(call: Call, { calls, depths }: CallGraph): Call | undefined {
  const [left, right] = takenBy(call);
  if (left === undefined || right === undefined) return undefined;
  return calls.get((depths.get(left) as number) > (depths.get(right) as number) ? left : right);
}

/** The last layer of a branch that can make it smaller. */
function lastScaled(
  branch: Call,
  graph: CallGraph,
  known: ReadonlyMap<string, KnownLayer>,
): Call | undefined {
  for (let call: Call | undefined = branch; call !== undefined; ) {
    const hasGamma = known.get(call.layer.path)?.weights.gamma !== undefined;
    if (hasGamma || isKernel(call.layer.className)) return call;
    call = graph.calls.get(takenBy(call)[0] ?? "");
  }
  return undefined;
}

/** He et al.'s 2 is what a ReLU takes; 2.8 what x · sigmoid(x) takes of values with a deviation of 1. */
const gains: Readonly<Record<string, number>> = { relu: 2, swish: 2.8, hard_swish: 2.8 };

function gainOf({ id, layer }: Call, graph: CallGraph): number {
  const own = layer.config.activation;
  if (typeof own === "string" && own !== "linear") return gains[own] ?? 1;
  return [...follows(id, graph)].map(activationGain).find((gain) => gain !== undefined) ?? 1;
}

function activationGain({ layer }: Call): number | undefined {
  if (layer.className === "ReLU") return gains.relu;
  return layer.className === "Activation" ? (gains[String(layer.config.activation)] ?? 1) : undefined;
}

/** A convolution that gives one number for each channel, by which they are multiplied. */
function isGate({ id, layer }: Call, graph: CallGraph, known: ReadonlyMap<string, KnownLayer>): boolean {
  const [height, width] = known.get(layer.path)?.shape ?? [];
  if (!isKernel(layer.className) || height !== 1 || width !== 1) return false;
  const multiplied = [...follows(id, graph)].filter((call) => call.layer.className === "Multiply");
  return multiplied.some((call) => takenBy(call).length === 2);
}

/** All that takes what a call gives, up to the next layers with kernels. */
function follows(id: string, { takers }: CallGraph): ReadonlySet<Call> {
  const found = new Set<Call>();
  const waiting = [id];
  for (let at = 0; at < waiting.length; at++) {
    for (const taker of takers.get(waiting[at] as string) ?? []) {
      if (found.has(taker) || isKernel(taker.layer.className)) continue;
      found.add(taker);
      waiting.push(taker.id);
    }
  }
  return found;
}
