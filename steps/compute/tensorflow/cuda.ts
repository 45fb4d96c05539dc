import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { hasNvidiaDriver } from "../devices/nvidia.ts";
import { type Library, openLibrary } from "../native/library.ts";

/**
 * Opens what NVIDIA's wheels brought, so that TensorFlow, which asks for it by
 * name, finds it open.
 *
 * @returns why there will be no GPU, as far as the libraries tell.
 */
export function openCudaLibraries(folder: string): string | undefined {
  if (!hasNvidiaDriver()) return "there is no NVIDIA driver";
  let waiting = librariesIn(folder);
  if (waiting.length === 0) return "CUDA's libraries are not there";
  // They need each other: as long as one more can be opened, the rest is tried again.
  for (;;) {
    const failed = waiting.filter((file) => !opens(file));
    if (failed.length === 0) return undefined;
    if (failed.length === waiting.length) return whyNot(failed);
    waiting = failed;
  }
}

/** What the driver calls the first GPU. */
export function nameOfGpu(): string | undefined {
  try {
    const driver: Library = openLibrary("libcuda.so.1");
    const name = Buffer.alloc(256);
    const device = new Int32Array(1);
    driver.function("int cuInit(unsigned int flags)")(0);
    const isThere = driver.function("int cuDeviceGet(void *device, int ordinal)")(device, 0) === 0;
    if (!isThere) return undefined;
    driver.function("int cuDeviceGetName(void *name, int length, int device)")(name, name.length, device[0]);
    return name.subarray(0, name.indexOf(0)).toString();
  } catch {
    return undefined;
  }
}

function librariesIn(folder: string): readonly string[] {
  const nvidia = join(folder, "nvidia");
  const below = existsSync(nvidia)
    ? readdirSync(nvidia, { recursive: true }).map((name) => join(nvidia, String(name)))
    : [];
  const beside = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [...beside, ...below]
    .filter((file) => /^lib(?:cu|nv|nccl)[^/]*\.so(?:\.\d+)*$/.test(basename(file)))
    .sort();
}

function opens(file: string): boolean {
  try {
    openLibrary(file, { global: true });
    return true;
  } catch {
    return false;
  }
}

function whyNot(files: readonly string[]): string {
  const [file = ""] = files;
  try {
    openLibrary(file);
    return `${basename(file)} cannot be opened`;
  } catch (error) {
    return `${basename(file)} cannot be opened (${(error as Error).message})`;
  }
}
