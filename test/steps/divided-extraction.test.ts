import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { rowsDigest } from "../torture/kills.ts";

const pipeline = `
name: divided
steps:
  pictures: { uses: generate, with: { splits: { training: 620, validation: 60, evaluation: 40 }, size: 48 } }
  splits: { uses: organize, inputs: { source: pictures.images } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [48, 48] } }
`;

let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  place.write("p.yaml", pipeline);
  expect(await place.flow(["run", "p.yaml", "--until", "splits"])).toMatchObject({ code: 0 });
});
afterAll(() => place.remove());

/** The step from nothing. */
async function extracted(workers: number | "undivided") {
  rmSync(join(place.root, ".flow/stores"), { recursive: true, force: true });
  place.write(
    "flow.config.yaml",
    typeof workers === "number" ? `steps: { extract: { workers: ${workers} } }\n` : "",
  );
  // What is asked for anew is not divided.
  const { code, stderr } = await place.flow([
    "run",
    "p.yaml",
    ...(workers === "undivided" ? ["-R", "features"] : []),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const step = place.record().steps.features;
  return { step, output: step?.outputs.features?.digest, rows: await rowsDigest(place) };
}

test("however many workers share an extraction, its rows have the bits of one that does all", async () => {
  const shared = await extracted(2);
  expect(shared.step).toMatchObject({
    worked: { items: 2 },
    metrics: { images: 720, computed: 720, reused: 0, failed: 0, devices: ["cpu"] },
  });
  const divided = await extracted(1);
  expect(divided.step).toMatchObject({ worked: { items: 2 }, metrics: { computed: 720, reused: 0 } });
  const alone = await extracted("undivided");
  expect(alone.step?.worked).toBeUndefined();
  expect(alone.step).toMatchObject({ metrics: { computed: 720, reused: 0 } });
  for (const one of [shared, divided]) {
    expect(one.output).toBe(alone.output);
    expect(one.rows).toBe(alone.rows);
  }
});
