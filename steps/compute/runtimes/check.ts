import type { ParamMistake } from "../../../engine/param-mistake.ts";

/** Which runtime has a precision or a device; what every runtime has is not here. */
const owners = {
  precision: { bf16: "openvino" },
  device: { webgpu: "onnxruntime", cuda: "tensorflow" },
} as const;

/** What a runtime is asked for and does not have. */
export function runtimeMistakes(params: {
  readonly runtime: string;
  readonly precision?: string;
  readonly device: string;
}): readonly ParamMistake[] {
  return (["precision", "device"] as const).flatMap((name) => {
    const value = params[name];
    const owner = value && (owners[name] as Readonly<Record<string, string>>)[value];
    if (owner === undefined || owner === params.runtime) return [];
    return {
      path: [name],
      message: `${params.runtime} has no ${value}`,
      hint: `${owner} has it: add \`runtime: ${owner}\``,
    };
  });
}
