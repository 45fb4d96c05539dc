import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork } from "./builder.ts";

/** Filters of each block; it has a stride of 2 where they become more, but for the first one. */
const blocks = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];

/**
 * MobileNet without its classifier, as keras.applications.mobilenet builds it
 * with alpha 1 (Howard et al., "MobileNets: Efficient Convolutional Neural
 * Networks for Mobile Vision Applications", 2017): 3,228,864 parameters, output
 * 1/32 of height and width × 1024.
 */
export function topology(): Topology {
  const net = newNetwork("mobilenet");
  let x = net.conv2d(net.input(), { name: "conv1", filters: 32, kernel: 3, stride: 2, padding: "same" });
  x = normalized(net, x, "conv1");
  for (const [at, filters] of blocks.entries()) {
    const id = at + 1;
    const stride = at > 0 && filters !== blocks[at - 1] ? 2 : 1;
    if (stride === 2)
      x = net.zeroPadding2d(
        x,
        [
          [0, 1],
          [0, 1],
        ],
        `conv_pad_${id}`,
      );
    const padding = stride === 1 ? "same" : "valid";
    x = net.depthwiseConv2d(x, { name: `conv_dw_${id}`, kernel: 3, stride, padding });
    x = normalized(net, x, `conv_dw_${id}`);
    x = net.conv2d(x, { name: `conv_pw_${id}`, filters, kernel: 1, padding: "same" });
    x = normalized(net, x, `conv_pw_${id}`);
  }
  return net.topology();
}

function normalized(net: NetworkBuilder, from: string, name: string): string {
  return net.relu(net.batchNormalization(from, { name: `${name}_bn` }), `${name}_relu`, 6);
}
