import { paddings, type Window } from "../graph/windows.ts";
import type { Settings } from "./settings.ts";

/** How a kernel moves over an image, as all convolutions of Keras' are told. */
export function windowOf(settings: Settings): Window {
  return {
    size: settings.pair("kernel_size"),
    strides: settings.pair("strides", 1),
    dilation: settings.pair("dilation_rate", 1),
    padding: settings.oneOf("padding", paddings, "valid"),
  };
}
