import type { Topology } from "../topology.ts";
import { type Convolution, type NetworkBuilder, newNetwork } from "./builder.ts";

/**
 * Inception v3 without its classifier, as keras.applications.inception_v3 builds
 * it (Szegedy et al., "Rethinking the Inception Architecture for Computer
 * Vision", 2015): 21,802,784 parameters, output of 299 × 299 pixels 8 × 8 × 2048.
 */
export function topology(): Topology {
  const net = newNetwork("inception_v3");
  const conv = (from: string, filters: number, kernel: Kernel, about: Partial<Convolution> = {}): string => {
    const x = net.conv2d(from, { filters, kernel, padding: "same", ...about });
    return net.activation(net.batchNormalization(x, { scale: false }), "relu");
  };
  /** Convolutions one after the other. */
  const chain = (from: string, ...links: readonly (readonly [number, Kernel])[]): string =>
    links.reduce((x, [filters, kernel]) => conv(x, filters, kernel), from);
  const smaller = { stride: 2, padding: "valid" } as const;
  const pooled = (from: string, filters: number): string =>
    conv(net.averagePooling2d(from, { window: 3, stride: 1, padding: "same" }), filters, 1);

  let x = conv(net.input(), 32, 3, smaller);
  x = chain(conv(x, 32, 3, { padding: "valid" }), [64, 3]);
  x = net.maxPooling2d(x, { window: 3, stride: 2 });
  x = conv(conv(x, 80, 1, { padding: "valid" }), 192, 3, { padding: "valid" });
  x = net.maxPooling2d(x, { window: 3, stride: 2 });

  for (const [at, filters] of [32, 64, 64].entries()) {
    const branches = [chain(x, [64, 1]), chain(x, [48, 1], [64, 5]), chain(x, [64, 1], [96, 3], [96, 3])];
    x = net.concatenate([...branches, pooled(x, filters)], `mixed${at}`);
  }
  x = net.concatenate(
    [
      conv(x, 384, 3, smaller),
      conv(chain(x, [64, 1], [96, 3]), 96, 3, smaller),
      net.maxPooling2d(x, { window: 3, stride: 2 }),
    ],
    "mixed3",
  );
  for (const [at, filters] of [128, 160, 160, 192].entries()) {
    const branches = [
      chain(x, [192, 1]),
      chain(x, [filters, 1], [filters, row], [192, column]),
      chain(x, [filters, 1], [filters, column], [filters, row], [filters, column], [192, row]),
    ];
    x = net.concatenate([...branches, pooled(x, 192)], `mixed${4 + at}`);
  }
  x = net.concatenate(
    [
      conv(chain(x, [192, 1]), 320, 3, smaller),
      conv(chain(x, [192, 1], [192, row], [192, column]), 192, 3, smaller),
      net.maxPooling2d(x, { window: 3, stride: 2 }),
    ],
    "mixed8",
  );
  for (const at of [0, 1]) x = widest(net, x, { at, chain, pooled });
  return net.topology();
}

type Kernel = number | readonly [number, number];
const row = [1, 7] as const;
const column = [7, 1] as const;

interface Parts {
  readonly at: number;
  chain(from: string, ...links: readonly (readonly [number, Kernel])[]): string;
  pooled(from: string, filters: number): string;
}

/** mixed9 and mixed10: branches that fork once more. */
function widest(net: NetworkBuilder, x: string, { at, chain, pooled }: Parts): string {
  const forked = (from: string, name?: string): string =>
    net.concatenate([chain(from, [384, [1, 3]]), chain(from, [384, [3, 1]])], name);
  const branches = [
    chain(x, [320, 1]),
    forked(chain(x, [384, 1]), `mixed9_${at}`),
    forked(chain(x, [448, 1], [384, 3])),
  ];
  return net.concatenate([...branches, pooled(x, 192)], `mixed${9 + at}`);
}
