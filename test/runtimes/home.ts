import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasBf16 } from "../../steps/compute/devices/bf16.ts";
import { vulkanDevices } from "../../steps/compute/devices/vulkan.ts";
import { type BroughtRuntime, requiredRuntime } from "../../steps/compute/runtimes/catalog.ts";

/** FLOW_TEST_HOME: a FLOW_HOME in which `flow setup` was run; tests bring nothing themselves. */
export const testHome = process.env.FLOW_TEST_HOME;

/** Where the libraries of a runtime are, if they were brought. */
export function librariesOf(name: BroughtRuntime): string | undefined {
  if (testHome === undefined) return undefined;
  const folder = join(testHome, requiredRuntime(name).path);
  return existsSync(folder) ? join(folder, "lib") : undefined;
}

/** Why tests of a runtime are skipped, as the end of their titles; said once as well. Empty where they are not. */
export function lackOf(name: BroughtRuntime): string {
  return librariesOf(name) === undefined ? skipped(`\`flow setup ${name}\` in FLOW_TEST_HOME brings it`) : "";
}

/** The same for `precision: bf16`, which takes AVX512-BF16 or AMX. */
export function lackOfBf16(): string {
  return hasBf16() ? "" : skipped("no bf16");
}

/** The same for `device: webgpu`, where a driver of software is no GPU. */
export function lackOfGpu(): string {
  return vulkanDevices().some(({ isSoftware }) => !isSoftware) ? "" : skipped("no GPU with a Vulkan driver");
}

const said = new Set<string>();

export function skipped(reason: string): string {
  // biome-ignore lint/suspicious/noConsole: a skip says why
  if (!said.has(reason)) console.log(`skipped: ${reason}`);
  said.add(reason);
  return ` (skipped: ${reason})`;
}
