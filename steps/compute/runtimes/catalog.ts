import type { RequiredRuntime } from "../../../engine/step-type.ts";

/** Runtimes that are not flow's own: `flow setup <name>` brings their libraries. */
export type BroughtRuntime = "openvino" | "tensorflow";

/** A file of the Python package index that holds libraries: always the same bytes. */
export interface Wheel {
  /** As pip knows it. */
  readonly project: string;
  readonly version: string;
  /** Of CPython, whose extension modules are not used: one that the project publishes wheels for. */
  readonly python: string;
  /** The platform tag in the file's name. */
  readonly platform: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What is brought for a runtime on a platform. */
export interface RuntimePackage {
  readonly name: BroughtRuntime;
  /** As people call it. */
  readonly title: string;
  readonly version: string;
  readonly wheels: readonly Wheel[];
  /** Beside or in place of `wheels`, for CUDA. */
  readonly gpuWheels?: readonly Wheel[];
  /** Which files of the wheels are kept, by their names without the folder. */
  readonly keeps: RegExp;
}

const wheel = (
  project: string,
  version: string,
  python: string,
  platform: string,
  rest: Pick<Wheel, "sha256" | "bytes">,
): Wheel => ({ project, version, python, platform, ...rest });

const openvino = {
  name: "openvino",
  title: "OpenVINO",
  keeps:
    /^(?:libopenvino(?:_c|_onnx_frontend)?\.so|libopenvino_(?:intel_cpu|arm_cpu)_plugin\.so|libtbb\.so|libhwloc\.so)/,
} as const;
const tensorflow = {
  name: "tensorflow",
  title: "TensorFlow",
  keeps: /^libtensorflow_(?:cc|framework)\.so\.2$/,
} as const;

/** By platform and architecture, as Node names them. */
const packages: Readonly<Record<string, readonly RuntimePackage[]>> = {
  "linux-x64": [
    {
      ...openvino,
      version: "2026.4.1",
      wheels: [
        wheel("openvino", "2026.4.1", "3.12", "manylinux_2_28_x86_64", {
          sha256: "6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b",
          bytes: 59_144_434,
        }),
      ],
    },
    {
      ...tensorflow,
      version: "2.21.0",
      wheels: [
        wheel("tensorflow-cpu", "2.21.0", "3.12", "manylinux_2_27_x86_64", {
          sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
          bytes: 274_000_871,
        }),
      ],
    },
  ],
};

/** What can be brought on this platform; empty where nothing can. */
export function runtimePackages(platform = `${process.platform}-${process.arch}`): readonly RuntimePackage[] {
  return packages[platform] ?? [];
}

/** Where a runtime lies in FLOW_HOME, POSIX. Its libraries are in `lib/`. */
export function runtimePath({ name, version }: Pick<RuntimePackage, "name" | "version">): string {
  return `runtimes/${name}/${version}`;
}

/** What a step that computes with such a runtime cannot do without. */
export function requiredRuntime(name: BroughtRuntime): RequiredRuntime {
  const found = runtimePackages().find((candidate) => candidate.name === name);
  if (found === undefined) {
    const what = `${name} for ${process.platform} on ${process.arch}`;
    return {
      kind: "runtime",
      name,
      version: "none",
      path: `runtimes/${name}/none`,
      what,
      way: "there is no such build; take another runtime",
    };
  }
  return {
    kind: "runtime",
    name,
    version: found.version,
    path: runtimePath(found),
    what: `${found.title} ${found.version}`,
    way: `\`flow setup ${name}\` brings it`,
  };
}
