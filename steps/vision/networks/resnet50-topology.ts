import type { JsonObject } from "../../../engine/json.ts";
import { functional, type NamedLayer } from "./functional.ts";
import type { Topology } from "./topology.ts";

/**
 * ResNet-50, version 1, without its classifier, as keras.applications.resnet
 * builds it (He et al., "Deep Residual Learning for Image Recognition", 2015):
 * 23,587,712 parameters, input height × width × 3, output 1/32 of that × 2048.
 * The stride of a stack sits on the first 1 × 1 convolution and on the shortcut.
 */
export function topology(): Topology {
  const layers: NamedLayer[] = [
    {
      name: "input",
      className: "InputLayer",
      config: { batch_input_shape: [null, null, null, 3] },
      inbound: [],
    },
    pad("conv1_pad", "input", 3),
    conv("conv1_conv", "conv1_pad", { filters: 64, kernel: 7, stride: 2 }),
    norm("conv1_bn", "conv1_conv"),
    relu("conv1_relu", "conv1_bn"),
    pad("pool1_pad", "conv1_relu", 1),
    {
      name: "pool1_pool",
      className: "MaxPooling2D",
      config: { pool_size: [3, 3], strides: [2, 2], padding: "valid" },
      inbound: ["pool1_pad"],
    },
  ];
  const stacks = [
    { name: "conv2", filters: 64, blocks: 3, stride: 1 },
    { name: "conv3", filters: 128, blocks: 4, stride: 2 },
    { name: "conv4", filters: 256, blocks: 6, stride: 2 },
    { name: "conv5", filters: 512, blocks: 3, stride: 2 },
  ];
  for (const { name, filters, blocks, stride } of stacks) {
    for (let block = 1; block <= blocks; block++) {
      const input = layers.at(-1)?.name ?? "";
      const first = block === 1;
      layers.push(...residual(`${name}_block${block}`, input, filters, first ? stride : 1, first));
    }
  }
  return functional("resnet50", layers);
}

/** A bottleneck: 1 × 1, 3 × 3, 1 × 1 with four times the filters, beside a shortcut. */
function residual(
  name: string,
  input: string,
  filters: number,
  stride: number,
  project: boolean,
): NamedLayer[] {
  // In Keras' order, which is that of the layers in a file without names.
  const shortcut = (layer: NamedLayer): NamedLayer[] => (project ? [layer] : []);
  return [
    conv(`${name}_1_conv`, input, { filters, kernel: 1, stride }),
    norm(`${name}_1_bn`, `${name}_1_conv`),
    relu(`${name}_1_relu`, `${name}_1_bn`),
    conv(`${name}_2_conv`, `${name}_1_relu`, { filters, kernel: 3, stride: 1, padding: "same" }),
    norm(`${name}_2_bn`, `${name}_2_conv`),
    relu(`${name}_2_relu`, `${name}_2_bn`),
    ...shortcut(conv(`${name}_0_conv`, input, { filters: 4 * filters, kernel: 1, stride })),
    conv(`${name}_3_conv`, `${name}_2_relu`, { filters: 4 * filters, kernel: 1, stride: 1 }),
    ...shortcut(norm(`${name}_0_bn`, `${name}_0_conv`)),
    norm(`${name}_3_bn`, `${name}_3_conv`),
    {
      name: `${name}_add`,
      className: "Add",
      config: {},
      inbound: [project ? `${name}_0_bn` : input, `${name}_3_bn`],
    },
    relu(`${name}_out`, `${name}_add`),
  ];
}

interface Convolution {
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding?: "valid" | "same";
}

function conv(
  name: string,
  input: string,
  { filters, kernel, stride, padding = "valid" }: Convolution,
): NamedLayer {
  const config: JsonObject = {
    filters,
    kernel_size: [kernel, kernel],
    strides: [stride, stride],
    padding,
    use_bias: true,
    activation: "linear",
  };
  return { name, className: "Conv2D", config, inbound: [input] };
}

function norm(name: string, input: string): NamedLayer {
  return { name, className: "BatchNormalization", config: { axis: 3, epsilon: 1.001e-5 }, inbound: [input] };
}

function relu(name: string, input: string): NamedLayer {
  return { name, className: "Activation", config: { activation: "relu" }, inbound: [input] };
}

function pad(name: string, input: string, by: number): NamedLayer {
  const padding = [
    [by, by],
    [by, by],
  ];
  return { name, className: "ZeroPadding2D", config: { padding }, inbound: [input] };
}
