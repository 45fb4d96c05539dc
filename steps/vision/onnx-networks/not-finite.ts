import { elementTypes } from "../../compute/onnx/element-types.ts";
import { openSession } from "../../compute/onnx/session.ts";
import { firstNotFinite } from "../finite.ts";
import type { Builder } from "../onnx/builder.ts";
import { cutAt, type Part, together } from "./cut.ts";
import type { OnnxOptions } from "./options.ts";
import { splice } from "./splicing.ts";

/**
 * Which tensor on the way to the layers is the first to hold NaN or infinity for a
 * picture; nothing where onnxruntime cannot say it.
 *
 * @param pixels of one picture: uint8, height × width × 3.
 */
export async function firstNotFiniteTensor(
  options: OnnxOptions,
  pixels: Uint8Array,
): Promise<string | undefined> {
  const { network, size, scaling, threads } = options;
  const cuts = [options.layer].flat().map((layer) => cutAt(network, layer));
  const cut = together(network, cuts);
  const tensors = madeFromPicture(options, cut);
  const finish = (builder: Builder) => tensors.map((name) => ({ name: appendDoubt(builder, name) }));
  const { bytes, input, outputs } = await splice({ network, cut, size, scaling, finish });
  const count = network.picture.batch ?? 1;
  const data = new Uint8Array(count * pixels.length);
  for (let at = 0; at < count; at++) data.set(pixels, at * pixels.length);
  try {
    const session = await openSession(bytes, {
      ...(threads === undefined ? {} : { threads }),
      // x − x would become 0.
      optimization: "disabled",
    });
    try {
      const sums = outputs.map(
        (name) => [name, { type: "float32" as const, dims: [], data: new Float32Array(1) }] as const,
      );
      await session.run(
        { [input]: { type: "uint8", dims: [count, ...size, 3], data } },
        Object.fromEntries(sums),
      );
      return tensors[sums.findIndex(([, sum]) => firstNotFinite(sum.data) !== undefined)];
    } finally {
      await session.close();
    }
  } catch {
    // A tensor may be a list, or too large with all others: what matters was said already.
    return undefined;
  }
}

/** Constants may be infinite: masks are. */
function madeFromPicture({ network }: OnnxOptions, { nodes }: Part): readonly string[] {
  const made = new Set([network.picture.name]);
  for (const { inputs, inner, outputs } of nodes) {
    if (![...inputs, ...inner].some((name) => made.has(name))) continue;
    for (const name of outputs) made.add(name);
  }
  return [...made];
}

/** The sum of x − x, which is 0 where every x is finite, and else NaN. */
function appendDoubt(builder: Builder, tensor: string): string {
  const values = builder.node("Cast", [tensor], { to: { int: elementTypes.float32 } });
  return builder.node("ReduceSum", [builder.node("Sub", [values, values])], { keepdims: { int: 0 } });
}
