import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork, type Size } from "./builder.ts";
import { correctPad, halved } from "./padding.ts";

/** Blocks alike: how many, filters, stride of the first, expansion. */
const stages = [
  [1, 16, 1, 1],
  [2, 24, 2, 6],
  [3, 32, 2, 6],
  [4, 64, 2, 6],
  [3, 96, 1, 6],
  [3, 160, 2, 6],
  [1, 320, 1, 6],
] as const;

/**
 * MobileNet v2 without its classifier, as keras.applications.mobilenet_v2 builds
 * it with alpha 1 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear
 * Bottlenecks", 2018): 2,257,984 parameters, output 1/32 of height and width × 1280.
 */
export function topology(input: Size): Topology {
  const net = newNetwork("mobilenet_v2");
  let x = net.conv2d(net.input(), { name: "Conv1", filters: 32, kernel: 3, stride: 2, padding: "same" });
  x = net.relu(net.batchNormalization(x, { name: "bn_Conv1" }), "Conv1_relu", 6);
  let size = halved(input);
  let channels = 32;
  const blocks = stages.flatMap(([repeats, filters, first, expansion]) =>
    Array.from(
      { length: repeats },
      (_, at) => ({ filters, stride: at === 0 ? first : 1, expansion }) as const,
    ),
  );
  for (const [at, { filters, stride, expansion }] of blocks.entries()) {
    const name = at === 0 ? "expanded_conv" : `block_${at}`;
    const expanded = at === 0 ? x : widened(net, x, `${name}_expand`, expansion * channels);
    const y = bottleneck(net, expanded, { name, filters, stride, size });
    x = stride === 1 && channels === filters ? net.add([x, y], `${name}_add`) : y;
    channels = filters;
    if (stride === 2) size = halved(size);
  }
  x = net.conv2d(x, { name: "Conv_1", filters: 1280, kernel: 1 });
  net.relu(net.batchNormalization(x, { name: "Conv_1_bn" }), "out_relu", 6);
  return net.topology();
}

function widened(net: NetworkBuilder, from: string, name: string, filters: number): string {
  const x = net.conv2d(from, { name, filters, kernel: 1, padding: "same" });
  return net.relu(net.batchNormalization(x, { name: `${name}_BN` }), `${name}_relu`, 6);
}

interface Bottleneck {
  readonly name: string;
  readonly filters: number;
  readonly stride: 1 | 2;
  readonly size: Size;
}

/** Depthwise, and 1 × 1 to fewer channels without an activation. */
function bottleneck(net: NetworkBuilder, from: string, { name, filters, stride, size }: Bottleneck): string {
  let x = stride === 2 ? net.zeroPadding2d(from, correctPad(size, 3), `${name}_pad`) : from;
  const padding = stride === 1 ? "same" : "valid";
  x = net.depthwiseConv2d(x, { name: `${name}_depthwise`, kernel: 3, stride, padding });
  x = net.relu(net.batchNormalization(x, { name: `${name}_depthwise_BN` }), `${name}_depthwise_relu`, 6);
  x = net.conv2d(x, { name: `${name}_project`, filters, kernel: 1, padding: "same" });
  return net.batchNormalization(x, { name: `${name}_project_BN` });
}
