// How near to linear a divided step comes on a cluster: SCALE_ITEMS items that sleep
// SCALE_SECONDS each, on SCALE_CPUS places, as jobs of the Slurm that `sbatch` leads
// to here; first as nobody has run it before, then with what that run has told.
// Counts what Slurm was asked.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCache } from "../dist/engine/cache/cache.js";
import { loadPipeline } from "../dist/engine/document/load.js";
import { runPipeline } from "../dist/engine/execute/run.js";
import { slurmCommands } from "../dist/engine/execute/slurm/commands.js";
import { slurmExecutor } from "../dist/engine/execute/slurm/executor.js";
import { survey } from "../dist/engine/survey.js";
import { machine, print } from "./common.js";
import { sleepers } from "./sleepers.js";

const items = Number(process.env.SCALE_ITEMS ?? 960);
const seconds = Number(process.env.SCALE_SECONDS ?? 2.5);
const places = Number(process.env.SCALE_CPUS ?? 24);
const askEveryMs = 1000;
const root = mkdtempSync(join(process.env.SCALE_FOLDER ?? tmpdir(), "flow-scale-"));
const types = new Map([[sleepers.name, sleepers]]);

/** Commands of Slurm that tell how often they are called. */
function counted(names) {
  for (const name of names) {
    writeFileSync(
      join(root, name),
      `#!/bin/sh\necho >> ${root}/${name}.calls\nPATH=${process.env.PATH} exec ${name} "$@"\n`,
    );
    chmodSync(join(root, name), 0o755);
  }
  return { ...process.env, PATH: `${root}:${process.env.PATH}` };
}
const calls = (name) => {
  try {
    return readFileSync(join(root, `${name}.calls`), "utf8").length;
  } catch {
    return 0;
  }
};

async function run(round) {
  const text = `name: scale\nsteps:\n  sleep: { uses: sleepers, with: { items: ${items}, seconds: ${seconds}, round: ${round} } }\n`;
  const cache = openCache(join(root, ".flow"), { root, own: [join(root, ".flow")] });
  const { pipeline } = loadPipeline({
    ...{ file: "scale.yaml", text, types, overrides: [], memory: 4e9, userHome: undefined },
    ...{ isFile: () => false, exists: () => true },
  });
  const home = join(root, "home");
  const { world, sources } = await survey({ pipeline, types, cache, root, home, forced: new Set() });
  const executor = slurmExecutor({
    slurm: slurmCommands(counted(["squeue", "sbatch"])),
    worker: { file: new URL("sleepers.js", import.meta.url).pathname, args: [] },
    ...{ cache: cache.folder, run: "scale", jobs: places, askEveryMs, graceMs: 10_000 },
    resourcesOf: () => ({ cpus: 1 }),
    isComplete: cache.artifacts.complete,
    note: print,
  });
  const ended = [];
  const began = performance.now();
  await runPipeline(
    {
      ...{ id: `scale-${round}`, pipeline, world, root, home, runs: join(root, "runs"), jobs: places },
      ...{ keepGoing: false, executor, origin: { host: "here", pid: process.pid, environment: {} } },
    },
    {
      ...{ types, cache, sources, now: () => new Date(), logFile: (step) => join(root, `${step}.log`) },
      emit: (event) => event.kind === "step-finished" && ended.push(event),
    },
    { stop: new AbortController().signal, kill: new AbortController().signal },
  );
  const took = (performance.now() - began) / 1000;
  await executor.close();
  const [{ outcome, worked, placement, failure }] = ended;
  if (outcome !== "ran") throw new Error(`it ${outcome}: ${JSON.stringify(failure)}`);
  const linear = (items * seconds) / places;
  print(
    `${items} items of ${seconds} s, ${places} places, ${placement.jobs.length - 1} jobs: items ${worked.seconds.toFixed(1)} s, ` +
      `${(linear / worked.seconds).toFixed(2)} of linear; with making the output ${took.toFixed(1)} s, ${(linear / took).toFixed(2)}; ` +
      `squeue ${calls("squeue")}, sbatch ${calls("sbatch")} times, nodes ${placement.nodes.join(" ")}`,
  );
}

try {
  print(machine());
  for (const round of [1, 2]) await run(round);
} finally {
  rmSync(root, { recursive: true, force: true });
}
