import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { makeFolders } from "../../../engine/cache/folders.ts";
import { isObject, type Json } from "../../../engine/json.ts";
import type { Device, RuntimeName } from "./runtime.ts";

/** What `device: auto` comes to. */
export interface ChosenDevice {
  readonly device: Device;
  /** In a few words, for people. */
  readonly why: string;
}

export interface Choosing {
  readonly runtime: RuntimeName;
  /** Of the runtime, where it is not flow's own. */
  readonly libraries?: string;
  /** FLOW_HOME: what was tried once is remembered there. */
  readonly home: string;
}

/** A GPU that works, else the CPU. A software driver is never taken. */
export async function chooseDevice({ runtime, libraries, home }: Choosing): Promise<ChosenDevice> {
  switch (runtime) {
    case "onnxruntime":
      return webgpuOrCpu(home);
    case "tensorflow":
      return libraries !== undefined && hasCuda(libraries) && existsSync("/dev/nvidiactl")
        ? { device: "cuda", why: "TensorFlow has CUDA here, and there is an NVIDIA driver" }
        : { device: "cpu", why: "TensorFlow has no CUDA here, or there is no NVIDIA driver" };
    case "openvino":
      return { device: "cpu", why: "OpenVINO computes on the CPU" };
    default:
      throw new Error(`${runtime satisfies never} is no runtime`);
  }
}

function hasCuda(libraries: string): boolean {
  return readdirSync(libraries).some((name) => name.startsWith("libcudart.so"));
}

async function webgpuOrCpu(home: string): Promise<ChosenDevice> {
  const { vulkanDevices } = await import("../../compute/devices/vulkan.ts");
  const gpu = vulkanDevices().find(({ isSoftware }) => !isSoftware);
  if (gpu === undefined) return { device: "cpu", why: "there is no GPU with a Vulkan driver" };
  const { engineVersion } = await import("../../compute/onnx/session.ts");
  const key = [hostname(), gpu.name, gpu.driver, `onnxruntime ${engineVersion}`].join(" / ");
  const file = join(home, "devices.json");
  const known = readTrials(file);
  const failure = known[key] === undefined ? await whyNot() : known[key];
  if (known[key] === undefined) keepTrials(file, { ...known, [key]: failure });
  return failure === null
    ? { device: "webgpu", why: `${gpu.name} computes a small network as the CPU does` }
    : { device: "cpu", why: `${gpu.name} was tried and does not work: ${failure} (${file} remembers it)` };
}

async function whyNot(): Promise<string | null> {
  const { tryRuntime } = await import("./try-runtime.ts");
  const answer = await tryRuntime({
    runtime: "onnxruntime",
    device: "webgpu",
    precision: "float32",
    seconds: 0,
  });
  return answer.kind === "works" ? null : answer.why;
}

/** By machine, device, driver and version: why it does not work, or null. */
type Trials = Readonly<Record<string, string | null>>;

function readTrials(file: string): Trials {
  try {
    const json = JSON.parse(readFileSync(file, "utf8")) as Json;
    return isObject(json) ? (json as Trials) : {};
  } catch {
    return {};
  }
}

function keepTrials(file: string, trials: Trials): void {
  try {
    makeFolders(dirname(file));
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(trials, null, 2)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // It is tried again next time.
  }
}
