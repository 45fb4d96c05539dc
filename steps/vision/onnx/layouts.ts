import type { Operand, Shape, Tensor, Value } from "../graph/graph.ts";
import { isValue, lengthOf } from "../graph/graph.ts";
import type { Builder } from "./builder.ts";

/** Where the channels of an image are. What is no image (three axes without the batch) has them last. */
export type Layout = "first" | "last";

/** The ONNX names of values, in the layouts in which they are there. */
export interface Layouts {
  set(value: Value, layout: Layout, name: string): void;
  /** Turns the value where it is not there in this layout. */
  name(value: Value, layout: Layout): string;
  /** The layout in which most is there: channels first where one of the operands is. */
  common(operands: readonly Operand[]): Layout;
  operand(operand: Operand, layout: Layout): string;
}

export function newLayouts(builder: Builder): Layouts {
  const names = new Map<number, Partial<Record<Layout, string>>>();
  const layouts: Layouts = {
    set(value, layout, name) {
      names.set(value.id, { ...names.get(value.id), [layout]: name });
    },
    name(value, layout) {
      const there = names.get(value.id) ?? {};
      const found = isImage(value.shape) ? there[layout] : there.last;
      if (found !== undefined) return found;
      const other = there[layout === "first" ? "last" : "first"];
      if (other === undefined) throw new Error("a value is used before it is there");
      const perm = layout === "first" ? [0, 3, 1, 2] : [0, 2, 3, 1];
      const turned = builder.node("Transpose", [other], { perm: { ints: perm } });
      layouts.set(value, layout, turned);
      return turned;
    },
    common(operands) {
      const isFirst = operands.some((operand) => {
        return isValue(operand) && isImage(operand.shape) && names.get(operand.id)?.first !== undefined;
      });
      return isFirst ? "first" : "last";
    },
    operand(operand, layout) {
      if (isValue(operand)) return layouts.name(operand, layout);
      const { shape, data } = layout === "first" && isImage(operand.shape) ? channelsFirst(operand) : operand;
      return builder.floats([1, ...shape], data);
    },
  };
  return layouts;
}

/** The ONNX axis of an axis that counts without the batch. */
export function onnxAxis(axis: number, shape: Shape, layout: Layout): number {
  return isImage(shape) && layout === "first" ? ([2, 3, 1][axis] as number) : axis + 1;
}

function isImage(shape: Shape): boolean {
  return shape.length === 3;
}

function channelsFirst({ shape, data }: Tensor): Tensor {
  const [height = 1, width = 1, channels = 1] = shape;
  const turned = new Float32Array(lengthOf(shape));
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      turned[channel * height * width + pixel] = data[pixel * channels + channel] as number;
    }
  }
  return { shape: [channels, height, width], data: turned };
}
