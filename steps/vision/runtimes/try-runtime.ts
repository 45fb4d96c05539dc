import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProbeAnswer, ProbeRequest } from "./probe.ts";

/** How long a runtime may take to compute a small network. */
const PATIENCE_MS = 30_000;

/** Tries a runtime and a device in a process of its own; never rejects. */
export function tryRuntime(request: ProbeRequest): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const file = fileURLToPath(new URL("./probe.js", import.meta.url));
    const child = fork(file, [JSON.stringify(request)], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    child.on("message", (message) => resolve(message as ProbeAnswer));
    child.on("error", ({ message }) => resolve({ kind: "fails", why: message }));
    child.on("exit", (code, signal) => {
      const why = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
      resolve({ kind: "fails", why });
    });
  });
}
