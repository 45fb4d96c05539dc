import { expect, test } from "vitest";
import { chooseMethod, refuseSmallMachine } from "../../steps/train/choose-method.ts";

const sgd = { kind: "sgd", learningRate: 1e-3, decay: 0 } as const;
const tutorial = { training: 3_000, validation: 1_000, rowLength: 100_352, units: 256, batch: 32 };
const auto = { method: "auto", memory: "2GB", optimizer: sgd } as const;

test.each([
  ["the tutorial's head", auto, tutorial, "sampleSpace"],
  ["more rows than they are long", auto, { ...tutorial, training: 20_000, rowLength: 2_048 }, "direct"],
  [
    "products that fit",
    auto,
    { ...tutorial, training: 20_000, validation: 0, rowLength: 25_088 },
    "sampleSpace",
  ],
  ["products that do not", auto, { ...tutorial, training: 30_000, rowLength: 50_000 }, "direct"],
  [
    "one batch of everything",
    auto,
    { ...tutorial, training: 20_000, validation: 0, rowLength: 25_088, batch: 20_000 },
    "direct",
  ],
  ["little memory", { ...auto, memory: "200MB" }, tutorial, "direct"],
  ["another optimizer", { ...auto, optimizer: { ...sgd, kind: "adam" } }, tutorial, "direct"],
  ["what is asked for", { ...auto, method: "direct" }, tutorial, "direct"],
  [
    "what is asked for, of few numbers",
    { ...auto, method: "sampleSpace" },
    { ...tutorial, rowLength: 100 },
    "sampleSpace",
  ],
] as const)("the way to train goes by sizes and memory: %s", (_, params, size, method) => {
  expect(chooseMethod(params, size).method).toBe(method);
});

test("sample space that does not fit is refused where it is asked for", () => {
  const asked = { ...auto, method: "sampleSpace", memory: "500MB" } as const;
  expect(() => chooseMethod(asked, { ...tutorial, training: 20_000 })).toThrow(
    /^in sample space 20000 training and 1000 validation rows of 100352 values take 2\.\d GB, and `memory: 500MB` is less/,
  );
});

test("a machine with less memory is told before anything is computed", () => {
  const chosen = chooseMethod(auto, tutorial);
  expect(() => refuseSmallMachine(chosen, "2GB", 1e9)).toThrow(
    "training takes 1.8 GB within `memory: 2GB`, and this machine has 1.0 GB: set a smaller `memory`",
  );
  expect(() => refuseSmallMachine(chosen, "2GB", 4e9)).not.toThrow();
  expect(() =>
    refuseSmallMachine(chooseMethod({ ...auto, memory: "900MB" }, tutorial), "900MB", 1e9),
  ).not.toThrow();
});
