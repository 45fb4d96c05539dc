import type { StepType } from "../engine/step-type.ts";
import { command } from "./command/index.ts";
import { download } from "./download/index.ts";
import { exportStep } from "./export/index.ts";
import { extract } from "./extract/index.ts";
import { generate } from "./generate/index.ts";
import { organize } from "./organize/index.ts";
import { report } from "./report/index.ts";
import { train } from "./train/index.ts";

/** Every step type that a pipeline can use, by name. */
export const stepTypes: ReadonlyMap<string, StepType> = new Map(
  [generate, download, organize, extract, train, report, exportStep, command].map((type) => [
    type.name,
    type,
  ]),
);
