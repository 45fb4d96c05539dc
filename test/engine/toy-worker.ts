import { runWorker } from "../../engine/execute/worker.ts";
import { toySteps } from "./toy-steps.ts";

// The program of a worker process that knows the toy steps.
runWorker(toySteps);
