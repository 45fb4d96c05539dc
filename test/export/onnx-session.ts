import "../../steps/compute/onnx/no-telemetry.ts";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** Numbers that go in, row after row. */
export interface Rows {
  readonly type: "float32" | "uint8";
  readonly data: Float32Array | Uint8Array;
  /** The first says how many rows there are. */
  readonly dims: readonly number[];
  /** How many a file takes at a time, where it does not take any number. */
  readonly batch?: number;
}

export interface Computed {
  /** Names of the one input and the one output. */
  readonly names: readonly string[];
  readonly values: readonly number[];
}

/** What onnxruntime computes of a model file with one input and one output. */
export async function computed(path: string, { type, data, dims, batch }: Rows): Promise<Computed> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const names = [...session.inputNames, ...session.outputNames];
  const [input = "", output = ""] = names;
  const [count = 0, ...shape] = dims;
  const each = data.length / count;
  const [step, values]: [number, number[]] = [batch ?? count, []];
  for (let at = 0; at < count; at += step) {
    const rows = new Tensor(type, data.subarray(at * each, (at + step) * each), [step, ...shape]);
    const { [output]: found } = await session.run({ [input]: rows });
    if (found === undefined) throw new Error(`${path} gives no ${output}`);
    for (const value of found.data as Float32Array) values.push(value);
  }
  await session.release();
  return { names, values };
}
