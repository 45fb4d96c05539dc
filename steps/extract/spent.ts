/** Where the time of an extraction went, in seconds. */
export interface Spent {
  /** Until a batch was decoded. */
  readonly waiting: number;
  readonly network: number;
  /** On rows, where that did not happen beside the network. */
  readonly writing: number;
  /** In threads beside the network, as if each thread were its share of one. */
  readonly reading: number;
  readonly decoding: number;
}

/** What would have to be faster. */
export function boundBy({
  waiting,
  network,
  writing,
  reading,
  decoding,
}: Spent): "read" | "decode" | "network" | "write" {
  if (writing > network && writing > waiting) return "write";
  if (network >= waiting) return "network";
  return reading > decoding ? "read" : "decode";
}

/** To milliseconds. */
export function round(seconds: number): number {
  return Number(seconds.toFixed(3));
}
