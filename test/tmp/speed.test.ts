import { test, expect } from "vitest";
import { openFirstLayer, openKernelUpdate } from "../../steps/heads/first-layer.ts";
import { newDense } from "../../steps/heads/dense.ts";
import { initialState, openTrainer } from "../../steps/train/sgd.ts";
test("speed", async () => {
  const n=100352,u=256;
  const state = initialState([n,u,16,2], 1);
  const x = new Float32Array(32*n).map(()=>Math.random());
  const tr = await openTrainer(state, 0.9);
  const labels = Int32Array.from({length:32},(_, i)=>i%2);
  for (let i=0;i<3;i++) await tr.step(x, labels, 32, 1e-5);
  const t=performance.now(); for (let i=0;i<10;i++) await tr.step(x, labels, 32, 1e-5);
  console.log("ms/step", (performance.now()-t)/10);
  const t2=performance.now(); for (let i=0;i<10;i++) await tr.evaluate(x, labels, 32);
  console.log("ms/eval", (performance.now()-t2)/10);
});
