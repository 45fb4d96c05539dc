import { StepError } from "../../../engine/step-type.ts";
import type { Model } from "../../compute/onnx/read/model.ts";
import type { Dim, ModelValue } from "../../compute/onnx/read/value.ts";

/** The input of an ONNX network that takes the picture. */
export interface Picture {
  readonly name: string;
  readonly type: PictureType;
  /** Where its three channels are. */
  readonly layout: "first" | "last";
  /** How many pictures it takes at a time, and their height and width in pixels: where the network fixes them. */
  readonly batch?: number;
  readonly height?: number;
  readonly width?: number;
}

const pictureTypes = ["float32", "float16", "bfloat16", "float64", "uint8"] as const;
export type PictureType = (typeof pictureTypes)[number];

/**
 * Finds the input that takes the picture: four axes, and three channels at the
 * second (NCHW) or at the last (NHWC). Other inputs may be there if they have
 * values of their own, or no one asks for what depends on them.
 *
 * @throws StepError where there is none, or there are several.
 */
export function pictureOf(file: string, { inputs, initializers, sparse }: Model): Picture {
  const constants = new Set([...initializers.map(({ name }) => name), ...sparse]);
  const asked = inputs.filter(({ name }) => !constants.has(name));
  const [only, ...others] = asked;
  if (only === undefined) throw new StepError(`${file} takes no picture: it has no input`);
  if (others.length === 0) return understood(only);
  const pictures = asked.filter(({ dims }) => dims !== undefined && channelAxes(dims).length === 1);
  const [picture] = pictures;
  if (picture !== undefined && pictures.length === 1) return understood(picture);
  const names = asked.map(({ name }) => name).join(", ");
  const count = pictures.length === 0 ? "none of them" : `${pictures.length} of them`;
  throw new StepError(
    `the network takes ${asked.length} inputs (${names}), of which ${count} take a picture`,
  );
}

function understood({ name, type, dims }: ModelValue): Picture {
  const shape = dims?.map((size) => size ?? "?").join(" × ");
  if (dims?.length !== 4) {
    const what = shape === undefined ? "of no said shape" : shape === "" ? "one number" : shape;
    throw new StepError(
      `the network does not take images: its input ${name} is ${what}, and not of four axes`,
    );
  }
  const known = pictureTypes.find((word) => word === type);
  if (known === undefined) {
    throw new StepError(
      `the network's input ${name} is ${type ?? "of no said type"}: a picture is float or uint8`,
    );
  }
  const [axis, another] = channelAxes(dims);
  if (axis === undefined) {
    const isFixed = dims.every((size) => typeof size === "number");
    const way =
      "where the file leaves that open, fix it: `python -m onnxruntime.tools.make_dynamic_shape_fixed`";
    throw new StepError(
      `the network's input ${name} is ${shape}: neither the second axis (NCHW) nor the last (NHWC) has 3 channels${isFixed ? "" : `; ${way}`}`,
    );
  }
  if (another !== undefined) {
    throw new StepError(
      `the network's input ${name} is ${shape}: the second axis (NCHW) and the last (NHWC) both may be its 3 channels`,
    );
  }
  const layout = axis === 1 ? "first" : "last";
  const [batch] = dims;
  const [height, width] = axis === 1 ? dims.slice(2) : dims.slice(1);
  return {
    name,
    type: known,
    layout,
    ...(typeof batch === "number" ? { batch } : {}),
    ...(typeof height === "number" ? { height } : {}),
    ...(typeof width === "number" ? { width } : {}),
  };
}

function channelAxes(dims: readonly Dim[]): readonly number[] {
  return dims.length === 4 ? [1, 3].filter((axis) => dims[axis] === 3) : [];
}
