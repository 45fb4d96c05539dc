import { StepError } from "../../engine/step-type.ts";
import { lengthOf, type Shape } from "./graph/graph.ts";
import type { Network } from "./networks/open.ts";
import type { Scaling } from "./preprocessing.ts";
import { inBatches } from "./runtimes/batches.ts";
import { loadRuntime } from "./runtimes/load.ts";
import { noOnnx } from "./runtimes/no-onnx.ts";
import type { OpenProgram, Program, RuntimeName, RuntimeOptions } from "./runtimes/runtime.ts";
import { translate } from "./translate/translate.ts";

/** A network cut at a layer, ready to turn pixels into rows. */
export interface Extractor {
  /** Of one row before it was flattened: height, width, channels, or the length of a vector. */
  readonly shape: readonly number[];
  readonly rowLength: number;
  /** What computes it. */
  readonly device: string;
  /**
   * pixels: uint8, count × H × W × 3, RGB. Writes float32, count × rowLength, into `into`.
   *
   * @throws StepError where the runtime or its device fails.
   */
  run(pixels: Uint8Array, count: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

export interface ExtractorOptions extends Partial<RuntimeOptions> {
  readonly network: Network;
  /** Where it is cut: one layer, or several whose rows are joined. */
  readonly layer: string | readonly string[];
  readonly pool: "none" | "average" | "max";
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
  /** Default: onnxruntime, in float32, on the CPU. */
  readonly runtime?: RuntimeName;
}

/** An extractor that has not opened its runtime: what it gives is known, and nothing is loaded. */
export interface PlannedExtractor extends Pick<Extractor, "shape" | "rowLength"> {
  /** What is executed. Once, in place of `open`. */
  program(): Promise<Program>;
  /** Once. @throws StepError where the runtime, its device or the precision is not to be had. */
  open(): Promise<Extractor>;
}

/** @throws StepError where the network cannot be computed: see `translate` and `planOnnx`. */
export async function planExtractor(options: ExtractorOptions): Promise<PlannedExtractor> {
  const { runtime = "onnxruntime", precision = "float32", device = "cpu", threads, libraries } = options;
  // Given away when it is opened: the weights are not kept twice.
  let planned: PlannedProgram | undefined = await planProgram(options);
  const { shape } = planned;
  const rowLength = lengthOf(shape);
  const take = (): Promise<Program> => {
    if (planned === undefined) throw new Error("an extractor is opened once");
    const program = planned.program();
    planned = undefined;
    return program;
  };
  return {
    shape,
    rowLength,
    program: take,
    async open() {
      const opened = await openProgram(await take(), runtime, {
        precision,
        device,
        ...(threads === undefined ? {} : { threads }),
        ...(libraries === undefined ? {} : { libraries }),
      });
      return {
        ...opened,
        shape,
        rowLength,
        async run(pixels, count, into) {
          try {
            await opened.run(pixels, count, into);
          } catch (error) {
            if (error instanceof StepError) throw error;
            const [why] = (error as Error).message.split("\n");
            throw new StepError(
              `${runtime} fails on ${opened.device} (${why}); what was computed is kept: run the same command again, with a smaller batchSize where memory ran out`,
            );
          }
        },
      };
    },
  };
}

interface PlannedProgram {
  readonly shape: Shape;
  program(): Promise<Program>;
}

async function planProgram(options: ExtractorOptions): Promise<PlannedProgram> {
  const { network, runtime } = options;
  switch (network.kind) {
    case "keras": {
      const { topology, weights } = network;
      const { graph, shape } = translate({ ...options, topology, weights });
      return { shape, program: async () => ({ kind: "graph", graph }) };
    }
    case "onnx": {
      if (runtime === "tensorflow") throw new StepError(noOnnx);
      const { planOnnx } = await import("./onnx-networks/plan.ts");
      return planOnnx({ ...options, network });
    }
    default:
      return network satisfies never;
  }
}

async function openProgram(
  program: Program,
  runtime: RuntimeName,
  options: RuntimeOptions,
): Promise<OpenProgram> {
  const { open } = await loadRuntime(runtime);
  if (program.kind === "graph" || program.batch === undefined) return open(program, options);
  const { batch, inputShape, rowLength } = program;
  return inBatches(await open(program, options), { batch, inputShape, rowLength });
}

/** @throws StepError as `planExtractor` and `open` do. */
export async function openExtractor(options: ExtractorOptions): Promise<Extractor> {
  return (await planExtractor(options)).open();
}
