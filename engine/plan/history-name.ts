import { createHash } from "node:crypto";
import type { Pipeline } from "../document/pipeline.ts";

/** Under which name the history of a pipeline is kept: two files may hold pipelines of one name. */
export function historyName({ name, file }: Pick<Pipeline, "name" | "file">): string {
  return `${name}~${createHash("sha256").update(file).digest("hex").slice(0, 8)}`;
}
