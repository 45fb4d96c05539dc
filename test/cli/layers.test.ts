import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { golden, readGolden } from "../networks/golden.ts";
import { functional, input, layer, oneByOne, summing, writeModel } from "../networks/model-files.ts";
import { newWorkplace, repository, type Workplace } from "./flow.ts";
import { layersJson } from "./layers-json.ts";

// `flow layers`: what it prints, and what it refuses.

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
});
afterAll(() => place.remove());

async function text(...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await place.flow(["layers", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

describe("the table", () => {
  test("has a line a layer, the default marked, the totals, and 80 columns", async () => {
    const lines = await text("resnet50");
    expect(lines[0]).toBe("resnet50, for pictures of 224 × 224");
    expect(lines[2]).toMatch(/^Layer \(type\) +Output shape +Param #$/);
    expect(lines).toContainEqual(
      expect.stringMatching(/^conv1_conv \(Conv2D\) +\(None, 112, 112, 64\) +9,472$/),
    );
    expect(lines.filter((line) => line.includes("← default"))).toEqual([
      expect.stringMatching(/^conv5_block3_out \(Activation\) ← default +\(None, 7, 7, 2048\) +0$/),
    ]);
    expect(lines.slice(-3)).toEqual([
      "Total params: 23,587,712",
      "Trainable params: 23,534,592",
      "Non-trainable params: 53,120",
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("names layers in models by their paths, and each use of a layer", async () => {
    const base = functional("base", [
      input("in"),
      layer("Conv2D", "sum", "in", oneByOne),
      layer("ReLU", "bend", "sum"),
    ]);
    const folder = writeModel({
      layers: [
        input("picture"),
        { ...base, name: "base", inbound_nodes: [[["picture", 0, 0, {}]]] },
        {
          ...layer("BatchNormalization", "twice", "base"),
          inbound_nodes: [[["base", 0, 0, {}]], [["twice", 0, 0, {}]]],
        },
        { ...layer("Flatten", "flat", "twice"), inbound_nodes: [[["twice", 1, 0, {}]]] },
      ],
      weights: summing("sum"),
    });
    const { layers, parameters } = await layersJson(place, folder);
    expect(layers.map(({ name, parameters: own }) => [name, own])).toEqual([
      ["picture", 0],
      ["base", 3],
      ["base/in", 0],
      ["base/sum", 3],
      ["base/bend", 0],
      ["twice:1", 4],
      ["twice:2", 0],
      ["flat", 0],
    ]);
    expect(layers.find(({ name }) => name === "base/sum")?.shape).toEqual([2, 2, 1]);
    expect(parameters).toEqual({ total: 7, trainable: 5, nonTrainable: 2, isWhole: true });
  });

  test("lists what flow cannot compute, and says why", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "sum", "picture", oneByOne),
        layer("Lambda", "own", "sum"),
        layer("ReLU", "after", "own"),
        layer("MaxPooling2D", "large", "sum", { pool_size: [3, 3], strides: [1, 1], padding: "valid" }),
        layer("ReLU", "bend", "sum", { max_value: "six" }),
        layer("Add", "all", ["sum", "bend"]),
      ],
    });
    const lines = await text(folder);
    expect(lines).toContainEqual(expect.stringMatching(/^own \(Lambda\) ← not computed +\? +\?$/));
    expect(lines).toContainEqual(expect.stringMatching(/^after \(ReLU\) +\? +\?$/));
    expect(lines).toContainEqual(expect.stringMatching(/^sum \(Conv2D\) +\(None, 2, 2, 1\) +3$/));
    expect(lines).toContain("Total params: at least 3");
    expect(lines.slice(-4)).toEqual([
      "Not computed; a cut that needs none of these is no matter:",
      "  layer own (Lambda) is not supported",
      "  layer large (MaxPooling2D): an image of 2 × 2 is too small for it",
      '  layer bend (ReLU): max_value "six" is no number',
    ]);
  });

  test("says of a dozen layers why, and how many more there are", async () => {
    const own = Array.from({ length: 15 }, (_, at) => layer("Lambda", `own${at}`, "picture"));
    const lines = await text(
      writeModel({ layers: [input("picture"), ...own, layer("ReLU", "end", "picture")] }),
    );
    expect(lines.filter((line) => line.includes("is not supported"))).toHaveLength(12);
    expect(lines.at(-1)).toBe("  and 3 more");
  });

  test("is for the size that is given, else the network's own, else one that it says", async () => {
    const own = writeModel({ layers: [input("picture", [6, 4]), layer("ReLU", "bend", "picture")] });
    expect(await layersJson(place, own)).toMatchObject({ size: [6, 4], sizeIs: "declared" });
    const given = await layersJson(place, own, "--size", "10x12");
    expect(given).toMatchObject({ size: [10, 12], sizeIs: "given" });
    expect(given.layers.at(-1)?.shape).toEqual([10, 12, 3]);
    const any = input("picture", [null as never, null as never]);
    const open = writeModel({ layers: [any, layer("ReLU", "bend", "picture")] });
    const lines = await text(open);
    expect(lines.slice(0, 2)).toEqual([
      "test, for pictures of 224 × 224",
      "It does not say how large they are: --size HxW gives the shapes for others.",
    ]);
  });

  const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
  // biome-ignore lint/suspicious/noConsole: a skip says why
  if (!hasScript) console.log("skipped: there is no script(1) of util-linux to make a terminal with");

  test.skipIf(!hasScript)("keeps long names whole in a terminal of 80 columns", () => {
    const name = "efficientnet_encoder/stage_4/block_11/squeeze_and_excite/reduce_dimensions_conv";
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("BatchNormalization", name, "picture"),
        layer("ReLU", "short", name),
        layer("BatchNormalization", "a_name_with_forty-five_letters_in_it_and_more", "short"),
      ],
    });
    const line = `${process.execPath} ${join(repository, "dist/flow.js")} layers ${folder}`;
    const shown = execFileSync("script", ["-qc", `stty cols 80 rows 24; ${line}`, "/dev/null"], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, SHELL: "/bin/sh", TERM: "dumb", HOME: place.root },
    });
    const lines = shown.replaceAll("\r\n", "\n").trimEnd().split("\n");
    expect(lines).toContain(name);
    expect(lines[lines.indexOf(name) + 1]).toMatch(/^ {2}\(BatchNormalization\) +\(None, 2, 2, 3\) +12$/);
    expect(lines).toContain("a_name_with_forty-five_letters_in_it_and_more");
    expect(lines.filter((one) => one.length > 80)).toEqual([]);
  });
});

describe("--weights", () => {
  test("says that they belong to the network", async () => {
    const lines = await text(join(golden, "small"), "--weights", join(golden, "small.h5"));
    expect(lines.at(-1)).toBe(
      `${join(golden, "small.h5")} belongs to this network: 9 layers have their weights there.`,
    );
  });

  test("may lack a classifier, and says so", async () => {
    const classified = writeModel({
      layers: [
        ...smallLayers(),
        layer("Dense", "another", "classes", { units: 2 }),
        layer("Dense", "last", "another", { units: 2 }),
      ],
    });
    const { weights } = await layersJson(place, classified, "--weights", join(golden, "small.h5"));
    expect(weights).toMatchObject({ layers: 9, lacking: ["another", "last"] });
  });

  test("of another network are refused", async () => {
    const { code, stdout, stderr } = await place.flow([
      "layers",
      "resnet50",
      "--weights",
      join(golden, "small.h5"),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /has weights for 7 layers that the network does not have: conv_a, .*another network/,
    );
    const wider = writeModel({
      layers: smallLayers().map((one) =>
        one.name === "conv_b" ? { ...one, config: { ...(one.config as object), kernel_size: [1, 1] } } : one,
      ),
    });
    const other = await place.flow(["layers", wider, "--weights", join(golden, "small.h5")]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(
      "the kernel of layer conv_b is 3 × 3 × 8 × 8; the network needs 1 × 1 × 8 × 8",
    );
  });
});

/** The layers of Keras' small network. */
function smallLayers(): Parameters<typeof writeModel>[0]["layers"] {
  const { modelTopology } = readGolden<{ modelTopology: { config: { layers: ReturnType<typeof layer>[] } } }>(
    "small/model.json",
  );
  return modelTopology.config.layers;
}

describe("a mistake", () => {
  beforeAll(() => {
    mkdirSync(join(place.root, "sub"));
    place.write("sub/network.keras", "no zip");
    place.write("sub/weights.h5", "no HDF5");
  });

  test.each<[string, readonly string[], string]>([
    [
      "in a name",
      ["resnet5o"],
      'there is no network "resnet5o", neither by name nor as a file; did you mean "resnet50"?',
    ],
    ["in a path", ["sub/netwrk.keras"], 'did you mean "sub/network.keras"?'],
    ["in a path from -C", ["-C", "sub", "./netwrk.keras"], 'did you mean "sub/network.keras"?'],
    ["that is far from all", ["quantum"], "known by name: resnet50"],
    ["in a file", ["sub/network.keras"], "sub/network.keras is no network that flow reads"],
    ["in the path of weights", ["resnet50", "--weights", "sub/wights.h5"], 'did you mean "sub/weights.h5"?'],
    ["in weights", ["resnet50", "--weights", "sub/weights.h5"], "sub/weights.h5 is no HDF5 file"],
    ["in a size", ["resnet50", "--size", "224"], "Height and width are needed, from 8 to 4096: 224x224."],
    ["without a network", [], "missing required argument 'network'"],
  ])("%s has a sentence and exit code 2", async (_, args, sentence) => {
    const plain = await place.flow(["layers", ...args]);
    expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 2, stdout: "" });
    expect(plain.stderr).toContain(sentence);
    const json = await place.flow(["layers", ...args, "--json"]);
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 2, stderr: "" });
    expect(JSON.parse(json.stdout).diagnostics[0].message).toContain(sentence);
  });
});
