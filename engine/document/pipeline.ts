import type { JsonObject } from "../json.ts";
import type { Place } from "./diagnostic.ts";

/** A pipeline without mistakes: references substituted, defaults applied, every input resolved. */
export interface Pipeline {
  readonly name: string;
  /** Its file, as the user named it, without detours. */
  readonly file: string;
  /** As in the file, with `-S` applied. */
  readonly params: JsonObject;
  /** In the order of the document, which means nothing but what people read first. */
  readonly steps: readonly Step[];
}

export interface Step {
  readonly id: string;
  /** Name of the step type. */
  readonly uses: string;
  /** `with`, substituted and completed with defaults. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputSource>>;
  readonly place: Place;
  /** 1-based line of a parameter by its path in `with` joined with ".", and of the pipeline param it came from. */
  readonly lines: Readonly<Record<string, number>>;
}

export type InputSource =
  | {
      readonly kind: "path";
      /** As written: relative to the project root, or absolute. */
      readonly path: string;
      /** How to get it where it is missing (`get:` in the file). */
      readonly get?: string;
      readonly place: Place;
    }
  | { readonly kind: "output"; readonly step: string; readonly output: string };
