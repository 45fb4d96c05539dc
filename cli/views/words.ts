import { isObject, type Json, type JsonObject } from "../../engine/json.ts";
import type { PathSample, Reason } from "../../engine/plan/reason.ts";
import { printableLine } from "../../engine/printable.ts";
import type { Outlook, Progress } from "../../engine/step-type.ts";
import { grouped } from "../../engine/wording.ts";

/** A reason in words, for one line. */
export function reasonText(reason: Reason): string {
  return printableLine(plainReason(reason));
}

function plainReason(reason: Reason): string {
  switch (reason.kind) {
    case "first-run":
      return "has not run yet";
    case "version-changed":
      return `the step type is version ${reason.new} now, it was ${reason.old}`;
    case "param-changed":
      return `${reason.path}: ${shortValue(reason.old)} → ${shortValue(reason.new)}${lineText(reason.line)}`;
    case "input-changed":
      return `${reason.input}: ${changeText(reason)}`;
    case "upstream":
      return `${reason.step} comes first`;
    case "result-missing":
      return `${reason.what} is not there any more`;
    case "forced":
      return "asked for";
    default:
      return reason satisfies never;
  }
}

/** What parameters came to that go by the inputs of a step, a line each. */
export function resolvedTexts(params: JsonObject, state: "open" | "resolved"): readonly string[] {
  const by = state === "open" ? "until its inputs are there" : "by its inputs";
  return Object.entries(params).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return printableLine(`${name}: ${text} (${by})`);
  });
}

/** The first reason, and how many more there are. */
export function firstReasonText(reasons: readonly Reason[]): string {
  const [first, ...more] = reasons;
  if (first === undefined) return "";
  return more.length === 0 ? reasonText(first) : `${reasonText(first)} (and ${more.length} more)`;
}

function shortValue(value: Json | undefined): string {
  if (value === undefined) return "none";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function lineText(line: number | undefined): string {
  return line === undefined ? "" : ` (line ${line})`;
}

function changeText({ added, removed, changed }: Reason & { kind: "input-changed" }): string {
  const parts = [part(added, "added"), part(removed, "removed"), part(changed, "changed")].filter(Boolean);
  return parts.length === 0 ? "is another" : parts.join(", ");
}

function part({ count, paths }: PathSample, verb: string): string {
  const [first = ""] = paths;
  if (count === 0) return "";
  if (count === 1) return first === "" ? verb : `${first} ${verb}`;
  return `${count} files ${verb} (${first}, …)`;
}

/** 0.04 s, 0.4 s, 12 s, 3 min 05 s, 2 h 07 min. */
export function durationText(seconds: number): string {
  if (seconds < 0.1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** "images 462, computed 12, imagesPerSecond 24.1": what a step says about itself, on one line. */
export function metricsText(metrics: Readonly<Record<string, Json>>): string {
  return Object.entries(metrics)
    .flatMap(([name, value]) => {
      const text = metricText(value);
      return text === undefined ? [] : [printableLine(`${name} ${text}`)];
    })
    .join(", ");
}

/** Counts by kind are shown as "(.bmp 1, .heic 2)"; what is none of these is for programs. */
function metricText(value: Json): string | undefined {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return value;
  if (!isObject(value) || Object.keys(value).length === 0) return undefined;
  return `(${metricsText(value)})`;
}

function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(Math.abs(value) >= 100 ? 5 : 3)));
}

/** Of a column of step ids: one very long id must not push everything else out of sight. */
export function columnWidth(ids: readonly string[]): number {
  return Math.min(WIDEST_ID, Math.max(1, ...ids.map(({ length }) => length)));
}

const WIDEST_ID = 28;

/** An id in a column: the middle of one that is too long is left out, for ends tell generated names apart. */
export function idText(id: string, width: number): string {
  if (id.length <= width) return id.padEnd(width);
  const end = Math.floor((width - 1) / 2);
  return `${id.slice(0, width - 1 - end)}…${id.slice(id.length - end)}`;
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Rate and time left of the units that this execution works on. */
export function paceText(progress: Progress, seconds: number): string {
  const worked = progress.done - (progress.reused ?? 0);
  if (worked <= 0 || seconds < 0.5) return "";
  const rate = worked / seconds;
  const left = (progress.total - progress.done) / rate;
  const pace =
    progress.unit === "bytes"
      ? `${bytesText(rate)}/s`
      : rate >= 1
        ? `${numberText(rate)}/s`
        : `${durationText(1 / rate)} each`;
  return progress.done >= progress.total ? pace : `${pace}, ${durationText(left)} left`;
}

/** "100 of 50,100 images to compute, about 4 s": what a step has before it. */
export function outlookText({ toDo, total, unit, verb, perSecond }: Outlook): string {
  const time = perSecond === undefined || toDo === 0 ? "" : `, about ${durationText(toDo / perSecond)}`;
  return `${grouped(toDo)} of ${grouped(total)} ${unit} ${verb}${time}`;
}

/** "12/40 images", "12 of 447 MB"; without what there is to do where nobody knows (0). */
export function amountText({ done, total, unit }: Progress): string {
  if (unit !== "bytes") return `${done}/${total} ${unit}`;
  const [some, all] = [bytesText(done), bytesText(total)];
  if (total === 0) return some;
  const [number, measure] = some.split(" ");
  return `${all.endsWith(` ${measure}`) ? number : some} of ${all}`;
}

/** "59 MB": in powers of ten, as disks and package indexes count. */
export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
