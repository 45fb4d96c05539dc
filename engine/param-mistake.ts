/** What a check may ask of the project. */
export interface Facts {
  /** Paths among the step's inputs, as written. */
  readonly inputs: readonly string[];
  /** Whether a path, relative to the project root, is a file. */
  isFile(path: string): boolean;
  /** Bytes that a process may take on this machine. */
  readonly memory: number;
}

/** A mistake in a step's parameters that no schema can express. */
export interface ParamMistake {
  /** Where in `with` it is, as a path of names: ["optimizer", "kind"]. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint?: string;
  /** The piece of the text that is meant. */
  readonly piece?: string;
  /** Which of the pieces that read so, from 0; absent: the first. */
  readonly nth?: number;
  /** A warning keeps nothing from running. */
  readonly code?: "unlisted-file" | "unset-variable" | "part-of-line" | "small-machine";
}
