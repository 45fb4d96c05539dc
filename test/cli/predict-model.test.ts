import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lackOf, testHome } from "../runtimes/home.ts";
import { newWorkplace, type Workplace } from "./flow.ts";
import {
  evaluation,
  newPictures,
  pipeline,
  plain,
  predicted,
  reported,
  smallNetwork,
  trainedPlace,
} from "./predicting.ts";

// Whose model it is, and what has become of what it was made with.

let place: Workplace;
beforeAll(async () => {
  place = await trainedPlace();
});
afterAll(() => place.remove());

describe("a model", () => {
  test("is that of the step that is named, where there are several", async () => {
    const own = newWorkplace();
    const second =
      "  other: { uses: train, inputs: { features: features.features }, with: { hidden: [4], epochs: 1 } }\n";
    own.write("p.yaml", pipeline(plain) + second);
    await own.flow(["run", "p.yaml"]);
    const asked = await own.flow(["predict", "latest", evaluation]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/has several train steps: head, other; name one with --step\n$/);
    const [head, other] = await Promise.all(
      ["head", "other"].map((step) => own.flow(["predict", "latest", evaluation, "--csv", "--step", step])),
    );
    expect(predicted(head?.stdout ?? "")).toEqual(reported(own));
    expect(other?.code).toBe(0);
    expect(other?.stdout).not.toBe(head?.stdout);
    own.remove();
  });

  test("that is gone from the cache is said to be, and how it comes back", async () => {
    const own = newWorkplace();
    own.write("p.yaml", pipeline(plain));
    await own.flow(["run", "p.yaml"]);
    const digest = own.record().steps.head?.outputs.model?.digest.slice(7) as string;
    rmSync(join(own.root, ".flow/artifacts", digest), { recursive: true });
    const { code, stderr } = await own.flow(["predict", "latest", evaluation]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "flow: the model of head is not in the cache any more; `flow run p.yaml` brings it back\n",
    );
    own.remove();
  });

  test("with a network from files: they must be what they were", async () => {
    const own = newWorkplace();
    const network = smallNetwork(own);
    own.write("p.yaml", pipeline(network));
    expect(await own.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    const { id } = own.record();
    newPictures(own, "fresh", 3);
    expect(await own.flow(["predict", "p.yaml", "fresh"])).toMatchObject({ code: 0 });
    const weights = join(own.root, "net/w.bin");
    const bytes = readFileSync(weights);
    writeFileSync(
      weights,
      bytes.map((byte) => byte ^ 1),
    );
    const changed = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(changed).toMatchObject({ code: 2, stdout: "" });
    expect(changed.stderr).toMatch(new RegExp(`^flow: w.bin of ./net has changed since ${id}: `));
    rmSync(weights);
    const less = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(less).toMatchObject({ code: 2, stderr: `flow: w.bin of ./net is gone: ${id} was made with it\n` });
    rmSync(join(own.root, "net"), { recursive: true });
    const gone = await own.flow(["predict", "p.yaml", "fresh"]);
    expect(gone).toMatchObject({
      code: 2,
      stderr: `flow: ./net is gone: the network that ${id} was made with\n`,
    });
    own.remove();
  });

  test("of a runtime that is not there: which command brings it", async () => {
    const { code, stderr } = await place.flow(["predict", "latest", evaluation, "--runtime", "openvino"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^flow: OpenVINO \S+ is missing: `flow setup openvino` brings it\n$/);
  });

  const lack = lackOf("openvino");
  test.skipIf(lack !== "")(`computed by another runtime is announced${lack}`, async () => {
    const args = ["predict", "latest", evaluation, "--csv"];
    const other = await place.flow([...args, "--runtime", "openvino"], { FLOW_HOME: testHome as string });
    expect(other.code).toBe(0);
    expect(other.stderr).toContain(
      "Note: the network is computed by openvino in float32; the features of the model were by onnxruntime in float32: probabilities may differ a little.\n",
    );
    const [mine, theirs] = [predicted((await place.flow(args)).stdout), predicted(other.stdout)];
    expect(Object.keys(theirs)).toHaveLength(37);
    for (const [file, [, ...values]] of Object.entries(theirs)) {
      for (const [at, value] of values.entries()) {
        expect(Number(value)).toBeCloseTo(Number(mine[file]?.[at + 1]), 3);
      }
    }
  });
});
