import type { Topology } from "../topology.ts";
import { type NetworkBuilder, newNetwork } from "./builder.ts";
import { around } from "./padding.ts";

/**
 * A residual network, version 2, without its classifier, as
 * keras.applications.resnet_v2 builds it (He et al., "Identity Mappings in Deep
 * Residual Networks", 2016): normalization and ReLU before each convolution,
 * output 1/32 of height and width × 2048. The stride of a stack sits in its last block.
 *
 * @param depths blocks of each of the four stacks.
 */
export function resnetV2(name: string, depths: readonly number[]): Topology {
  const net = newNetwork(name);
  let x = net.zeroPadding2d(net.input(), around(3), "conv1_pad");
  x = net.conv2d(x, { name: "conv1_conv", filters: 64, kernel: 7, stride: 2, bias: true });
  x = net.zeroPadding2d(x, around(1), "pool1_pad");
  x = net.maxPooling2d(x, { name: "pool1_pool", window: 3, stride: 2 });
  for (const [stack, blocks] of depths.entries()) {
    for (let block = 1; block <= blocks; block++) {
      const isStrided = block === blocks && stack < depths.length - 1;
      x = residual(net, x, {
        name: `conv${stack + 2}_block${block}`,
        filters: 64 * 2 ** stack,
        stride: isStrided ? 2 : 1,
        project: block === 1,
      });
    }
  }
  normalized(net, x, "post");
  return net.topology();
}

interface Block {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut has a convolution. */
  readonly project: boolean;
}

function residual(net: NetworkBuilder, input: string, { name, filters, stride, project }: Block): string {
  const preact = normalized(net, input, `${name}_preact`);
  const shortcut = (): string => {
    if (project)
      return net.conv2d(preact, {
        name: `${name}_0_conv`,
        filters: 4 * filters,
        kernel: 1,
        stride,
        bias: true,
      });
    return stride > 1 ? net.maxPooling2d(input, { window: 1, stride }) : input;
  };
  const kept = shortcut();
  let x = net.conv2d(preact, { name: `${name}_1_conv`, filters, kernel: 1 });
  x = net.zeroPadding2d(normalized(net, x, `${name}_1`), around(1), `${name}_2_pad`);
  x = net.conv2d(x, { name: `${name}_2_conv`, filters, kernel: 3, stride });
  x = normalized(net, x, `${name}_2`);
  x = net.conv2d(x, { name: `${name}_3_conv`, filters: 4 * filters, kernel: 1, bias: true });
  return net.add([kept, x], `${name}_out`);
}

function normalized(net: NetworkBuilder, from: string, name: string): string {
  const x = net.batchNormalization(from, { name: `${name}_bn`, epsilon: 1.001e-5 });
  return net.activation(x, "relu", `${name}_relu`);
}
