import { StepError } from "../../../engine/step-type.ts";
import { openSession } from "../../compute/onnx/session.ts";
import type { Shape } from "../graph/graph.ts";
import { refusalOf } from "../runtimes/refusal.ts";
import type { Cut } from "./cut.ts";
import type { OnnxOptions } from "./options.ts";
import { splice } from "./splicing.ts";

/** What a tensor is for one picture. */
export interface Tensor {
  readonly type: string;
  readonly shape: Shape;
}

/**
 * As the file says it; where it does not, as onnxruntime finds it for black pictures.
 *
 * @throws StepError where it is no row of numbers with a point for each picture.
 */
export async function tensorOf(options: OnnxOptions, cut: Cut): Promise<Tensor> {
  const tensor = declared(options, cut) ?? (await tried(options, cut));
  if (!types.has(tensor.type)) {
    throw new StepError(`layer ${cut.tensor} gives numbers that are ${tensor.type}, and features are float`);
  }
  return tensor;
}

const types: ReadonlySet<string> = new Set(["float32", "float16", "bfloat16", "float64"]);

function declared({ network }: OnnxOptions, { declared }: Cut): Tensor | undefined {
  const [batch, ...shape] = declared?.dims ?? [];
  if (declared?.type === undefined || declared.dims === undefined || declared.dims.length === 0)
    return undefined;
  if (batch !== network.picture.batch || shape.includes(undefined)) return undefined;
  return { type: declared.type, shape: shape as number[] };
}

async function tried(options: OnnxOptions, cut: Cut): Promise<Tensor> {
  const { network, size, scaling, threads } = options;
  const { bytes, input, outputs } = await splice({
    network,
    cut,
    size,
    scaling,
    finish: (builder) => [{ name: cut.tensor }, { name: builder.node("Shape", [cut.tensor]) }],
  });
  const refuse = (error: Error): never => {
    throw new StepError(`the network cannot be computed: ${refusalOf(error)}`);
  };
  const session = await openSession(bytes, threads === undefined ? {} : { threads }).catch(refuse);
  try {
    // Two, so that it is seen which axis counts them.
    const count = network.picture.batch ?? 2;
    const dims = [count, ...size, 3];
    const data = new Uint8Array(count * size[0] * size[1] * 3);
    const found = await session
      .integers({ [input]: { type: "uint8", dims, data } }, outputs[1] as string)
      .catch(refuse);
    const type = session.outputTypes.get(cut.tensor) ?? "no tensor";
    const [pictures, ...shape] = found;
    if (pictures === count) return { type, shape };
    const what = found.length === 0 ? "one number" : found.join(" × ");
    throw new StepError(
      `layer ${cut.tensor} gives ${what} for ${count} ${count === 1 ? "picture" : "pictures"}, which is not a row for each`,
    );
  } finally {
    await session.close();
  }
}
