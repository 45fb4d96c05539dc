import type { Json } from "./json.ts";

/** An input that is there, before the step starts. */
export interface KnownInput {
  /** Absolute path of the file or folder, to be read only. */
  readonly path: string;
  readonly digest: string;
}

/** One whose content a step type may look into. */
export interface InputToLookAt extends KnownInput {
  /**
   * What `find` finds out about the input's content, the first time; then it is
   * remembered. `name` is a few words, and another where it is found out otherwise.
   */
  recall<Value extends Json>(name: string, find: () => Value): Value;
}
