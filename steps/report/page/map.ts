import { grouped, percent } from "../../../engine/wording.ts";
import { short } from "../../pages/chart.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Figures, Report } from "../artifact.ts";

/** Classes with a colour of their own; the rest share one. */
const MOST_COLOURS = 9;
const SIDE = 440;
/** From so many points on they are drawn smaller. */
const CROWDED = 600;

/** The features in a plane: what the model sees as alike lies together. */
export function map(report: Report, { map: { points, explained } }: Figures): Html {
  const present = [...new Set(points.map(([, , label]) => label))].sort((a, b) => a - b);
  const coloured = colouredOf(present, points);
  const wrong = points.filter(([, , , isRight]) => isRight === 0);
  const text = `${grouped(points.length)} of ${grouped(report.macro.support)} test pictures, by the two directions in which their features differ most: ${percent(explained[0])} of the spread lies along the horizontal, ${percent(explained[1])} along the vertical. What lies together looks alike to the network. Wrong ones (${grouped(wrong.length)}) have a ring.`;
  const { top, height } = range(points);
  const isCrowded = points.length > CROWDED;
  const dots = present.filter((label) => !coloured.has(label));
  const groups = [
    path(
      points.filter(([, , label]) => dots.includes(label)),
      "dots rest",
    ),
    ...[...coloured].map(([label, style]) =>
      path(
        points.filter(([, , own]) => own === label),
        `dots ${style}`,
      ),
    ),
  ];
  const rings = html`<path class="rings" d="${wrong.map((point) => ring(point, isCrowded ? 2.5 : 5)).join("")}"/>`;
  const names = namesOn(report, points, [...coloured.keys()]);
  const legend = [...coloured].map(([label, style]) => entry(report.classes[label]?.class ?? "", style));
  if (dots.length > 0)
    legend.push(entry(dots.length === 1 ? "1 other class" : `${dots.length} other classes`, "rest"));
  return html`<section aria-labelledby="map"><h2 id="map">Map of the features</h2><figure class="map"><svg viewBox="-8 ${Math.floor(top) - 12} ${SIDE + 16} ${Math.ceil(height) + 24}" role="img" aria-label="Map of the features. ${text}"><g class="${isCrowded ? "many" : "few"}">${groups}${rings}</g>${names}</svg><ul class="legend">${legend}</ul><figcaption>${text}</figcaption></figure></section>
`;
}

type Points = Figures["map"]["points"];

/** The classes with most pictures. */
function colouredOf(present: readonly number[], points: Points): ReadonlyMap<number, string> {
  const counts = new Map<number, number>();
  for (const [, , label] of points) counts.set(label, (counts.get(label) ?? 0) + 1);
  const count = (label: number): number => counts.get(label) ?? 0;
  const chosen = [...present].sort((a, b) => count(b) - count(a) || a - b).slice(0, MOST_COLOURS);
  return new Map(chosen.sort((a, b) => a - b).map((label, at) => [label, `s${at + 1}`]));
}

/** Points are a path of lines without length and with round ends: five thousand take 60 kB. */
function path(points: Points, style: string): Html | undefined {
  if (points.length === 0) return undefined;
  return html`<path class="${style}" d="${points.map((point) => `M${place(point)}h0`).join("")}"/>`;
}

function place([x, y]: Points[number]): string {
  return `${short(scaled(x))} ${short(scaled(y))}`;
}

function ring([x, y]: Points[number], radius: number): string {
  const arc = `a${radius} ${radius} 0 1 0 `;
  return `M${short(scaled(x) - radius)} ${short(scaled(y))}${arc}${radius * 2} 0${arc}-${radius * 2} 0`;
}

function scaled(value: number): number {
  return (value * SIDE) / 1000;
}

/** Where the cloud lies from top to bottom: it may be flat. */
function range(points: Points): { readonly top: number; readonly height: number } {
  const ys = points.map(([, y]) => scaled(y));
  const top = ys.reduce((low, y) => Math.min(low, y), SIDE / 2);
  return { top, height: ys.reduce((high, y) => Math.max(high, y), SIDE / 2) - top };
}

/**
 * Names in the middle of their pictures (medians), so that colour is not all there
 * is; moved up or down where another name stands.
 */
function namesOn({ classes }: Report, points: Points, labels: readonly number[]): readonly Html[] {
  const taken: { readonly x: number; readonly y: number }[] = [];
  return labels.map((label) => {
    const own = points.filter(([, , one]) => one === label);
    const middle = (axis: 0 | 1): number =>
      scaled(own.map((point) => point[axis]).sort((a, b) => a - b)[own.length >> 1] as number);
    const x = middle(0);
    const isFree = (y: number): boolean =>
      taken.every((other) => Math.abs(other.y - y) >= LINE || Math.abs(other.x - x) > NAME_WIDTH);
    const moves = labels.flatMap((_, at) => [at * LINE, -at * LINE]);
    const y = moves.map((move) => middle(1) + move).find(isFree) ?? middle(1);
    taken.push({ x, y });
    return html`<text class="name" x="${short(x)}" y="${short(y)}" text-anchor="middle">${classes[label]?.class}</text>`;
  });
}

/** Of a name, in the drawing. */
const LINE = 15;
const NAME_WIDTH = 70;

function entry(name: string, style: string): Html {
  return html`<li><svg viewBox="0 0 22 10" aria-hidden="true"><path class="dots ${style}" d="M11 5h0"/></svg><span>${name}</span></li>`;
}
