import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";

const drawn = `
name: drawn
steps:
  pictures: { uses: generate, with: { splits: { training: 1100, validation: 100, evaluation: 60 }, size: 48 } }
`;
const pipeline = (materialize: string): string => `
name: divided
steps:
  splits: { uses: organize, inputs: { source: ./pictures }, with: { materialize: ${materialize} } }
`;

let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  place.write("drawn.yaml", drawn);
  expect(await place.flow(["run", "drawn.yaml"])).toMatchObject({ code: 0 });
  cpSync(join(place.root, "runs/latest/pictures/images"), join(place.root, "pictures"), {
    recursive: true,
    dereference: true,
  });
});
afterAll(() => place.remove());

test("pictures are looked at in items, by several workers, and the result is that of one", async () => {
  place.write("p.yaml", pipeline("auto"));
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  const alone = place.record().steps.splits;
  expect(alone).toMatchObject({ outcome: "ran", worked: { items: 2 }, metrics: { images: 1260 } });
  place.write("flow.config.yaml", "steps: { organize: { workers: 2 } }\n");
  expect(await place.flow(["run", "p.yaml", "--cache", "other"])).toMatchObject({ code: 0, stderr: "" });
  const shared = place.record().steps.splits;
  expect(shared).toMatchObject({ outcome: "ran", worked: { items: 2 } });
  expect(shared?.outputs).toEqual(alone?.outputs);
  expect(shared?.metrics).toEqual(alone?.metrics);
});

test("what was looked at before is not divided again", async () => {
  place.write("p.yaml", pipeline("reference"));
  expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
  expect(place.record().steps.splits).toMatchObject({ outcome: "ran" });
  expect(place.record().steps.splits?.worked).toBeUndefined();
});

test("what is wrong with the pictures is said as ever", async () => {
  mkdirSync(join(place.root, "pictures/training/both"), { recursive: true });
  writeFileSync(join(place.root, "pictures/readme.txt"), "");
  place.write("p.yaml", pipeline("auto").replace("materialize: auto", "splits: { train: nothing }"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^splits failed: /m);
  expect(stderr).not.toContain("mistake in flow");
});
