import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "./flow.ts";

// The networks that flow knows by name, and the files that they need.

describe("the networks that flow knows", () => {
  let real: Workplace;
  beforeEach(() => {
    real = newWorkplace();
  });
  afterEach(() => real.remove());

  test("are listed within 80 columns", async () => {
    const { code, stdout } = await real.flow(["setup"], { FLOW_HOME: "/h" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}resnet50 +95 MB, not there$/m);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("refuse what is not their file", async () => {
    real.write("resnet50.h5", "no weights");
    expect(await real.flow(["setup", "weights", "resnet50", "--from", "resnet50.h5"])).toMatchObject({
      code: 2,
      stderr: `flow: ${join(real.root, "resnet50.h5")} has 10 bytes, not 94765736: it is another file, or cut short\n`,
    });
    expect(await real.flow(["setup", "weights", "resnet5"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "resnet50"?'),
    });
  });

  test("bring a step that needs one to say so", async () => {
    real.write(
      "p.yaml",
      "name: p\nsteps:\n  d: { uses: generate }\n  o: { uses: organize, inputs: { source: d.images }, with: { splits: { train: training }, classes: { '0': a, '1': b } } }\n  e: { uses: extract, inputs: { images: o.images }, with: { network: resnet50 } }\n",
    );
    const { code, stderr } = await real.flow(["run", "p.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain("`flow setup weights resnet50` brings it; or\n");
    expect(stderr).toContain("get it from https://storage.googleapis.com/tensorflow/keras-applications/");
  });
});
