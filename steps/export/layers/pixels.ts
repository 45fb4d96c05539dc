import { type Binary, isValue, type Node, type Operand, type Value } from "../../vision/graph/graph.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";
import { channelsLast } from "./pieces.ts";

/** Channels that are pixels' own, scaled and shifted: what preprocessing makes of them. */
export interface PixelMap {
  /** Which of red, green and blue. */
  readonly order: readonly number[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** By id: all values of a graph that are pixels, scaled and shifted. */
export function pixelMaps(nodes: readonly Node[], pixels: Value): ReadonlyMap<number, PixelMap> {
  const maps = new Map<number, PixelMap>();
  for (const { operator, output } of nodes) {
    const map = ((): PixelMap | undefined => {
      switch (operator.op) {
        case "cast":
          return operator.input.id === pixels.id ? identity : undefined;
        case "gather": {
          const from = maps.get(operator.input.id);
          return from !== undefined && operator.axis === 2 ? picked(from, operator.indices) : undefined;
        }
        case "scaleShift": {
          const from = maps.get(operator.input.id);
          const scaled = from && moved(from, "multiply", operator.scale);
          return scaled && moved(scaled, "add", operator.shift);
        }
        case "binary": {
          const { kind, left, right } = operator;
          const from = isValue(left) ? maps.get(left.id) : undefined;
          const numbers = constants(right, from?.order.length);
          return from === undefined || numbers === undefined ? undefined : moved(from, kind, numbers);
        }
        default:
          return undefined;
      }
    })();
    if (map !== undefined) maps.set(output.id, map);
  }
  return maps;
}

const identity: PixelMap = { order: [0, 1, 2], scale: [1, 1, 1], shift: [0, 0, 0] };

/** A number for each channel. */
function constants(operand: Operand, channels: number | undefined): ArrayLike<number> | undefined {
  if (isValue(operand) || channels === undefined) return undefined;
  const { shape, data } = operand;
  const [height, width, depth] = shape;
  if (shape.length !== 3 || height !== 1 || width !== 1) return undefined;
  if (depth === channels) return data;
  return depth === 1 ? new Array<number>(channels).fill(data[0] as number) : undefined;
}

function picked({ order, scale, shift }: PixelMap, indices: readonly number[]): PixelMap {
  const of = (numbers: readonly number[]): number[] => indices.map((at) => numbers[at] as number);
  return { order: of(order), scale: of(scale), shift: of(shift) };
}

function moved({ order, scale, shift }: PixelMap, kind: Binary, by: ArrayLike<number>): PixelMap | undefined {
  const each = (numbers: readonly number[], of: (value: number, number: number) => number): number[] =>
    numbers.map((value, at) => of(value, by[at] as number));
  switch (kind) {
    case "add":
      return { order, scale, shift: each(shift, (value, number) => value + number) };
    case "subtract":
      return { order, scale, shift: each(shift, (value, number) => value - number) };
    case "multiply": {
      const times = (value: number, number: number): number => value * number;
      return { order, scale: each(scale, times), shift: each(shift, times) };
    }
    case "divide": {
      const over = (value: number, number: number): number => value / number;
      return { order, scale: each(scale, over), shift: each(shift, over) };
    }
    case "maximum":
    case "minimum":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** A convolution of 1 × 1; nothing where pixels stay what they are. */
export function appendPixels(
  builder: LayersBuilder,
  pixels: ModelLayer,
  { order, scale, shift }: PixelMap,
): ModelLayer {
  const isIdentity =
    order.length === 3 && order.every((channel, at) => channel === at && scale[at] === 1 && shift[at] === 0);
  if (isIdentity) return pixels;
  const filters = order.length;
  const data = new Float32Array(3 * filters);
  for (const [at, channel] of order.entries()) data[channel * filters + at] = scale[at] as number;
  return builder.add(pixels, {
    className: "Conv2D",
    config: { filters, kernel_size: [1, 1], ...channelsLast },
    weights: {
      kernel: { shape: [1, 1, 3, filters], data },
      bias: { shape: [filters], data: Float32Array.from(shift) },
    },
    shape: [...pixels.shape.slice(0, 2), filters],
  });
}
