import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { isObject, type Json } from "../../../engine/json.ts";
import { newFolder } from "../../../engine/new-folder.ts";
import { hasNvidiaDriver } from "../../compute/devices/nvidia.ts";
import type { ProbeRequest } from "./probe.ts";
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

/** The device that is asked for, where it does not have to be chosen; else what is chosen is told. */
export async function resolveDevice(
  asked: Device | "auto",
  choosing: Choosing,
  log: (line: string) => void,
): Promise<Device> {
  if (asked !== "auto") return asked;
  const { device, why } = await chooseDevice(choosing);
  log(`device: ${device}, as ${why}`);
  return device;
}

/** A GPU that works, else the CPU. A software driver is never taken. */
async function chooseDevice(choosing: Choosing): Promise<ChosenDevice> {
  const { runtime } = choosing;
  switch (runtime) {
    case "onnxruntime":
      return webgpuOrCpu(choosing);
    case "tensorflow":
      return cudaOrCpu(choosing);
    case "openvino":
      return { device: "cpu", why: "OpenVINO computes on the CPU" };
    default:
      throw new Error(`${runtime satisfies never} is no runtime`);
  }
}

async function webgpuOrCpu({ home }: Choosing): Promise<ChosenDevice> {
  const { vulkanDevices } = await import("../../compute/devices/vulkan.ts");
  const gpu = vulkanDevices().find(({ isSoftware }) => !isSoftware);
  if (gpu === undefined) return { device: "cpu", why: "there is no GPU with a Vulkan driver" };
  const { engineVersion } = await import("../../compute/onnx/session.ts");
  return gpuOrCpu(home, {
    ...{ runtime: "onnxruntime", device: "webgpu", name: gpu.name },
    version: `${gpu.driver} / onnxruntime ${engineVersion}`,
  });
}

async function cudaOrCpu({ home, libraries }: Choosing): Promise<ChosenDevice> {
  if (libraries === undefined || !hasNvidiaDriver()) {
    return { device: "cpu", why: "there is no NVIDIA driver" };
  }
  if (!readdirSync(libraries).some((name) => name.startsWith("libcudart.so"))) {
    return { device: "cpu", why: "TensorFlow is there without CUDA (`flow setup tensorflow --gpu`)" };
  }
  const { nameOfGpu } = await import("../../compute/tensorflow/cuda.ts");
  const name = nameOfGpu() ?? "the NVIDIA GPU";
  return gpuOrCpu(home, { runtime: "tensorflow", device: "cuda", libraries, name, version: libraries });
}

interface Gpu extends Pick<ProbeRequest, "runtime" | "device" | "libraries"> {
  readonly name: string;
  /** Of all that computes on it: what works with one may not with another. */
  readonly version: string;
}

/** Tries a GPU once, and remembers what came of it. */
async function gpuOrCpu(home: string, { name, version, ...request }: Gpu): Promise<ChosenDevice> {
  const key = [hostname(), name, version].join(" / ");
  const file = join(home, "devices.json");
  const known = readTrials(file);
  const failure = known[key] === undefined ? await whyNot(request) : known[key];
  if (known[key] === undefined) keepTrials(file, { ...known, [key]: failure });
  return failure === null
    ? { device: request.device, why: `${name} computes a small network as the CPU does` }
    : { device: "cpu", why: `${name} was tried and does not work: ${failure} (${file} remembers it)` };
}

async function whyNot(request: Omit<ProbeRequest, "precision" | "seconds">): Promise<string | null> {
  const { tryRuntime } = await import("./try-runtime.ts");
  const answer = await tryRuntime({ ...request, precision: "float32", seconds: 0 });
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
    newFolder(dirname(file));
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(trials, null, 2)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // It is tried again next time.
  }
}
