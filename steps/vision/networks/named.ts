import { densenet121 } from "./named/densenet121.ts";
import { efficientnetB0 } from "./named/efficientnet-b0.ts";
import { inceptionV3 } from "./named/inception-v3.ts";
import { mobilenet } from "./named/mobilenet.ts";
import { mobilenetV2 } from "./named/mobilenet-v2.ts";
import { mobilenetV3Large } from "./named/mobilenet-v3-large.ts";
import { resnet50 } from "./named/resnet50.ts";
import { resnet50v2 } from "./named/resnet50v2.ts";
import { resnet101 } from "./named/resnet101.ts";
import { resnet152 } from "./named/resnet152.ts";
import { vgg16 } from "./named/vgg16.ts";
import { vgg19 } from "./named/vgg19.ts";
import { xception } from "./named/xception.ts";
import type { NamedNetwork } from "./named-network.ts";

/** Every network that a pipeline can name. */
export const namedNetworks: ReadonlyMap<string, NamedNetwork> = new Map(
  Object.entries({
    resnet50,
    resnet101,
    resnet152,
    resnet50v2,
    vgg16,
    vgg19,
    mobilenet,
    mobilenet_v2: mobilenetV2,
    mobilenet_v3_large: mobilenetV3Large,
    densenet121,
    inception_v3: inceptionV3,
    xception,
    efficientnet_b0: efficientnetB0,
  }),
);
