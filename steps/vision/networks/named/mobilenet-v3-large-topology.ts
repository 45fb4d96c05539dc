import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork, type Size } from "./builder.ts";
import { correctPad, halved } from "./padding.ts";

/** A block: expansion, filters, kernel, stride, whether channels are weighed, and its activation. */
type Row = readonly [number, number, 3 | 5, 1 | 2, boolean, "relu" | "hard_swish"];

const blocks: readonly Row[] = [
  [1, 16, 3, 1, false, "relu"],
  [4, 24, 3, 2, false, "relu"],
  [3, 24, 3, 1, false, "relu"],
  [3, 40, 5, 2, true, "relu"],
  [3, 40, 5, 1, true, "relu"],
  [3, 40, 5, 1, true, "relu"],
  [6, 80, 3, 2, false, "hard_swish"],
  [2.5, 80, 3, 1, false, "hard_swish"],
  [2.3, 80, 3, 1, false, "hard_swish"],
  [2.3, 80, 3, 1, false, "hard_swish"],
  [6, 112, 3, 1, true, "hard_swish"],
  [6, 112, 3, 1, true, "hard_swish"],
  [6, 160, 5, 2, true, "hard_swish"],
  [6, 160, 5, 1, true, "hard_swish"],
  [6, 160, 5, 1, true, "hard_swish"],
];

/**
 * MobileNet v3, large, without its classifier, as keras.applications.mobilenet_v3
 * builds it with alpha 1 (Howard et al., "Searching for MobileNetV3", 2019):
 * 2,996,352 parameters, output 1/32 of height and width × 960. Pixels from 0 to
 * 255 are scaled inside.
 */
export function topology(input: Size): Topology {
  const net = newNetwork("mobilenet_v3_large");
  let x = net.layer([net.input()], "Rescaling", { scale: 1 / 127.5, offset: -1 });
  x = net.conv2d(x, { name: "conv", filters: 16, kernel: 3, stride: 2, padding: "same" });
  x = activated(net, net.batchNormalization(x, { name: "conv_bn" }), "hard_swish");
  let size = halved(input);
  let channels = 16;
  for (const [at, row] of blocks.entries()) {
    const [expansion, filters, , stride] = row;
    const name = at === 0 ? "expanded_conv" : `expanded_conv_${at}`;
    const width = divisible(expansion * channels);
    const y = bottleneck(net, x, { name, row, width, size, isFirst: at === 0 });
    x = stride === 1 && channels === filters ? net.add([x, y], `${name}_add`) : y;
    channels = filters;
    if (stride === 2) size = halved(size);
  }
  x = net.conv2d(x, { name: "conv_1", filters: divisible(channels * 6), kernel: 1, padding: "same" });
  activated(net, net.batchNormalization(x, { name: "conv_1_bn" }), "hard_swish");
  return net.topology();
}

interface Bottleneck {
  readonly name: string;
  readonly row: Row;
  /** Channels between the first 1 × 1 convolution and the last. */
  readonly width: number;
  readonly size: Size;
  /** The first block has no convolution before the depthwise one. */
  readonly isFirst: boolean;
}

function bottleneck(
  net: NetworkBuilder,
  from: string,
  { name, row, width, size, isFirst }: Bottleneck,
): string {
  const [, filters, kernel, stride, isWeighed, activation] = row;
  let x = from;
  if (!isFirst) {
    x = net.conv2d(x, { name: `${name}_expand`, filters: width, kernel: 1, padding: "same" });
    x = activated(net, net.batchNormalization(x, { name: `${name}_expand_bn` }), activation);
  }
  if (stride === 2) x = net.zeroPadding2d(x, correctPad(size, kernel), `${name}_depthwise_pad`);
  const padding = stride === 1 ? "same" : "valid";
  x = net.depthwiseConv2d(x, { name: `${name}_depthwise`, kernel, stride, padding });
  x = activated(net, net.batchNormalization(x, { name: `${name}_depthwise_bn` }), activation);
  if (isWeighed) x = weighed(net, x, `${name}_squeeze_excite`, width);
  x = net.conv2d(x, { name: `${name}_project`, filters, kernel: 1, padding: "same" });
  return net.batchNormalization(x, { name: `${name}_project_bn` });
}

/** Each channel times a number from 0 to 1 (Hu et al., "Squeeze-and-Excitation Networks", 2017). */
function weighed(net: NetworkBuilder, from: string, name: string, channels: number): string {
  const conv = { kernel: 1, padding: "same", bias: true } as const;
  let x = net.layer([from], "GlobalAveragePooling2D", { keepdims: true }, `${name}_avg_pool`);
  x = net.conv2d(x, { ...conv, name: `${name}_conv`, filters: divisible(channels * 0.25) });
  x = net.relu(x, `${name}_relu`);
  x = net.conv2d(x, { ...conv, name: `${name}_conv_1`, filters: channels });
  // Keras' hard sigmoid, as it is written there.
  x = net.multiply([net.relu(net.add([x, 3]), undefined, 6), 1 / 6]);
  return net.multiply([from, x], `${name}_mul`);
}

function activated(net: NetworkBuilder, from: string, activation: Row[5]): string {
  return activation === "relu" ? net.relu(from) : net.activation(from, activation);
}

/** The nearest multiple of 8 that is not much smaller. */
function divisible(channels: number): number {
  const near = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return near < 0.9 * channels ? near + 8 : near;
}
