import { join } from "node:path";
import type { Finding } from "../../../engine/machine.ts";
import { hasBf16 } from "../../compute/devices/bf16.ts";
import { hasNvidiaDriver } from "../../compute/devices/nvidia.ts";
import { vulkanDevices, vulkanNeeds } from "../../compute/devices/vulkan.ts";
import { engineVersion } from "../../compute/onnx/session.ts";
import { runtimePackages, runtimePath } from "../../compute/runtimes/catalog.ts";
import { findPython } from "../../compute/runtimes/python.ts";
import { newSetups } from "../../compute/runtimes/setup.ts";
import type { Device, Precision, RuntimeName } from "./runtime.ts";
import { tryRuntime } from "./try-runtime.ts";

/** Everything that computes, and what brings it; each is measured for two seconds, one after another. */
export async function* findings(home: string, env: NodeJS.ProcessEnv): AsyncGenerator<Finding> {
  const python = await findPython(env);
  yield {
    name: "Python with pip",
    value: python?.version ?? "not there",
    isNeeded: false,
    ...(python === undefined ? { way: "`flow setup` needs one (Debian: apt install python3-pip)" } : {}),
  };
  yield await speedOf(`onnxruntime ${engineVersion}`, { runtime: "onnxruntime", isNeeded: true });
  yield* gpus();
  const there = newSetups().list(home);
  for (const one of runtimePackages()) {
    const title = `${one.title} ${one.version}`;
    const found = there.find(({ name }) => name === one.name)?.there;
    if (found === undefined) {
      yield { name: title, value: "not there", way: `\`flow setup ${one.name}\` brings it`, isNeeded: false };
      continue;
    }
    const libraries = join(home, runtimePath(one), "lib");
    yield await speedOf(title, { runtime: one.name, libraries });
    if (one.name === "openvino") yield await bf16(title, libraries);
    if (one.name === "tensorflow") yield* cuda(title, libraries, found.gpu ?? false);
  }
}

async function bf16(title: string, libraries: string): Promise<Finding> {
  const name = `${title}, bf16`;
  if (!hasBf16()) return { name, value: "this CPU has none", isNeeded: false };
  return speedOf(name, { runtime: "openvino", libraries, precision: "bf16" });
}

async function* cuda(title: string, libraries: string, isThere: boolean): AsyncGenerator<Finding> {
  const name = `${title}, CUDA`;
  const hasDriver = hasNvidiaDriver();
  if (isThere && hasDriver) yield await speedOf(name, { runtime: "tensorflow", libraries, device: "cuda" });
  else if (isThere) yield { name, value: "there is no NVIDIA driver", isNeeded: false };
  else if (hasDriver) {
    const way = "`flow setup tensorflow --gpu` brings it";
    yield { name, value: "not there", way, isNeeded: false };
  }
}

async function* gpus(): AsyncGenerator<Finding> {
  const devices = vulkanDevices();
  const way = `a GPU takes ${vulkanNeeds}`;
  if (devices.length === 0) yield { name: "WebGPU", value: "no Vulkan device", way, isNeeded: false };
  for (const { name, isSoftware } of devices) {
    if (isSoftware)
      yield { name: `WebGPU: ${name}`, value: "a driver of software: never taken", isNeeded: false };
    else yield await speedOf(`WebGPU: ${name}`, { runtime: "onnxruntime", device: "webgpu" });
  }
}

interface Subject {
  readonly runtime: RuntimeName;
  readonly libraries?: string;
  readonly precision?: Precision;
  readonly device?: Device;
  readonly isNeeded?: boolean;
}

async function speedOf(name: string, subject: Subject): Promise<Finding> {
  const { isNeeded = false, precision = "float32", device = "cpu", ...rest } = subject;
  const answer = await tryRuntime({ precision, device, ...rest, seconds: 2 });
  if (answer.kind === "works") {
    return {
      name,
      value: `${answer.imagesPerSecond.toFixed(0)} small images/s on ${answer.device}`,
      isNeeded,
    };
  }
  const again = `\`flow setup ${rest.runtime} --remove\`, then \`flow setup ${rest.runtime}\``;
  const way = rest.runtime === "onnxruntime" ? "`npm ci` installs it anew" : again;
  return { name, value: "does not work", problem: answer.why, way, isNeeded };
}
