import type { Features } from "../learning/features/rows.ts";
import type { Model } from "../learning/heads/model.ts";
import type { Program } from "../vision/runtimes/runtime.ts";

/** A model that is to be written for another program. */
export interface ExportedModel {
  readonly model: Model;
  /** What makes rows of pixels: uint8, N × height × width × 3, RGB. Absent where the head alone is asked for. */
  readonly extractor?: Program;
}

/** Features that are to be written for another program. */
export interface ExportedFeatures {
  readonly features: Features;
  readonly signal: AbortSignal;
  /** Called with the number of rows that are written. */
  progress(done: number): void;
}

/** How models, or features, are written for another program. */
export interface Format<Exported> {
  /**
   * Writes the files into an empty folder. The same bytes for the same input.
   *
   * @throws StepError where the format cannot hold it, naming what it cannot and a format that can.
   */
  write(exported: Exported, folder: string): Promise<void>;
  /** How the files are used, ten lines each, in a shell in that folder. */
  examples(exported: Exported): readonly Example[];
}

export interface Example {
  /** "Python" */
  readonly title: string;
  /** As Markdown names it: python, js, html. */
  readonly language: string;
  readonly code: string;
}

/** Names of the tensors of a model that is written: what it takes, and what it gives. */
export const tensorNames = {
  pixels: "pixels",
  features: "features",
  probabilities: "probabilities",
} as const;

export interface Formats {
  readonly onnx: Format<ExportedModel>;
  readonly tfjs: Format<ExportedModel>;
  readonly keras: Format<ExportedModel>;
  readonly numpy: Format<ExportedFeatures>;
  readonly hdf5: Format<ExportedFeatures>;
  readonly parquet: Format<ExportedFeatures>;
  readonly csv: Format<ExportedFeatures>;
}
