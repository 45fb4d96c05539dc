import type { Json } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { newBuilder } from "../graph/builder.ts";
import { lengthOf, type Shape, type Value } from "../graph/graph.ts";
import { type Call, INPUT, type Layer, type Topology, takenBy } from "../networks/topology.ts";
import { appendCall, type TakeWeights } from "../translate/append.ts";
import { understandCall } from "../translate/understand.ts";

/** A use of a layer, as far as it is known without weights. */
export interface KnownUse {
  readonly layer: Layer;
  /** Of what it gives; absent where it, or what it takes, cannot be computed. */
  readonly shape?: Shape;
  /** Shapes of its weights by role, and other names of the roles; absent where they are not known. */
  readonly weights?: Readonly<Record<string, Shape | "unused">>;
  readonly alsoCalled?: Readonly<Record<string, string>>;
  /** Why it cannot be computed, as a sentence. */
  readonly lack?: string;
}

/** Every use of a layer by the id of what it gives, for pictures of a size: what cannot be computed keeps nobody from looking at the rest. */
export function knownUses(
  topology: Topology,
  size: readonly [height: number, width: number],
): ReadonlyMap<string, KnownUse> {
  const builder = newBuilder([...size, 3]);
  const values = new Map<string, Value>();
  const uses = new Map<string, KnownUse>();
  const look = (call: Call): KnownUse => {
    const { layer } = call;
    if (layer.className === INPUT) {
      const shape = inputShape(layer, size);
      if (shape !== undefined) values.set(call.id, { id: -1, shape });
      return { layer, weights: {}, ...(shape === undefined ? {} : { shape }) };
    }
    const understood = understandCall(call, topology.dialect);
    if (understood === undefined) return { layer, lack: `layer ${nameOf(layer)} is not supported` };
    const { use, mistakes } = understood;
    if (mistakes.length > 0) return { layer, lack: `layer ${nameOf(layer)}: ${mistakes.join("; ")}` };
    // What it takes is not known: this is no fault of its own.
    if (takenBy(call).some((id) => !values.has(id))) return { layer };
    const seen: Partial<Pick<KnownUse, "weights" | "alsoCalled">> = {};
    const take: TakeWeights = (_, weights, alsoCalled) => {
      Object.assign(seen, { weights, alsoCalled });
      return standIns(weights);
    };
    try {
      const value = appendCall(builder, use, values, take);
      values.set(call.id, value);
      return { layer, ...seen, shape: value.shape };
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      return { layer, ...seen, lack: error.message };
    }
  };
  for (const call of topology.calls) uses.set(call.id, look(call));
  return uses;
}

/** Height and width that the network's pictures have by themselves, where it says so. */
export function declaredSize({ calls }: Topology): readonly [height: number, width: number] | undefined {
  for (const { layer } of calls) {
    const [, height, width] = layer.className === INPUT ? (writtenShape(layer) ?? []) : [];
    if (typeof height === "number" && typeof width === "number") return [height, width];
  }
  return undefined;
}

function nameOf({ path, className }: Layer): string {
  return `${path} (${className})`;
}

/** [batch, height, width, channels] of a picture; `batch_input_shape` in Keras 2, `batch_shape` in Keras 3. */
function writtenShape({ config }: Layer): readonly Json[] | undefined {
  const shape = config.batch_input_shape ?? config.batch_shape;
  return Array.isArray(shape) ? (shape as readonly Json[]) : undefined;
}

/** Of a picture with the given height and width; of anything else as it is written. */
function inputShape(layer: Layer, size: readonly [number, number]): Shape | undefined {
  const [, ...sizes] = writtenShape(layer) ?? [null, ...size, 3];
  const given = sizes.length === 3 ? [...size, sizes[2] ?? 3] : sizes;
  return given.every((one) => Number.isSafeInteger(one) && (one as number) > 0)
    ? (given as readonly number[])
    : undefined;
}

/** Of as many values as small weights have: some layers look at these. */
function standIns(weights: Readonly<Record<string, Shape | "unused">>): ReturnType<TakeWeights> {
  const shapes = Object.entries(weights).filter((entry): entry is [string, Shape] => entry[1] !== "unused");
  return Object.fromEntries(
    shapes.map(([role, shape]) => {
      const length = lengthOf(shape);
      return [role, { shape, data: new Float32Array(length <= 2 ** 16 ? length : 0) }];
    }),
  );
}
