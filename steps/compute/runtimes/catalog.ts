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
  /** In place of `wheels`, where an NVIDIA GPU is to be used. */
  readonly gpuWheels?: readonly Wheel[];
  /** Which files of the wheels are kept, by their names without the folder. */
  readonly keeps: RegExp;
}

const openvino = {
  name: "openvino",
  title: "OpenVINO",
  version: "2026.4.1",
  keeps: /^(?:libopenvino(?:_c|_onnx_frontend|_intel_cpu_plugin|_arm_cpu_plugin)?|libtbb|libhwloc)\.so/,
} as const;
const tensorflow = {
  name: "tensorflow",
  title: "TensorFlow",
  version: "2.21.0",
  keeps: /^(?:libtensorflow_(?:cc|framework)|lib(?:cu|nv|nccl)[\w-]*)\.so(?:\.\d+)*$/,
} as const;

/** What `pip install tensorflow[and-cuda]` brings for 2.21, without compilers. */
const cuda: readonly Wheel[] = [
  {
    project: "nvidia-cublas-cu12",
    version: "12.9.3.13",
    python: "3.12",
    platform: "manylinux_2_27_x86_64",
    sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
    bytes: 581_217_458,
  },
  {
    project: "nvidia-cuda-cupti-cu12",
    version: "12.9.79",
    python: "3.12",
    platform: "manylinux_2_25_x86_64",
    sha256: "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f",
    bytes: 10_814_997,
  },
  {
    project: "nvidia-cuda-nvrtc-cu12",
    version: "12.9.86",
    python: "3.12",
    platform: "manylinux_2_12_x86_64",
    sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    bytes: 89_568_129,
  },
  {
    project: "nvidia-cuda-runtime-cu12",
    version: "12.9.79",
    python: "3.12",
    platform: "manylinux_2_17_x86_64",
    sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
    bytes: 3_493_179,
  },
  {
    project: "nvidia-cudnn-cu12",
    version: "9.28.0.42",
    python: "3.12",
    platform: "manylinux_2_27_x86_64",
    sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
    bytes: 716_538_495,
  },
  {
    project: "nvidia-cufft-cu12",
    version: "11.4.1.4",
    python: "3.12",
    platform: "manylinux_2_17_x86_64",
    sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
    bytes: 200_877_592,
  },
  {
    project: "nvidia-curand-cu12",
    version: "10.3.10.19",
    python: "3.12",
    platform: "manylinux_2_27_x86_64",
    sha256: "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
    bytes: 68_295_626,
  },
  {
    project: "nvidia-cusolver-cu12",
    version: "11.7.5.82",
    python: "3.12",
    platform: "manylinux_2_27_x86_64",
    sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
    bytes: 338_117_415,
  },
  {
    project: "nvidia-cusparse-cu12",
    version: "12.5.10.65",
    python: "3.12",
    platform: "manylinux_2_17_x86_64",
    sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    bytes: 366_465_088,
  },
  {
    project: "nvidia-nccl-cu12",
    version: "2.32.3",
    python: "3.12",
    platform: "manylinux_2_27_x86_64",
    sha256: "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
    bytes: 351_526_311,
  },
  {
    project: "nvidia-nvjitlink-cu12",
    version: "12.9.86",
    python: "3.12",
    platform: "manylinux_2_12_x86_64",
    sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    bytes: 39_748_338,
  },
];

/** By platform and architecture, as Node names them. Digests and sizes as the index at pypi.org has them. */
const packages: Readonly<Record<string, readonly RuntimePackage[]>> = {
  "linux-x64": [
    {
      ...openvino,
      wheels: [
        {
          project: "openvino",
          version: "2026.4.1",
          python: "3.12",
          platform: "manylinux_2_28_x86_64",
          sha256: "6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b",
          bytes: 59_144_434,
        },
      ],
    },
    {
      ...tensorflow,
      wheels: [
        {
          project: "tensorflow-cpu",
          version: "2.21.0",
          python: "3.12",
          platform: "manylinux_2_27_x86_64",
          sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
          bytes: 274_000_871,
        },
      ],
      gpuWheels: [
        {
          project: "tensorflow",
          version: "2.21.0",
          python: "3.12",
          platform: "manylinux_2_27_x86_64",
          sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
          bytes: 572_611_111,
        },
        ...cuda,
      ],
    },
  ],
  "linux-arm64": [
    {
      ...openvino,
      wheels: [
        {
          project: "openvino",
          version: "2026.4.1",
          python: "3.12",
          platform: "manylinux_2_35_aarch64",
          sha256: "82efccb2f9f1bdc7e5a1996e05a3b719ebff9232dd54b44150d6d2e983a86b7d",
          bytes: 30_332_437,
        },
      ],
    },
    {
      ...tensorflow,
      wheels: [
        {
          project: "tensorflow",
          version: "2.21.0",
          python: "3.12",
          platform: "manylinux_2_27_aarch64",
          sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
          bytes: 281_946_471,
        },
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
    setup: name,
  };
}
