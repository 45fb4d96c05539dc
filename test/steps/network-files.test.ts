import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { tinyModel } from "../networks/tiny-model.ts";

// A network is the files that it is made of, whichever way it is named.

const pipeline = (network: string): string => `
name: networks
steps:
  pictures:
    uses: generate
    with: { splits: { training: 4, validation: 2, evaluation: 2 }, size: 16 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images, network: ${network} }
    with: { layer: conv, input: { size: [8, 8], scaling: none } }
`;

const model = tinyModel({ size: [8, 8], paths: ["one.bin", "two.bin"] });

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  mkdirSync(join(place.root, "net"));
  place.write("net/model.json", JSON.stringify(model));
  place.write("net/one.bin", floats(1, 2, 3, 4));
  place.write("net/two.bin", floats(5, 6, 7, 8));
});
afterEach(() => place.remove());

function floats(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

async function features(
  network: string,
): Promise<ReturnType<Workplace["record"]>["steps"][string] | undefined> {
  place.write("p.yaml", pipeline(network));
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  return place.record().steps.features;
}

test("the folder and its model.json are one network, whatever else lies there", async () => {
  const first = await features("./net");
  expect(first).toMatchObject({ outcome: "ran", metrics: { computed: 4 } });
  place.write("net/README.md", "about it");
  mkdirSync(join(place.root, "net/.cache"));
  place.write("net/.cache/x", "");
  const again = await features("./net/model.json");
  expect(again).toMatchObject({ outcome: "cached", key: first?.key });
  renameSync(join(place.root, "net"), join(place.root, "moved"));
  expect(await features("./moved")).toMatchObject({ outcome: "cached", key: first?.key });
});

test.each(["./net", "./net/model.json"])(
  "new weights in a shard of %s make other features",
  async (network) => {
    const first = await features(network);
    place.write("net/two.bin", floats(5, 6, 7, 9));
    const second = await features(network);
    expect(second).toMatchObject({
      outcome: "ran",
      reasons: [{ kind: "input-changed", input: "network", changed: { count: 1, paths: ["two.bin"] } }],
      metrics: { computed: 4, reused: 0 },
    });
    expect(second?.outputs).not.toEqual(first?.outputs);
  },
);

test("a shard that is not there is named before anything runs", async () => {
  writeFileSync(join(place.root, "net/model.json"), JSON.stringify(model).replace("two.bin", "three.bin"));
  place.write("p.yaml", pipeline("./net"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toContain("missing: three.bin");
  expect(stderr).toContain("./net needs it");
});

test("a shard outside the model's folder is not read", async () => {
  place.write("outside.bin", floats(5, 6, 7, 8));
  writeFileSync(
    join(place.root, "net/model.json"),
    JSON.stringify(model).replace("two.bin", "../outside.bin"),
  );
  place.write("p.yaml", pipeline("./net"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain("the shard ../outside.bin lies outside the model's folder");
});

test("a network that a step made is its files too", async () => {
  const made = (readme: string): string =>
    pipeline("made.net").replace(
      "steps:",
      `steps:
  made:
    uses: command
    inputs: { net: ./net }
    with: { run: ["sh", "-c", "cp $1/* $2 && echo ${readme} > $2/README", sh, "\${inputs.net}", "\${outputs.net}"], outputs: [net] }`,
    );
  const run = async (text: string) => {
    place.write("p.yaml", text);
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    return place.record().steps;
  };
  const first = await run(made("one"));
  const second = await run(made("two"));
  expect(second.made?.outcome).toBe("ran");
  expect(second.made?.outputs).not.toEqual(first.made?.outputs);
  expect(second.features).toMatchObject({ outcome: "cached", key: first.features?.key });
  expect((await features("./net"))?.key).toBe(first.features?.key);
  const index = readFileSync(join(place.root, "runs/latest/features/features/index.csv"), "utf8");
  expect(index.trimEnd().split("\n")).toHaveLength(5);
});
