import type { Json } from "../../engine/json.ts";

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
function boundBy({
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

/** What an execution, or a part of it, came to. Plain data. */
export interface Account extends Spent {
  readonly computed: number;
  /** Pictures that cannot be read. */
  readonly failed: number;
  /** That it took. */
  readonly seconds: number;
  /** Where something was computed. */
  readonly device?: string;
}

/** Of workers beside each other, and of what came after them. @param seconds that all took together. */
export function sumOf(accounts: readonly Account[], seconds: number): Account {
  const sum = (name: keyof Omit<Account, "device">): number =>
    accounts.reduce((all, account) => all + account[name], 0);
  const device = accounts.find((account) => account.device !== undefined)?.device;
  return {
    ...{ computed: sum("computed"), failed: sum("failed"), seconds },
    ...{ waiting: sum("waiting"), network: sum("network"), writing: sum("writing") },
    ...{ reading: sum("reading"), decoding: sum("decoding") },
    ...(device === undefined ? {} : { device }),
  };
}

/** The metrics of an execution that computed something. */
export function metricsOf(account: Account): Readonly<Record<string, Json>> {
  const { computed, seconds, device } = account;
  return {
    ...(device === undefined ? {} : { device }),
    ...(computed === 0
      ? {}
      : {
          imagesPerSecond: Number((computed / seconds).toFixed(2)),
          readSeconds: round(account.reading),
          decodeSeconds: round(account.decoding),
          networkSeconds: round(account.network),
          writeSeconds: round(account.writing),
          boundBy: boundBy(account),
        }),
  };
}

/** To milliseconds. */
function round(seconds: number): number {
  return Number(seconds.toFixed(3));
}
