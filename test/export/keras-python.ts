import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPython } from "./python.ts";

export interface KerasJob {
  /** A `.keras` file. */
  readonly file: string;
  /** Of the inputs, with the batch: float32 numbers, or bytes of pixels. */
  readonly shape: readonly number[];
  readonly inputs: Float32Array | Uint8Array;
}

/** What Keras' models give: one process for all of them. */
export async function kerasPredict(jobs: readonly KerasJob[]): Promise<readonly Float32Array[]> {
  const folder = await mkdtemp(join(tmpdir(), "flow-keras-test-"));
  try {
    const lines: string[] = [];
    for (const [at, { file, shape, inputs }] of jobs.entries()) {
      const input = join(folder, `${at}.in`);
      await writeFile(input, inputs);
      const dtype = inputs instanceof Uint8Array ? "uint8" : "float32";
      lines.push(JSON.stringify({ file, shape, dtype, input, output: join(folder, `${at}.out`) }));
    }
    await writeFile(join(folder, "jobs"), lines.join("\n"));
    inPython(folder, program, join(folder, "jobs"));
    return await Promise.all(
      jobs.map(async (_, at) => {
        const bytes = await readFile(join(folder, `${at}.out`));
        return new Float32Array(new Uint8Array(bytes).buffer);
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const program = `
import json, sys
import keras
import numpy as np
for line in open(sys.argv[1]):
    job = json.loads(line)
    model = keras.models.load_model(job["file"])
    inputs = np.fromfile(job["input"], job["dtype"]).reshape(job["shape"])
    np.asarray(model.predict(inputs, verbose=0), np.float32).tofile(job["output"])
`;
