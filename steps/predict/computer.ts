import { join } from "node:path";
import type { Store } from "../../engine/store.ts";
import { segmentRows } from "../extract/limits.ts";
import { type ExtractionContext, openExtraction, refuseOther } from "../extract/open.ts";
import { rowStoreName } from "../extract/row-store.ts";
import { newSegment, type Segment } from "../learning/features/segments.ts";
import type { ModelDescription } from "../learning/heads/model.ts";
import type { Extractor, PlannedExtractor } from "../vision/extractor.ts";
import { DECODING } from "../vision/pixels/decoding.ts";
import type { FoundModel } from "./find-model.ts";

/** Computes rows with the network of an extraction, and keeps them. */
export interface Computer {
  /** Where rows are kept. */
  readonly store: Store;
  /** pixels: uint8, count × H × W × 3. Writes float32, count × rowLength, into `into`. */
  run(pixels: Uint8Array, count: number, into: Float32Array): Promise<void>;
  /** Opens the runtime, so that the first rows do not wait for it. */
  warm(): Promise<void>;
  /** Keeps good rows by the digests of their pictures, where rows are kept. */
  keep(digests: readonly string[], rows: Float32Array): Promise<void>;
  /** When what was to be kept is. */
  close(): Promise<void>;
}

export interface ComputerOptions {
  readonly found: FoundModel;
  readonly description: ModelDescription;
  /** FLOW_HOME. */
  readonly home: string;
  /** Rows that are computed at a time, at most. */
  readonly batch: number;
  readonly keep: "rows" | "nothing";
  openStore(name: ReturnType<typeof rowStoreName>): Store;
  note(text: string): void;
}

/** The network is read; its runtime is opened for the first rows. @throws StepError as `openExtraction` does. */
export async function openComputer(options: ComputerOptions): Promise<Computer> {
  const { found, description, home, note } = options;
  const ctx: ExtractionContext = {
    params: found.params,
    inputs: found.inputs,
    home,
    required: (name) => join(home, found.required[name] as string),
    // What is to be said of the network, the model's own notes say.
    note() {},
    log() {},
  };
  const extraction = await openExtraction(ctx);
  refuseOther(extraction, description.extractor);
  const store = options.openStore(rowStoreName(ctx, extraction));
  const other = whyOther(options, store.id);
  if (other !== undefined) note(other);
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opened ??= openRuntime(extraction.extractor, store, options);
    return opened;
  };
  return {
    store,
    run: async (pixels, count, into) => (await open()).extractor.run(pixels, count, into),
    warm: async () => void (await open()),
    keep: async (digests, rows) => (await open()).segment?.add(digests, async (into) => into.set(rows)),
    async close() {
      if (opened === undefined) return;
      const { segment, extractor } = await opened;
      await segment?.finish();
      await extractor.close();
    },
  };
}

interface Opened {
  readonly extractor: Extractor;
  /** Absent where nothing is kept. */
  readonly segment?: Segment;
}

async function openRuntime(
  planned: PlannedExtractor,
  store: Store,
  { found: { params, devices }, batch, keep, note }: ComputerOptions,
): Promise<Opened> {
  const extractor = await planned.open();
  const { rowLength, device } = extractor;
  if (devices.length > 0 && !devices.includes(device)) {
    note(`the network is computed on ${device}; the features of the model were on ${devices.join(", ")}.`);
  }
  if (keep === "nothing") return { extractor };
  // Rows that are not finite, or too large for their dtype, are not kept: nobody has to be named.
  const segment = newSegment(store, {
    ...{ rowLength, device, decoding: DECODING, dtype: params.dtype, nameOf: (digest) => digest },
    capacity: Math.max(batch, segmentRows(rowLength)),
  });
  return { extractor, segment };
}

/** What there is to say where rows are not computed as those were that the model was trained on. */
function whyOther({ found, description }: ComputerOptions, store: string): string | undefined {
  const { runtime = "onnxruntime", precision = "float32" } = description.extractor;
  const { params } = found;
  const [was, is] = [`${runtime} in ${precision}`, `${params.runtime} in ${params.precision}`];
  if (was !== is) {
    return `the network is computed by ${is}; the features of the model were by ${was}: probabilities may differ a little.`;
  }
  if (found.store === undefined || found.store === store) return undefined;
  return `this flow computes features otherwise than the one that made the model's (another version of ${runtime}, or of flow): probabilities may differ a little.`;
}
