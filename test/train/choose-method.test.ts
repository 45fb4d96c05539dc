import { expect, test } from "vitest";
import { refuseSmallMachine } from "../../steps/train/budget.ts";
import { chooseMethod, type Size } from "../../steps/train/choose-method.ts";

const sgd = { kind: "sgd", learningRate: 1e-3, decay: 0 } as const;
const tutorial: Size = { training: 3_000, validation: 1_000, layers: [100_352, 256, 16, 2], batch: 32 };
const auto = { method: "auto", memory: "2GB", optimizer: sgd, runtime: "onnxruntime" } as const;
const flat: Size = { training: 20_000, validation: 0, layers: [25_088, 256, 2], batch: 32 };

function wayOf(params: Parameters<typeof chooseMethod>[0], size: Size): string {
  const chosen = chooseMethod(params, size);
  if (chosen.method === "direct") return "direct";
  return "windowRows" in chosen ? `windows of ${chosen.windowRows}` : "all rows";
}

test.each([
  ["the tutorial's head", auto, tutorial, "all rows"],
  ["its rows, of which few can be in memory", { ...auto, memory: "900MB" }, tutorial, "all rows"],
  ["products that fit", auto, { ...flat, training: 19_000 }, "all rows"],
  ["products that do not", auto, { ...flat, validation: 5_000 }, "windows of 512"],
  [
    "little room for a window",
    { ...auto, memory: "500MB" },
    { ...tutorial, training: 30_000 },
    "windows of 96",
  ],
  ["large batches", auto, { ...flat, validation: 5_000, batch: 256 }, "direct"],
  [
    "a kernel in the processor's cache",
    auto,
    { ...flat, validation: 5_000, layers: [25_088, 16, 2] },
    "direct",
  ],
  ["softmax regression", auto, { ...tutorial, layers: [100_352, 2] }, "direct"],
  ["more rows than they are long", auto, { ...flat, layers: [2_048, 256, 10] }, "direct"],
  [
    "the same, asked for",
    { ...auto, method: "sampleSpace" },
    { ...flat, layers: [2_048, 256, 10] },
    "windows of 512",
  ],
  [
    "few numbers, asked for",
    { ...auto, method: "sampleSpace" },
    { ...tutorial, layers: [100, 16, 2] },
    "windows of 512",
  ],
  [
    "a row or two",
    { ...auto, method: "sampleSpace" },
    { ...tutorial, training: 2, validation: 0 },
    "all rows",
  ],
  ["another optimizer", { ...auto, optimizer: { ...sgd, kind: "adam" } }, tutorial, "direct"],
  ["what is asked for", { ...auto, method: "direct" }, tutorial, "direct"],
] as const)("the way to train goes by sizes and memory: %s", (_, params, size, way) => {
  expect(wayOf(params, size)).toBe(way);
});

test("what takes more than memory in every way is refused, with what would be enough", () => {
  const little = { ...auto, memory: "300MB" } as const;
  const told =
    /^training 3000 rows of 100352 values takes \d+ MB, and `memory: 300MB` is less: set `memory: (\d+MB)`$/;
  expect(() => chooseMethod(little, tutorial)).toThrow(told);
  const [, enough = ""] = told.exec(messageOf(() => chooseMethod(little, tutorial))) ?? [];
  expect(() => chooseMethod({ ...auto, memory: enough }, tutorial)).not.toThrow();
});

test("the direct way keeps to memory as well", () => {
  const adam = { ...auto, optimizer: { ...sgd, kind: "adam" } } as const;
  const large: Size = { ...tutorial, layers: [100_352, 4_096, 2] };
  expect(messageOf(() => chooseMethod(adam, large))).toMatch(/takes 5\.\d GB, and .* set `memory: 5\.\dGB`$/);
  expect(wayOf({ ...adam, memory: "6GB" }, large)).toBe("direct");
});

test("what TensorFlow has on its device counts beside what it came from", () => {
  const adam = { ...auto, memory: "20GB", optimizer: { ...sgd, kind: "adam" } } as const;
  const large: Size = { ...tutorial, layers: [100_352, 4_096, 2] };
  const [one, other] = (["onnxruntime", "tensorflow"] as const).map(
    (runtime) => chooseMethod({ ...adam, runtime }, large).bytes,
  ) as [number, number];
  expect(other / one).toBeCloseTo(2, 0);
});

test("a machine with less memory is told before anything is computed", () => {
  const { bytes } = chooseMethod(auto, tutorial);
  expect(() => refuseSmallMachine(bytes, "2GB", 1e9)).toThrow(
    /^training takes 1\.8 GB within `memory: 2GB`, and this machine has 1\.0 GB: set a smaller `memory`$/,
  );
  expect(() => refuseSmallMachine(bytes, "2GB", 4e9)).not.toThrow();
  const less = chooseMethod({ ...auto, memory: "900MB" }, tutorial).bytes;
  expect(() => refuseSmallMachine(less, "900MB", 1e9)).not.toThrow();
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
