import { StepError } from "../../../engine/step-type.ts";
import { elementTypes } from "../../compute/onnx/element-types.ts";
import { lengthOf, type Shape } from "../graph/graph.ts";
import type { Builder } from "../onnx/builder.ts";
import type { OnnxProgram } from "../runtimes/runtime.ts";
import { type Cut, cutAt, together } from "./cut.ts";
import { layoutOf } from "./layout.ts";
import type { OnnxOptions } from "./options.ts";
import { splice } from "./splicing.ts";
import { type Tensor, tensorOf } from "./tensor.ts";

export interface PlannedOnnx {
  /** Of one row before it was flattened: height, width, channels, or whatever axes it has; of several tensors the length of their rows together. */
  readonly shape: Shape;
  program(): Promise<OnnxProgram>;
}

/**
 * An ONNX network from pixels to rows: preprocessing is put before it, and turning,
 * pooling, flattening and joining behind the tensors that are asked for.
 *
 * @throws StepError where pixels are not what it takes, or the tensor is no row for each of them.
 */
export async function planOnnx(options: OnnxOptions): Promise<PlannedOnnx> {
  const { network, size, scaling } = options;
  checkInput(options);
  const rows: PlannedRows[] = [];
  for (const layer of [options.layer].flat()) rows.push(await planRows(options, layer));
  const length = rows.reduce((sum, { shape }) => sum + lengthOf(shape), 0);
  const [only, ...others] = rows;
  return {
    shape: only !== undefined && others.length === 0 ? only.shape : [length],
    async program() {
      const cut = together(
        network,
        rows.map((one) => one.cut),
      );
      const finish = (builder: Builder) => {
        const names = rows.map((one) => appendRows(builder, one));
        const [first = ""] = names;
        return [
          { name: names.length === 1 ? first : builder.node("Concat", names, { axis: { int: 1 } }), length },
        ];
      };
      const { bytes, input, outputs } = await splice({ network, cut, size, scaling, finish });
      const [output = ""] = outputs;
      const { batch } = network.picture;
      return {
        kind: "onnx",
        bytes,
        input,
        inputShape: [...size, 3],
        output,
        rowLength: length,
        ...(batch === undefined ? {} : { batch }),
      };
    },
  };
}

interface PlannedRows extends Rows {
  readonly shape: Shape;
}

async function planRows(options: OnnxOptions, layer: string): Promise<PlannedRows> {
  const { network, pool } = options;
  const cut = cutAt(network, layer);
  const tensor = await tensorOf(options, cut);
  const isImage = tensor.shape.length === 3;
  if (pool !== "none" && !isImage) {
    throw new StepError(`layer ${layer} gives no image: there is nothing to pool`);
  }
  const isFirst = isImage && layoutOf(network, layer) === "first";
  const image = isFirst ? [1, 2, 0].map((axis) => tensor.shape[axis] as number) : tensor.shape;
  const shape = pool === "none" ? image : image.slice(2);
  const length = lengthOf(shape);
  if (length * Float32Array.BYTES_PER_ELEMENT > MOST_BYTES) {
    throw new StepError(`layer ${layer} gives ${length} numbers a picture, which is too many`);
  }
  return { cut, tensor, pool, isFirst, shape };
}

const MOST_BYTES = 2 ** 31;

function checkInput({ network, size, scaling }: OnnxOptions): void {
  const { type, height = size[0], width = size[1] } = network.picture;
  if (height !== size[0] || width !== size[1]) {
    const fixed = (pixels: number | undefined): string => (pixels === undefined ? "any" : String(pixels));
    const takes = `[${fixed(network.picture.height)}, ${fixed(network.picture.width)}]`;
    throw new StepError(`the network takes pictures of size ${takes}, not [${size.join(", ")}]`);
  }
  if (type === "uint8" && scaling !== "none") {
    throw new StepError(
      "the network takes whole numbers (uint8), which scaled pixels are not: use `scaling: none`",
    );
  }
}

interface Rows extends Pick<OnnxOptions, "pool"> {
  readonly cut: Cut;
  readonly tensor: Tensor;
  /** Whether it is an image with its channels at the second axis. */
  readonly isFirst: boolean;
}

function appendRows(builder: Builder, { cut, tensor, pool, isFirst }: Rows): string {
  const turned = (value: string, perm: readonly number[]): string =>
    builder.node("Transpose", [value], { perm: { ints: perm } });
  const values =
    tensor.type === "float32"
      ? cut.tensor
      : builder.node("Cast", [cut.tensor], { to: { int: elementTypes.float32 } });
  if (pool === "none") {
    return builder.node("Flatten", [isFirst ? turned(values, [0, 2, 3, 1]) : values], { axis: { int: 1 } });
  }
  // They reduce the last two axes, and have no settings that could change.
  const op = pool === "average" ? "GlobalAveragePool" : "GlobalMaxPool";
  const reduced = builder.node(op, [isFirst ? values : turned(values, [0, 3, 1, 2])]);
  return builder.node("Flatten", [reduced], { axis: { int: 1 } });
}
