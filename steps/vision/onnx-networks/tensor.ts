import { StepError } from "../../../engine/step-type.ts";
import { openSession } from "../../compute/onnx/session.ts";
import { lengthOf, type Shape } from "../graph/graph.ts";
import { refusalOf } from "../runtimes/refusal.ts";
import type { Cut } from "./cut.ts";
import type { OnnxOptions } from "./options.ts";
import { splice } from "./splicing.ts";

/** What a tensor is for one picture. */
export interface Tensor {
  readonly type: string;
  readonly shape: Shape;
}

const types: ReadonlySet<string> = new Set(["float32", "float16", "bfloat16", "float64"]);

/**
 * As onnxruntime finds it for black pictures. What a file says of its shapes is
 * not always so; and a model that is not valid takes OpenVINO down, and the
 * process with it.
 *
 * @throws StepError where it is not so many numbers for each picture, or cannot be computed.
 */
export async function tensorOf(options: OnnxOptions, cut: Cut): Promise<Tensor> {
  const { network, size, scaling, threads } = options;
  // onnxruntime's package knows no bfloat16: such a tensor cannot be an output.
  const isHidden = cut.declared?.type === "bfloat16";
  const { bytes, input, outputs } = await splice({
    network,
    cut,
    size,
    scaling,
    finish: (builder) => [
      { name: builder.node("Shape", [cut.tensor]) },
      ...(isHidden ? [] : [{ name: cut.tensor }]),
    ],
  });
  const refuse = (error: Error): never => {
    throw new StepError(`the network cannot be computed: ${refusalOf(error)}`);
  };
  const session = await openSession(bytes, threads === undefined ? {} : { threads }).catch(refuse);
  try {
    // Two, so that it is seen which axis counts them.
    const count = network.picture.batch ?? 2;
    const dims = [count, ...size, 3];
    const data = new Uint8Array(lengthOf(dims));
    const [shape = ""] = outputs;
    const found = await session.integers({ [input]: { type: "uint8", dims, data } }, shape).catch(refuse);
    const type = isHidden ? "bfloat16" : (session.outputTypes.get(cut.tensor) ?? "no tensor");
    return checked({ type, shape: found }, count, cut);
  } finally {
    await session.close();
  }
}

/** @param all of so many pictures. */
function checked(all: Tensor, count: number, { tensor }: Cut): Tensor {
  if (!types.has(all.type)) {
    throw new StepError(`layer ${tensor} gives numbers that are ${all.type}, and features are float`);
  }
  const [pictures, ...shape] = all.shape;
  if (pictures === count) return { type: all.type, shape };
  const what = all.shape.length === 0 ? "one number" : all.shape.join(" × ");
  throw new StepError(
    `layer ${tensor} gives ${what} for ${count} ${count === 1 ? "picture" : "pictures"}, which is not a row for each`,
  );
}
