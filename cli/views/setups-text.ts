import type { Part, Setup } from "../../engine/machine.ts";
import { bytesText } from "./words.ts";

/** What can be brought and what is there: runtimes one by one, weights a line each. */
export function setupsText(list: readonly Setup[], home: string): string {
  const runtimes = list.filter(({ kind }) => kind === "runtime");
  const weights = list.filter(({ kind }) => kind === "weights");
  const isOfWeights = runtimes.length === 0 && weights.length > 0;
  const parts = [
    runtimes.length > 0 ? `In ${home}/runtimes:\n${runtimesText(runtimes)}` : "",
    runtimes.length === 0 && !isOfWeights ? nothing : "",
    weights.length > 0 ? weightsText(weights) : "",
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const nothing = `Nothing can be brought for ${process.platform} on ${process.arch}; onnxruntime computes there.\n`;

function runtimesText(runtimes: readonly Setup[]): string {
  const lines = runtimes.flatMap(({ name, title, there, parts, gpuParts }) => {
    const way = `flow setup ${name}`;
    const state =
      there === undefined
        ? `not there; \`${way}\` fetches ${sizeText(parts)}`
        : `there, ${bytesText(there.bytes)}${there.gpu ? ", with what NVIDIA GPUs need" : ""}`;
    const more =
      gpuParts === undefined || there?.gpu
        ? []
        : [["", `(with --gpu, for those of NVIDIA: ${sizeText(gpuParts)})`]];
    return [[title, state], ...more];
  });
  return lines.map(([title = "", state]) => `  ${title.padEnd(20)} ${state}\n`).join("");
}

function weightsText(weights: readonly Setup[]): string {
  const lines = weights.map(({ name, there, parts }) => {
    const network = name.slice(name.indexOf(" ") + 1);
    const state = there === undefined ? "not there" : "there";
    return `  ${network.padEnd(20)} ${sizeText(parts).padStart(6)}, ${state}\n`;
  });
  return `Weights of networks; \`flow setup weights <network>\` fetches them:\n${lines.join("")}`;
}

export function sizeText(parts: readonly Part[]): string {
  return bytesText(parts.reduce((sum, { bytes }) => sum + bytes, 0));
}
