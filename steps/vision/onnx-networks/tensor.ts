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
 * As the file says it; where it does not, as onnxruntime finds it for black
 * pictures. For OpenVINO it is always tried: a model that is not valid takes it
 * down, and the process with it.
 *
 * @throws StepError where it is not so many numbers for each picture, or cannot be computed.
 */
export async function tensorOf(options: OnnxOptions, cut: Cut): Promise<Tensor> {
  const { runtime = "onnxruntime" } = options;
  const said = runtime === "onnxruntime" ? declared(options, cut) : undefined;
  const tensor = said ?? (await tried(options, cut));
  if (!types.has(tensor.type)) {
    throw new StepError(`layer ${cut.tensor} gives numbers that are ${tensor.type}, and features are float`);
  }
  return tensor;
}

const types: ReadonlySet<string> = new Set(["float32", "float16", "bfloat16", "float64"]);

function declared({ network }: OnnxOptions, { declared }: Cut): Tensor | undefined {
  if (declared?.type === undefined || declared.dims === undefined) return undefined;
  const { batch, batchName } = network.picture;
  const [first, ...others] = declared.dims;
  const shape = others.filter((size) => typeof size === "number");
  const isBatch = first !== undefined && first === (batch ?? batchName);
  return isBatch && shape.length === others.length ? { type: declared.type, shape } : undefined;
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
