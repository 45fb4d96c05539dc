import { runJob } from "../../engine/execute/slurm/job.ts";
import { runWorker } from "../../engine/execute/worker.ts";
import { toySteps } from "./toy-steps.ts";

// The program of a worker process that knows the toy steps, and of a job of Slurm that starts one.
const [, file = "", command, folder = ""] = process.argv;
if (command === "__job") await runJob(folder, { file, args: [] }, process.env);
else runWorker(toySteps);
