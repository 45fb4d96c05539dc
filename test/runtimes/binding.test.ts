import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Binding, newBinding } from "../../steps/compute/tensorflow/binding.ts";
import { openContext } from "../../steps/compute/tensorflow/context.ts";
import { openKernel } from "../../steps/compute/tensorflow/kernel.ts";
import { tensorflowLibrary } from "../../steps/compute/tensorflow/library.ts";
import { openProducts } from "../../steps/compute/tensorflow/products.ts";
import { openTensorflow, type TensorflowSession } from "../../steps/compute/tensorflow/session.ts";
import { loadTfjs } from "../../steps/compute/tensorflow/tfjs.ts";
import { completed } from "../../steps/train/optimizers/optimizer.ts";
import { ruleOf } from "../../steps/train/optimizers/rules.ts";
import type { Graph, Shape, Tensor } from "../../steps/vision/graph/graph.ts";
import { newExecution } from "../../steps/vision/tensorflow/execution.ts";
import { picturePixels } from "../networks/golden.ts";
import { lackOf, librariesOf } from "./home.ts";

// What is the binding's own: memory, what is used after it was freed, what is missing.

const libraries = librariesOf("tensorflow") ?? "";
const lack = lackOf("tensorflow");

test("says what is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-"));
  expect(() => loadTfjs(join(folder, "file.js"))).toThrow(/@tensorflow\/tfjs-node-gpu.*`npm i` brings it$/);
  expect(() => tensorflowLibrary(folder)).toThrow(
    /libtensorflow_framework.so.2 is not there.*`flow setup tensorflow` bring them anew$/,
  );
  rmSync(folder, { recursive: true });
});

function open(device: "cpu" | "cuda" = "cpu"): Promise<TensorflowSession> {
  return openTensorflow({ libraries, device, threads: 2 });
}

describe.skipIf(lack !== "")(`TensorFlow's binding${lack}`, () => {
  test("has as many tensors after a hundred graphs and two thousand batches as before", async () => {
    const session = await open();
    const before = tensorsOf(session);
    const pixels = picturePixels(4, 16, 16);
    const rows = new Float32Array(4 * rowLength);
    for (let time = 0; time < 100; time++) {
      const execution = newExecution(session, graph);
      for (let batch = 0; batch < 20; batch++) execution.run(pixels, 4, rows);
      execution.free();
    }
    expect(tensorsOf(session)).toEqual(before);
    session.close();
  });

  test("has as many after products and steps of training, also of some that failed", async () => {
    const session = await open();
    const before = tensorsOf(session);
    const products = openProducts(session);
    const [a, into] = [new Float32Array(12).fill(1), new Float32Array(9)];
    const held = await products.hold(a, 3);
    const arrays = { weights: new Float32Array(5000 * 2), velocity: new Float32Array(5000 * 2) };
    const rule = ruleOf(completed({ kind: "sgd", learningRate: 0.1, decay: 0, nesterov: true }));
    const kernel = openKernel(session, { inputs: 5000, units: 2, arrays, rule });
    const x = new Float32Array(5000 * 4).fill(1);
    for (let rows = 1; rows < 5; rows++) {
      await products.times(a, a, { m: 2, k: 3, n: 3 }, into);
      await products.timesTransposed(a, a, { m: 2, k: 3, n: 3 }, into);
      await products.addTransposedTimes(a, a, { m: 3, k: 3, n: 3 }, into);
      await held.rowsTimes(Int32Array.of(3, 0), a, 2, into);
      const delta = await kernel.forward(x, rows);
      await kernel.back(delta);
      await kernel.move(delta, rule.at(0.1, 1));
      await expect(products.times(a, a, { m: 3, k: 3, n: 5 }, into)).rejects.toThrow();
      await expect(kernel.forward(x, 5)).rejects.toThrow();
      await kernel.write();
    }
    await held.close();
    await kernel.close();
    expect(tensorsOf(session)).toEqual(before);
    session.close();
  });

  test("has as many after a batch that failed", async () => {
    const session = await open();
    const execution = newExecution(session, graph);
    const pixels = picturePixels(4, 16, 16);
    const rows = new Float32Array(4 * rowLength);
    execution.run(pixels, 4, rows);
    const before = tensorsOf(session);
    expect(() => execution.run(pixels, 4, rows.subarray(1))).toThrow(/bytes, not/);
    expect(() => execution.run(pixels.subarray(1), 4, rows)).toThrow(/bytes, not/);
    const { tf, operation } = session;
    expect(() => tf.tidy(() => operation("NoSuchOperation", {}, []))).toThrow(/NoSuchOperation/);
    expect(() => tf.tidy(() => operation("MatMul", {}, [tf.ones([2, 3]), tf.ones([2, 3])]))).toThrow(
      /[Mm]atrix/,
    );
    expect(tensorsOf(session)).toEqual(before);
    execution.run(pixels, 4, rows);
    execution.free();
    session.close();
  });

  test("says that a tensor is gone, and what is asked of a graph after it", async () => {
    const session = await open();
    const { tf, operation } = session;
    const gone = tf.tensor1d([1, 2, 3]);
    gone.dispose();
    expect(() => operation("Neg", {}, [gone])).toThrow();
    expect(() => session.download(gone, new Float32Array(3))).toThrow();
    const execution = newExecution(session, graph);
    execution.free();
    expect(() => execution.run(picturePixels(1, 16, 16), 1, new Float32Array(rowLength))).toThrow();
    session.close();
  });

  test("gives no number of a tensor twice, and none works after it was deleted, or all were", () => {
    const library = tensorflowLibrary(libraries);
    const binding = newBinding(library, openContext(library, { threads: 2, gpu: false }));
    const make = (): number => binding.createTensor([2], "float32", Float32Array.of(1, 2));
    const id = make();
    binding.deleteTensor(id);
    const other = make();
    expect(other).not.toBe(id);
    for (const use of [
      () => binding.deleteTensor(id),
      () => binding.tensorDataSync(id),
      () => binding.executeOp("Neg", [], [other, id], 1),
    ]) {
      expect(use).toThrow(`tensor ${id} is not there any more`);
    }
    expect(binding.getNumOfTensors()).toBe(1);
    binding.close();
    binding.close();
    expect(() => binding.tensorDataSync(other)).toThrow(`tensor ${other} is not there any more`);
    expect(make).toThrow("TensorFlow is closed");
    expect(() => binding.executeOp("Neg", [], [], 1)).toThrow("TensorFlow is closed");
  });

  test("reads and writes every type that networks have", async () => {
    const session = await open();
    const { tf } = session;
    expect([...tf.tensor([1, -2], [2], "int32").dataSync()]).toEqual([1, -2]);
    expect([...tf.tensor([1, 0], [2], "bool").dataSync()]).toEqual([1, 0]);
    expect([...tf.tensor2d([[1.5], [2.5]]).dataSync()]).toEqual([1.5, 2.5]);
    expect([...tf.tensor2d([], [0, 3]).dataSync()]).toEqual([]);
    expect([...session.upload(Uint8Array.of(0, 255), [2]).dataSync()]).toEqual([0, 255]);
    expect(() => tf.add(tf.tensor(["a"]), 1)).toThrow();
    session.close();
  });

  test("lets a process end by itself", () => {
    const session = new URL("../../dist/steps/compute/tensorflow/session.js", import.meta.url);
    const script = `
      import { openTensorflow } from ${JSON.stringify(session.href)};
      const { tf } = await openTensorflow(${JSON.stringify({ libraries, device: "cpu", threads: 2 })});
      console.log(tf.add(1, 2).dataSync()[0]);
    `;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(ended).toMatchObject({ status: 0, signal: null, stdout: "3\n" });
  });

  // Where there is an NVIDIA driver it may well be found.
  test.skipIf(existsSync("/dev/nvidiactl"))(
    "says that there is no GPU, and computes on the CPU afterwards",
    async () => {
      const before = await open();
      before.close();
      await expect(open("cuda")).rejects.toThrow(/^TensorFlow found no GPU: .*`flow setup tensorflow --gpu`/);
      const session = await open();
      expect(session.device).toBe("cpu");
      expect([...session.tf.relu([-1, 2]).dataSync()]).toEqual([0, 2]);
      session.close();
    },
  );
});

/** Of TensorFlow.js, and of TensorFlow. */
function tensorsOf({ tf }: TensorflowSession): unknown {
  const { binding } = tf.backend() as unknown as { binding: Binding };
  return { tfjs: tf.memory().numTensors, tensorflow: binding.getNumOfTensors() };
}

const rowLength = 14 * 14 * 8;
const graph: Graph = smallGraph();

function smallGraph(): Graph {
  const value = (id: number, shape: Shape) => ({ id, shape });
  const constant = (shape: Shape, length: number): Tensor => ({
    shape,
    data: new Float32Array(length).fill(0.1),
  });
  const [input, floats, wide, output] = [
    value(0, [16, 16, 3]),
    value(1, [16, 16, 3]),
    value(2, [14, 14, 8]),
    value(3, [14, 14, 8]),
  ] as const;
  const kernel = constant([3, 3, 3, 8], 3 * 3 * 3 * 8);
  return {
    name: "small",
    input,
    nodes: [
      { operator: { op: "cast", input }, output: floats },
      {
        operator: {
          op: "conv",
          input: floats,
          kernel,
          bias: constant([8], 8),
          groups: 1,
          strides: [1, 1],
          dilation: [1, 1],
          pads: [0, 0, 0, 0],
        },
        output: wide,
      },
      { operator: { op: "threshold", input: wide, above: 20 }, output },
    ],
    output,
  };
}
