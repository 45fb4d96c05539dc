import { StepError } from "../../../engine/step-type.ts";

/** @throws StepError where a table lacks a column, with the columns that it has. */
export function refuseMissing(file: string, columns: readonly string[], names: readonly string[]): void {
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length === 0) return;
  const found = names.length === 0 ? "it is empty" : `its header is: ${names.join(",")}`;
  throw new StepError(`${file} has no column ${missing.map((name) => `"${name}"`).join(", ")}; ${found}`);
}
