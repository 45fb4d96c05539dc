import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork, type Size } from "./builder.ts";
import { correctPad, halved } from "./padding.ts";

/** Blocks alike: kernel, how many, filters, stride of the first, expansion. */
const stages = [
  [3, 1, 16, 1, 1],
  [3, 2, 24, 2, 6],
  [5, 2, 40, 2, 6],
  [3, 3, 80, 2, 6],
  [5, 3, 112, 1, 6],
  [5, 4, 192, 2, 6],
  [3, 1, 320, 1, 6],
] as const;

/** How much of the data is dropped in training in the last block; in the others in proportion. */
const DROP = 0.2;

/**
 * EfficientNet-B0 without its classifier, as keras.applications.efficientnet
 * builds it for ImageNet's weights (Tan and Le, "EfficientNet: Rethinking Model
 * Scaling for Convolutional Neural Networks", 2019): 4,049,571 parameters, output
 * 1/32 of height and width × 1280. Pixels from 0 to 255 are scaled inside: the
 * published variances are deviations, and the second rescaling makes up for it.
 */
export function topology(input: Size): Topology {
  const net = newNetwork("efficientnet_b0");
  let x = net.layer([net.input()], "Rescaling", { scale: 1 / 255 });
  x = net.layer([x], "Normalization", { axis: 3 });
  x = net.layer([x], "Rescaling", { scale: [0.229, 0.224, 0.225].map((value) => 1 / Math.sqrt(value)) });
  x = net.zeroPadding2d(x, correctPad(input, 3), "stem_conv_pad");
  x = net.conv2d(x, { name: "stem_conv", filters: 32, kernel: 3, stride: 2 });
  x = activated(net, net.batchNormalization(x, { name: "stem_bn" }), "stem_activation");
  let size = halved(input);
  let channels = 32;
  let blocks = 0;
  const all = stages.reduce((sum, [, repeats]) => sum + repeats, 0);
  for (const [stage, [kernel, repeats, filters, firstStride, expansion]] of stages.entries()) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = `block${stage + 1}${"abcd"[repeat]}_`;
      const stride = repeat === 0 ? firstStride : 1;
      const y = bottleneck(net, x, { name, kernel, stride, channels, filters, expansion, size });
      const drop = (DROP * blocks) / all;
      x = stride === 1 && channels === filters ? residual(net, x, y, { name, drop }) : y;
      channels = filters;
      blocks++;
      if (stride === 2) size = halved(size);
    }
  }
  x = net.conv2d(x, { name: "top_conv", filters: 1280, kernel: 1, padding: "same" });
  activated(net, net.batchNormalization(x, { name: "top_bn" }), "top_activation");
  return net.topology();
}

interface Bottleneck {
  readonly name: string;
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  /** Of what it takes. */
  readonly channels: number;
  readonly filters: number;
  readonly expansion: number;
  readonly size: Size;
}

function bottleneck(net: NetworkBuilder, from: string, block: Bottleneck): string {
  const { name, kernel, stride, channels, filters, expansion, size } = block;
  const width = channels * expansion;
  let x = from;
  if (expansion !== 1) {
    x = net.conv2d(x, { name: `${name}expand_conv`, filters: width, kernel: 1, padding: "same" });
    x = activated(net, net.batchNormalization(x, { name: `${name}expand_bn` }), `${name}expand_activation`);
  }
  if (stride === 2) x = net.zeroPadding2d(x, correctPad(size, kernel), `${name}dwconv_pad`);
  const padding = stride === 1 ? "same" : "valid";
  x = net.depthwiseConv2d(x, { name: `${name}dwconv`, kernel, stride, padding });
  x = activated(net, net.batchNormalization(x, { name: `${name}bn` }), `${name}activation`);
  x = weighed(net, x, name, { width, narrow: Math.max(1, Math.floor(channels / 4)) });
  x = net.conv2d(x, { name: `${name}project_conv`, filters, kernel: 1, padding: "same" });
  return net.batchNormalization(x, { name: `${name}project_bn` });
}

/** Each channel times a number from 0 to 1 (Hu et al., "Squeeze-and-Excitation Networks", 2017). */
function weighed(
  net: NetworkBuilder,
  from: string,
  name: string,
  { width, narrow }: { readonly width: number; readonly narrow: number },
): string {
  const conv = { kernel: 1, padding: "same", bias: true } as const;
  let x = net.layer([from], "GlobalAveragePooling2D", {}, `${name}se_squeeze`);
  x = net.layer([x], "Reshape", { target_shape: [1, 1, width] }, `${name}se_reshape`);
  x = net.conv2d(x, { ...conv, name: `${name}se_reduce`, filters: narrow, activation: "swish" });
  x = net.conv2d(x, { ...conv, name: `${name}se_expand`, filters: width, activation: "sigmoid" });
  return net.multiply([from, x], `${name}se_excite`);
}

function residual(
  net: NetworkBuilder,
  shortcut: string,
  from: string,
  { name, drop }: { readonly name: string; readonly drop: number },
): string {
  const x =
    drop > 0
      ? net.layer([from], "Dropout", { rate: drop, noise_shape: [null, 1, 1, 1] }, `${name}drop`)
      : from;
  return net.add([x, shortcut], `${name}add`);
}

function activated(net: NetworkBuilder, from: string, name: string): string {
  return net.activation(from, "swish", name);
}
