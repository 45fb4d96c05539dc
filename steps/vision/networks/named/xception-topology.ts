import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork } from "./builder.ts";

/**
 * Xception without its classifier, as keras.applications.xception builds it
 * (Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions",
 * 2016): 20,861,480 parameters, output of 299 × 299 pixels 10 × 10 × 2048.
 */
export function topology(): Topology {
  const net = newNetwork("xception");
  let x = net.conv2d(net.input(), { name: "block1_conv1", filters: 32, kernel: 3, stride: 2 });
  x = normalized(net, x, "block1_conv1");
  x = normalized(net, net.conv2d(x, { name: "block1_conv2", filters: 64, kernel: 3 }), "block1_conv2");
  x = smaller(net, x, { block: "block2", filters: [128, 128], isActivated: true });
  x = smaller(net, x, { block: "block3", filters: [256, 256] });
  x = smaller(net, x, { block: "block4", filters: [728, 728] });
  for (let block = 5; block <= 12; block++) {
    let y = x;
    for (const at of [1, 2, 3]) y = separable(net, y, `block${block}_sepconv${at}`, 728);
    x = net.add([y, x]);
  }
  x = smaller(net, x, { block: "block13", filters: [728, 1024] });
  for (const [at, filters] of [1536, 2048].entries()) {
    const name = `block14_sepconv${at + 1}`;
    x = normalized(net, net.separableConv2d(x, name, filters), name);
  }
  return net.topology();
}

interface Smaller {
  readonly block: string;
  readonly filters: readonly [number, number];
  /** Whether what it takes has come through a ReLU already. */
  readonly isActivated?: boolean;
}

/** Two separable convolutions and a pooling beside a strided convolution. */
function smaller(net: NetworkBuilder, x: string, { block, filters, isActivated = false }: Smaller): string {
  const shortcut = net.batchNormalization(
    net.conv2d(x, { filters: filters[1], kernel: 1, stride: 2, padding: "same" }),
  );
  const first = `${block}_sepconv1`;
  let y = isActivated
    ? net.batchNormalization(net.separableConv2d(x, first, filters[0]), { name: `${first}_bn` })
    : separable(net, x, first, filters[0]);
  y = separable(net, y, `${block}_sepconv2`, filters[1]);
  y = net.maxPooling2d(y, { name: `${block}_pool`, window: 3, stride: 2, padding: "same" });
  return net.add([y, shortcut]);
}

function separable(net: NetworkBuilder, from: string, name: string, filters: number): string {
  const x = net.separableConv2d(net.activation(from, "relu", `${name}_act`), name, filters);
  return net.batchNormalization(x, { name: `${name}_bn` });
}

function normalized(net: NetworkBuilder, from: string, name: string): string {
  return net.activation(net.batchNormalization(from, { name: `${name}_bn` }), "relu", `${name}_act`);
}
