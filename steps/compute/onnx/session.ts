import { cores } from "../../../engine/cores.ts";
import "./no-telemetry.ts";
import { env, InferenceSession, Tensor } from "onnxruntime-node";

/** Numbers in memory that the runtime reads or writes where they are. */
export type NumberArray = { readonly dims: readonly number[] } & (
  | { readonly type: "float32"; readonly data: Float32Array }
  | { readonly type: "uint8"; readonly data: Uint8Array }
);

/** Of onnxruntime. */
export const engineVersion = env.versions.node ?? env.versions.common;

export interface Session {
  /** Types of its outputs by name, where they are tensors: "float32", "int64". */
  readonly outputTypes: ReadonlyMap<string, string>;
  /** Computes `fetches` from `feeds`; the results are written into the memory of the fetches. */
  run(
    feeds: Readonly<Record<string, NumberArray>>,
    fetches: Readonly<Record<string, NumberArray>>,
  ): Promise<void>;
  /** Computes one output of whole numbers: a shape. */
  integers(feeds: Readonly<Record<string, NumberArray>>, output: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Default: the number of cores. */
  readonly threads?: number;
  /** Whether the runtime may rewrite the graph. */
  readonly optimization?: "all" | "disabled";
  /** Default: `cpu`. `webgpu` needs a Vulkan driver. */
  readonly device?: "cpu" | "webgpu";
}

/**
 * An ONNX model on one of onnxruntime's engines. On the CPU `run` blocks the
 * thread that calls it while it computes.
 *
 * @throws Error in onnxruntime's words where there is no such device.
 */
export async function openSession(
  model: Uint8Array,
  { threads = cores(), optimization = "all", device = "cpu" }: SessionOptions = {},
): Promise<Session> {
  const session = await InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: optimization,
    logSeverityLevel: 3,
    // Threads that wait by spinning take the cores from another session, and from pictures being decoded.
    extra: {
      session: { intra_op: { allow_spinning: "0" } },
      // It takes the zeros round an image for what a window over its border leaves out.
      optimization: { disable_specified_optimizers: "Pad_Fusion" },
    },
  });
  return {
    outputTypes: new Map(
      session.outputMetadata.flatMap((value) => (value.isTensor ? [[value.name, value.type] as const] : [])),
    ),
    async run(feeds, fetches) {
      await session.run(tensors(feeds), tensors(fetches));
    },
    async integers(feeds, output) {
      const { [output]: found } = await session.run(tensors(feeds), [output]);
      return Array.from(found?.data as BigInt64Array, Number);
    },
    close: () => session.release(),
  };
}

function tensors(arrays: Readonly<Record<string, NumberArray>>): Record<string, Tensor> {
  const wrap = ({ type, data, dims }: NumberArray): Tensor =>
    type === "float32" ? new Tensor(type, data, dims) : new Tensor(type, data, dims);
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, wrap(array)]));
}
