import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesOfNetwork } from "../../steps/vision/networks/network-files.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { mix } from "./golden.ts";
import { type TestModel, writeOnnx, writtenAs } from "./onnx-models.ts";
import { own, refusal, row } from "./onnx-rows.ts";

const floats = (...values: number[]) => Float32Array.from(values);
const shifted = { op: "Add", inputs: ["picture", "shift"], outputs: ["y"] };

describe("weights in other files", () => {
  const external = (entries: Record<string, string>): TestModel => ({
    nodes: [shifted],
    weights: [{ name: "shift", dims: [2, 1, 1, 1].slice(1), external: entries }],
  });
  const entries = { location: "w.bin", offset: "4", length: "4" };
  const withNumbers = (model: TestModel): string => {
    const file = writeOnnx(model);
    writeFileSync(join(dirname(file), "w.bin"), Buffer.from(floats(1, 1000).buffer));
    return file;
  };

  test("are files of the network, and are read where they say", async () => {
    const file = withNumbers(external(entries));
    expect(filesOfNetwork(file)).toEqual(["net.onnx", "w.bin"]);
    expect((await row(file)).slice(0, 3)).toEqual([1000, 1001, 1002]);
    const { location, offset } = entries;
    expect((await row(withNumbers(external({ location, offset })))).at(-1)).toBe(1059);
  });

  test("belong to a folder with one model, and of several one is to be named", async () => {
    const folder = dirname(withNumbers(external(entries)));
    expect(filesOfNetwork(folder)).toEqual(["net.onnx", "w.bin"]);
    expect((await row(folder)).slice(0, 3)).toEqual([1000, 1001, 1002]);
    writeFileSync(join(folder, "Another.ONNX"), "");
    expect(filesOfNetwork(folder)).toEqual(["Another.ONNX", "net.onnx"]);
    expect(await refusal(openNetwork({ path: folder, weights: own }))).toBe(
      `${folder} holds several ONNX models: name one of Another.ONNX, net.onnx`,
    );
  });

  test.each(["../w.bin", "/etc/hostname", "a/../../w.bin", "", ".", "..", "a\0b", `${"x".repeat(300)}`])(
    "%j is outside",
    async (location) => {
      const file = withNumbers(external({ ...entries, location }));
      expect(filesOfNetwork(file)).toEqual(["net.onnx"]);
      expect(await refusal(openNetwork({ path: file, weights: own }))).toContain(
        "lies outside the model's folder",
      );
    },
  );

  test("that are missing or too short are named", async () => {
    const missing = withNumbers(external({ ...entries, location: "none.bin" }));
    expect(filesOfNetwork(missing)).toEqual(["net.onnx", "none.bin"]);
    expect(await refusal(openNetwork({ path: missing, weights: own }))).toContain("none.bin is missing");
    const short = withNumbers(external({ ...entries, length: "5" }));
    expect(await refusal(openNetwork({ path: short, weights: own }))).toContain(
      "w.bin ends before the weights of",
    );
  });

  test("of a constant are refused, so that the runtime does not look for them", async () => {
    const constants = [{ name: "shift", dims: [], external: { location: "w.bin" } }];
    const file = writeOnnx({ nodes: [shifted], constants });
    expect(await refusal(openNetwork({ path: file, weights: own }))).toContain(
      'keeps a constant of an operator in "w.bin", and only weights are read from other files',
    );
  });
});

describe("what is no model", () => {
  test.each(["", "<!DOCTYPE html>", "version https://git-lfs.github.com/spec/v1\n", "\b\b"])(
    "%j",
    async (text) => {
      const path = writtenAs("net.onnx", Buffer.from(text));
      expect(filesOfNetwork(path)).toEqual(["net.onnx"]);
      expect(await refusal(openNetwork({ path, weights: own }))).toBe(
        `${path} is no ONNX model, or is damaged or cut short`,
      );
    },
  );

  test("graphs within graphs without an end", async () => {
    let node = new Uint8Array(0) as Uint8Array;
    // A node that has an attribute that is a graph that has a node.
    for (let depth = 0; depth < 2_000; depth++) node = field(1, field(5, field(6, node)));
    const path = writtenAs("net.onnx", field(7, node));
    expect(await refusal(openNetwork({ path, weights: own }))).toContain("is no ONNX model");
    expect(filesOfNetwork(path)).toEqual(["net.onnx"]);
  });

  test("2,000 damaged files end in one sentence, or are read", { timeout: 120_000 }, async () => {
    const whole = readFileSync(new URL("../golden/onnx/external.onnx", import.meta.url));
    const path = writtenAs("net.onnx", whole);
    let refusals = 0;
    for (let trial = 0; trial < 2_000; trial++) {
      const bytes = Buffer.from(whole);
      const random = (below: number, draw: number): number => mix(trial * 64 + draw) % below;
      for (let change = 0; change <= random(4, 0); change++) {
        bytes[random(bytes.length, 3 * change + 1)] = random(256, 3 * change + 2);
      }
      const end = trial % 3 === 0 ? random(bytes.length, 60) : bytes.length;
      writeFileSync(path, bytes.subarray(0, end));
      expect(filesOfNetwork(path)[0]).toBe("net.onnx");
      const error = await openNetwork({ path, weights: own }).then(
        () => undefined,
        (caught: Error) => caught,
      );
      if (error === undefined) continue;
      refusals++;
      expect(error.name, `trial ${trial}: ${error.stack}`).toBe("StepError");
    }
    expect(refusals).toBeGreaterThan(1_000);
  });
});

function field(number: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = body.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), body]);
}
