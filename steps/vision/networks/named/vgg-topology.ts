import type { Topology } from "../topology.ts";
import { newNetwork } from "./builder.ts";

/**
 * A VGG network without its classifier, as keras.applications.vgg16 and vgg19
 * build it (Simonyan and Zisserman, "Very Deep Convolutional Networks for
 * Large-Scale Image Recognition", 2014): output 1/32 of height and width × 512.
 *
 * @param depths convolutions of each of the five blocks.
 */
export function vgg(name: string, depths: readonly number[]): Topology {
  const net = newNetwork(name);
  let x = net.input();
  for (const [at, convolutions] of depths.entries()) {
    const block = `block${at + 1}`;
    const filters = Math.min(64 * 2 ** at, 512);
    for (let conv = 1; conv <= convolutions; conv++) {
      x = net.conv2d(x, {
        ...{ name: `${block}_conv${conv}`, filters, kernel: 3, padding: "same" },
        ...{ bias: true, activation: "relu" },
      });
    }
    x = net.maxPooling2d(x, { name: `${block}_pool`, window: 2, stride: 2 });
  }
  return net.topology();
}
