import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork } from "./builder.ts";
import { around } from "./padding.ts";

/** Filters that a layer adds. */
const GROWTH = 32;

/**
 * A DenseNet without its classifier, as keras.applications.densenet builds it
 * (Huang et al., "Densely Connected Convolutional Networks", 2016): each layer
 * takes what all layers before it gave. Output of 121: 1/32 of height and width × 1024.
 *
 * @param depths layers of each of the four blocks.
 */
export function densenet(name: string, depths: readonly number[]): Topology {
  const net = newNetwork(name);
  let x = net.zeroPadding2d(net.input(), around(3));
  x = net.conv2d(x, { name: "conv1_conv", filters: 64, kernel: 7, stride: 2 });
  x = normalized(net, x, "conv1_bn", "conv1_relu");
  x = net.maxPooling2d(net.zeroPadding2d(x, around(1)), { name: "pool1", window: 3, stride: 2 });
  let channels = 64;
  for (const [at, layers] of depths.entries()) {
    if (at > 0) {
      channels /= 2;
      x = transition(net, x, `pool${at + 1}`, channels);
    }
    for (let layer = 1; layer <= layers; layer++) x = dense(net, x, `conv${at + 2}_block${layer}`);
    channels += layers * GROWTH;
  }
  normalized(net, x, "bn", "relu");
  return net.topology();
}

function dense(net: NetworkBuilder, input: string, name: string): string {
  let x = normalized(net, input, `${name}_0_bn`, `${name}_0_relu`);
  x = net.conv2d(x, { name: `${name}_1_conv`, filters: 4 * GROWTH, kernel: 1 });
  x = normalized(net, x, `${name}_1_bn`, `${name}_1_relu`);
  x = net.conv2d(x, { name: `${name}_2_conv`, filters: GROWTH, kernel: 3, padding: "same" });
  return net.concatenate([input, x], `${name}_concat`);
}

/** Half the channels, half the size. */
function transition(net: NetworkBuilder, input: string, name: string, filters: number): string {
  const x = normalized(net, input, `${name}_bn`, `${name}_relu`);
  const narrow = net.conv2d(x, { name: `${name}_conv`, filters, kernel: 1 });
  return net.averagePooling2d(narrow, { name: `${name}_pool`, window: 2, stride: 2 });
}

function normalized(net: NetworkBuilder, from: string, bn: string, relu: string): string {
  return net.activation(net.batchNormalization(from, { name: bn, epsilon: 1.001e-5 }), "relu", relu);
}
