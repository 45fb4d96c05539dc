import type { Topology } from "../topology.ts";
import { type Convolution, type NetworkBuilder, newNetwork } from "./builder.ts";
import { around } from "./padding.ts";

/**
 * A residual network, version 1, without its classifier, as
 * keras.applications.resnet builds it (He et al., "Deep Residual Learning for
 * Image Recognition", 2015): output 1/32 of height and width × 2048. The stride
 * of a stack sits on the first 1 × 1 convolution and on the shortcut.
 *
 * @param depths blocks of each of the four stacks.
 */
export function resnet(name: string, depths: readonly number[]): Topology {
  const net = newNetwork(name);
  let x = net.zeroPadding2d(net.input(), around(3), "conv1_pad");
  x = net.conv2d(x, { name: "conv1_conv", filters: 64, kernel: 7, stride: 2, bias: true });
  x = relu(net, norm(net, x, "conv1_bn"), "conv1_relu");
  x = net.zeroPadding2d(x, around(1), "pool1_pad");
  x = net.maxPooling2d(x, { name: "pool1_pool", window: 3, stride: 2 });
  for (const [stack, blocks] of depths.entries()) {
    for (let block = 1; block <= blocks; block++) {
      const stride = stack > 0 && block === 1 ? 2 : 1;
      x = residual(net, x, {
        name: `conv${stack + 2}_block${block}`,
        filters: 64 * 2 ** stack,
        stride,
        project: block === 1,
      });
    }
  }
  return net.topology();
}

interface Block {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut has a convolution. */
  readonly project: boolean;
}

/** A bottleneck: 1 × 1, 3 × 3, 1 × 1 with four times the filters, beside a shortcut. */
function residual(net: NetworkBuilder, input: string, { name, filters, stride, project }: Block): string {
  const conv = (from: string, at: number, convolution: Convolution): string =>
    norm(
      net,
      net.conv2d(from, { name: `${name}_${at}_conv`, bias: true, ...convolution }),
      `${name}_${at}_bn`,
    );
  const shortcut = project ? conv(input, 0, { filters: 4 * filters, kernel: 1, stride }) : input;
  let x = relu(net, conv(input, 1, { filters, kernel: 1, stride }), `${name}_1_relu`);
  x = relu(net, conv(x, 2, { filters, kernel: 3, padding: "same" }), `${name}_2_relu`);
  x = conv(x, 3, { filters: 4 * filters, kernel: 1 });
  return relu(net, net.add([shortcut, x], `${name}_add`), `${name}_out`);
}

function norm(net: NetworkBuilder, from: string, name: string): string {
  return net.batchNormalization(from, { name, epsilon: 1.001e-5 });
}

function relu(net: NetworkBuilder, from: string, name: string): string {
  return net.activation(from, "relu", name);
}
