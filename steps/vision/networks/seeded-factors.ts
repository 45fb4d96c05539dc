import { addTo } from "../../../engine/lists.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { KnownLayer } from "../translate/weight-shapes.ts";
import { type Call, type Topology, takenBy } from "./topology.ts";

/** What a layer's random weights are made by. */
export interface SeededFactors {
  /** Variance of the kernel times the number of values that one comes from. */
  readonly gain: number;
  /** Of all that the layer gives. */
  readonly scale: number;
  readonly bias: number;
}

/** Pixels less their mean, up to 128 or so, come down to 1. */
const INPUT_SCALE = 0.005;
/**
 * x · sigmoid(x) is a ReLU of large values and x / 2 of small ones: in between
 * every layer would take pictures that differ a little in size further apart.
 */
const SWISH_SCALE = 8;
/** Channels that are weighed by a sigmoid keep their size: it gives 0.95, whatever comes. */
const OPEN_GATE = { bias: 3, scale: 0.1 / SWISH_SCALE };

/**
 * Constants that keep values about as large as they come in, through any depth:
 * the gain of a kernel makes up for the activation before it; the last layer of each residual branch is small.
 */
export function seededFactors(
  topology: Topology,
  known: ReadonlyMap<string, KnownLayer>,
  scaling: Preprocessing["scaling"],
): (path: string) => SeededFactors {
  const graph = graphOf(topology);
  const branches = topology.calls.flatMap((call) => {
    const branch = call.layer.className === "Add" ? longerBranch(call, graph) : undefined;
    return (branch && lastScaled(branch, graph, known)) ?? [];
  });
  // All of them together add about as much as there was.
  const scales = new Map(branches.map(({ layer }) => [layer.path, 1 / Math.sqrt(branches.length)]));
  const norms = topology.calls.filter(({ layer }) => layer.className === "BatchNormalization");
  const first = norms[0] ?? topology.calls.find(({ layer }) => isKernel(layer.className));
  const last = norms.at(-1);
  if (scaling === "caffe" && first !== undefined) scales.set(first.layer.path, INPUT_SCALE);
  if (first !== undefined && last !== undefined && topology.calls.some(isSwish)) {
    scales.set(first.layer.path, SWISH_SCALE);
    scales.set(last.layer.path, 1 / SWISH_SCALE);
  }
  const byPath = new Map(topology.calls.map((call) => [call.layer.path, call]));
  return (path) => {
    const call = byPath.get(path) as Call;
    const gain = gainOf(call, graph);
    return isGate(call, graph, known)
      ? { gain, ...OPEN_GATE }
      : { gain, scale: scales.get(path) ?? 1, bias: 0 };
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

/** He et al.'s, for what a ReLU leaves. */
const RELU_GAIN = 2;
const rectifiers = new Set(["relu", "swish", "hard_swish"]);

function isSwish({ layer }: Call): boolean {
  return ["swish", "hard_swish"].includes(String(layer.config.activation));
}

/** By the last activation before it, through normalizations, sums and pooling; the first layer has none. */
function gainOf(call: Call, { calls, depths }: CallGraph): number {
  if (depths.get(call.id) === 1) return RELU_GAIN;
  const waiting = [...takenBy(call)];
  for (let at = 0; at < waiting.length; at++) {
    const before = calls.get(waiting[at] as string) as Call;
    const { className, config } = before.layer;
    if (className === "ReLU") return RELU_GAIN;
    if (className === "Activation" || isKernel(className)) {
      return rectifiers.has(String(config.activation)) ? RELU_GAIN : 1;
    }
    waiting.push(...takenBy(before));
  }
  return 1;
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
