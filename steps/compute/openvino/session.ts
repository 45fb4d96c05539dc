import { cores } from "../../../engine/cores.ts";
import { StepError } from "../../../engine/step-type.ts";
import { type Handle, type OpenvinoLibrary, openvinoLibrary } from "./library.ts";

export interface OpenvinoOptions {
  /** The folder of the libraries. */
  readonly libraries: string;
  readonly precision: "float32" | "bf16";
  /** Default: the number of cores. */
  readonly threads?: number;
}

export interface OpenvinoSession {
  /**
   * input: uint8 of `inputShape`; output: float32 of `outputShape`, the memory
   * that is filled. Both stay where they are until it is done.
   */
  run(
    input: Uint8Array,
    inputShape: readonly number[],
    output: Float32Array,
    outputShape: readonly number[],
  ): Promise<void>;
  close(): Promise<void>;
}

/** `ov_element_type_e`. */
const FLOAT32 = 4;
const UINT8 = 16;

/**
 * An ONNX model with one input and one output on OpenVINO's CPU engine.
 *
 * @throws StepError where the CPU has no bf16, or the libraries cannot be opened.
 */
export function openOpenvino(model: Uint8Array, options: OpenvinoOptions): OpenvinoSession {
  const { libraries, precision, threads = cores() } = options;
  const library = openvinoLibrary(libraries);
  const open: (() => void)[] = [];
  const keep = (free: Parameters<OpenvinoLibrary["free"]>[0], handle: Handle): Handle => {
    open.push(() => library.free(free, handle));
    return handle;
  };
  const close = (): void => {
    for (const free of open.splice(0).reverse()) free();
  };
  try {
    const core = keep("ov_core_free", library.make("ov_core_create", []));
    if (precision === "bf16") requireBf16(library, core);
    const read = library.make("ov_core_read_model_from_memory_buffer", [core, model, model.length, null]);
    keep("ov_model_free", read);
    const settings = {
      INFERENCE_PRECISION_HINT: precision === "bf16" ? "bf16" : "f32",
      INFERENCE_NUM_THREADS: String(threads),
      NUM_STREAMS: "1",
    };
    const words = Object.entries(settings).flat();
    const compiled = library.make(
      "ov_core_compile_model",
      [core, read, "CPU", words.length],
      words.flatMap((word) => ["const char *", word]),
    );
    keep("ov_compiled_model_free", compiled);
    const request = library.make("ov_compiled_model_create_infer_request", [compiled]);
    keep("ov_infer_request_free", request);
    return {
      async run(input, inputShape, output, outputShape) {
        const from = tensor(library, UINT8, inputShape, input);
        const into = tensor(library, FLOAT32, outputShape, output);
        try {
          library.call("ov_infer_request_set_input_tensor_by_index", request, 0, from);
          library.call("ov_infer_request_set_output_tensor_by_index", request, 0, into);
          await library.later("ov_infer_request_infer", request);
        } finally {
          library.free("ov_tensor_free", from);
          library.free("ov_tensor_free", into);
        }
      },
      async close() {
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function requireBf16(library: OpenvinoLibrary, core: Handle): void {
  const able = library.property(core, "OPTIMIZATION_CAPABILITIES").split(" ");
  if (able.includes("BF16")) return;
  throw new StepError(
    `precision: bf16 needs a CPU with AVX512-BF16 or AMX; OpenVINO finds ${able.join(", ")}: leave it out`,
  );
}

function tensor(
  library: OpenvinoLibrary,
  type: number,
  shape: readonly number[],
  memory: Uint8Array | Float32Array,
): Handle {
  const sizes = BigInt64Array.from(shape, BigInt);
  return library.make("ov_tensor_create_from_host_ptr", [
    type,
    { rank: BigInt(shape.length), sizes },
    memory,
  ]);
}
