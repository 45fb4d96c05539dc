import type { ModelIdentity, Prediction } from "../../engine/machine.ts";

/** What happened, and is happening, as Prometheus reads it (text format 0.0.4). `docs/serve.md` has the names. */
export interface Metrics {
  /** A request that was answered. @param path as it is known here. */
  answered(path: string, status: number): void;
  /** A request for predictions that was answered with some. */
  predicted(predictions: readonly Prediction[], seconds: number): void;
  received(bytes: number): void;
  text(now: Now): string;
}

/** What is so at this moment. */
export interface Now {
  readonly requests: number;
  readonly pictures: number;
  readonly maxQueue: number;
}

/** Upper ends of the histogram's buckets, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function newMetrics({ run, step, network, digest }: Omit<ModelIdentity, "classes">): Metrics {
  const requests = new Map<string, number>();
  const pictures = { predicted: 0, unreadable: 0, failed: 0 };
  const buckets = BUCKETS.map(() => 0);
  const durations = { sum: 0, count: 0 };
  let bytes = 0;
  return {
    answered(path, status) {
      const labels = labelled({ path, status: String(status) });
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
    },
    predicted(predictions, seconds) {
      for (const one of predictions) {
        if (one.kind === "class") pictures.predicted++;
        else if (one.isDeadly) pictures.failed++;
        else pictures.unreadable++;
      }
      durations.sum += seconds;
      durations.count++;
      for (const [at, end] of BUCKETS.entries()) {
        if (seconds <= end) buckets[at] = (buckets[at] as number) + 1;
      }
    },
    received(count) {
      bytes += count;
    },
    text({ requests: held, pictures: waiting, maxQueue }) {
      const histogram = [
        ...BUCKETS.map(
          (end, at) => [`_bucket${labelled({ le: String(end) })}`, buckets[at] as number] as const,
        ),
        [`_bucket${labelled({ le: "+Inf" })}`, durations.count] as const,
        ["_sum", durations.sum] as const,
        ["_count", durations.count] as const,
      ];
      return [
        family("requests_total", "counter", "Requests that were answered, by path and status.", requests),
        family(
          "pictures_total",
          "counter",
          "Pictures by what came of them: predicted, unreadable, failed.",
          Object.entries(pictures).map(([outcome, count]) => [labelled({ outcome }), count] as const),
        ),
        family("request_seconds", "histogram", "From a request for predictions to its answer.", histogram),
        family("received_bytes_total", "counter", "Bytes of bodies that were read.", [["", bytes]]),
        family("requests_in_hand", "gauge", "Requests for predictions that are under way.", [["", held]]),
        family("requests_in_hand_limit", "gauge", "How many may be (--max-queue).", [["", maxQueue]]),
        family("pictures_in_hand", "gauge", "Pictures that wait or are computed.", [["", waiting]]),
        family("model_info", "gauge", "The model that answers.", [
          [labelled({ run, step, network, digest }), 1],
        ]),
      ].join("");
    },
  };
}

function family(
  name: string,
  type: "counter" | "gauge" | "histogram",
  help: string,
  values: Iterable<readonly [suffix: string, value: number]>,
): string {
  const full = `flow_serve_${name}`;
  const lines = [...values].map(([suffix, value]) => `${full}${suffix} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${all.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
