import { expect } from "vitest";
import { type ExtractorOptions, openExtractor } from "../../steps/vision/extractor.ts";
import { defaultLayer, openNetwork } from "../../steps/vision/networks/open.ts";

export const own = { kind: "own" } as const;
/** Of the pictures of these tests. */
export const size = [4, 5] as const;

export type Asked = Partial<
  Pick<ExtractorOptions, "layer" | "pool" | "scaling" | "size" | "runtime" | "libraries">
>;

/** The row of a picture whose bytes count from 0. */
export async function row(file: string, asked: Asked = {}): Promise<readonly number[]> {
  const network = await openNetwork({ path: file, weights: own });
  const choice = {
    layer: asked.layer ?? defaultLayer(network),
    pool: "none",
    scaling: "none",
    size,
  } as const;
  const extractor = await openExtractor({ network, threads: 1, ...choice, ...asked });
  const rows = new Float32Array(extractor.rowLength);
  const [height, width] = asked.size ?? size;
  await extractor.run(
    Uint8Array.from({ length: height * width * 3 }, (_, at) => at),
    1,
    rows,
  );
  await extractor.close();
  return [...rows];
}

export async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (caught: Error) => caught,
  );
  expect(error?.name, error?.stack).toBe("StepError");
  expect(error?.message).not.toContain("\n");
  return error?.message ?? "";
}
