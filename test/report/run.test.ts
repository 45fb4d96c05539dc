import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";

const report = (id: string): string => `  ${id}:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`;
const pipeline = `
name: pages
steps:
  pictures: { uses: generate, with: { splits: { training: 12, validation: 4, evaluation: 6 }, size: 32 } }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": stripes, "1": discs } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] } }
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [4], epochs: 2, batchSize: 4 }
${report("report")}`;

let place: Workplace;
const latest = (name: string): string => join(place.root, "runs/latest", name);
beforeAll(async () => {
  place = newWorkplace();
  place.write("p.yaml", pipeline);
  const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^report: runs\/\S+\/report\.html$/m);
});
afterAll(() => place.remove());

test("the page has the figures of the report, its notes, pictures, and where it comes from", () => {
  const page = readFileSync(latest("report.html"), "utf8");
  const accuracy = place.record().steps.report?.metrics.accuracy as number;
  expect(page).toContain(
    `${accuracy === 1 ? 100 : (accuracy * 100).toFixed(1).replace(/\.0$/, "")}\u00a0% of `,
  );
  expect(page).toContain("weights are seeded");
  expect(page).toContain("data:image/jpeg;base64,");
  expect(page).toContain("flow run p.yaml");
  expect(page).toContain(place.record().id);
});

test("a thumbnail is a JPEG of at most 96 pixels that says nothing of its file", () => {
  const { mistakes, doubts } = JSON.parse(readFileSync(latest("report/report/figures.json"), "utf8"));
  const [first] = [...mistakes, ...doubts];
  const bytes = readFileSync(latest(join("report/report", first.thumbnail)));
  expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  expect(bytes.includes("Exif")).toBe(false);
});

/** Tells of each file of flow's that a process loads as a module. */
const teller = `
import { register } from "node:module";
const hook = "data:text/javascript," + encodeURIComponent(
  'import { writeSync } from "node:fs"; export async function load(url, context, next) { writeSync(2, "loaded " + url + "\\\\n"); return next(url, context); }');
register(hook);`;
const env = { NODE_OPTIONS: `--no-warnings --import=data:text/javascript,${encodeURIComponent(teller)}` };

test("a run in which all is cached links to the page of the run that made it, and loads nothing for it", async () => {
  const made = place.record().id;
  const { code, stderr } = await place.flow(["run", "p.yaml"], env);
  expect(code).toBe(0);
  expect(readlinkSync(latest("report.html"))).toBe(`../${made}/report.html`);
  expect(stderr).toMatch(/^loaded .*run-pages\.js$/m);
  expect(stderr).not.toMatch(/^loaded .*(steps\/report\/page|steps\/pages)/m);

  rmSync(join(place.root, "runs", made, "report.html"));
  const again = await place.flow(["run", "p.yaml"], env);
  expect(again.stderr).toMatch(/^loaded .*steps\/report\/page\/page\.js$/m);
  expect(lstatSync(latest("report.html")).isFile()).toBe(true);
});

test("flow report --open hands the page to what the desktop opens files with, and says where there is none", async () => {
  mkdirSync(join(place.root, "bin"));
  place.write("bin/xdg-open", '#!/bin/sh\necho "$1" > opened.txt\n');
  chmodSync(join(place.root, "bin/xdg-open"), 0o755);
  const opened = await place.flow(["report", "latest", "--open"], {
    PATH: `${place.root}/bin:/usr/bin:/bin`,
  });
  expect(opened).toMatchObject({ code: 0, stderr: "" });
  await vi.waitFor(() =>
    expect(readFileSync(join(place.root, "opened.txt"), "utf8")).toBe(
      `${realpathSync(latest("report.html"))}\n`,
    ),
  );
  const { code, stderr } = await place.flow(["report", "latest", "--open"], { PATH: "/nowhere" });
  expect(code).toBe(2);
  expect(stderr).toContain("there is no xdg-open here: open ");
});

test("flow report says where the page is, and makes it where it is gone", async () => {
  const page = latest("report.html");
  rmSync(page);
  const found = await place.flow(["report", "latest"]);
  expect(found).toMatchObject({ code: 0, stdout: `runs/${place.record().id}/report.html\n` });
  expect(existsSync(page)).toBe(true);
  const json = await place.flow(["report", "p.yaml", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ step: "report" });
  expect(await place.flow(["report", "2031"])).toMatchObject({ code: 2, stdout: "" });
});

test("several reports of a run have a page each, and are named", async () => {
  place.write("two.yaml", pipeline.replace("pages", "two") + report("other"));
  expect(await place.flow(["run", "two.yaml"])).toMatchObject({ code: 0, stderr: "" });
  for (const step of ["report", "other"]) expect(existsSync(latest(`report-${step}.html`))).toBe(true);
  expect((await place.flow(["report", "two.yaml"])).stderr).toMatch(
    /several report steps: report, other; .*--step/,
  );
  const { stdout } = await place.flow(["report", "two.yaml", "--step", "other"]);
  expect(stdout).toMatch(/report-other\.html\n$/);
});

test("a report without figures, as of an older flow, has no page, and it is said what makes one", async () => {
  rmSync(latest("report-other.html"));
  rmSync(latest("report/report/figures.json"));
  const { code, stderr } = await place.flow(["report", "two.yaml", "--step", "other"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/is an older flow's and has no page: flow run two\.yaml makes it/);
});
