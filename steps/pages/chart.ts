import { type Html, html } from "./html.ts";

/** One direction of a chart. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly label: string;
  text?(value: number): string;
}

/** Where values lie in the drawing, as SVG takes them. */
export interface Plane {
  x(value: number): number;
  y(value: number): number;
}

export interface ChartOptions {
  readonly x: Axis;
  readonly y: Axis;
  /** What it shows, in words, for those who do not see it. */
  readonly text: string;
}

/** Of a drawing, in pixels where there is room: text is as large on a phone. */
const width = 340;
const height = 250;
const margin = { left: 46, right: 8, top: 8, bottom: 34 };

/** A chart with its axes; `draw` fills it. */
export function chart({ x, y, text }: ChartOptions, draw: (plane: Plane) => readonly Html[]): Html {
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const plane: Plane = {
    x: (value) => margin.left + ((right - margin.left) * (value - x.from)) / (x.to - x.from || 1),
    y: (value) => bottom - ((bottom - margin.top) * (value - y.from)) / (y.to - y.from || 1),
  };
  const show = (axis: Axis, value: number): string => axis.text?.(value) ?? String(value);
  const columns = x.ticks.map((value) => {
    const at = short(plane.x(value));
    return html`<path class="grid" d="M${at} ${margin.top}V${bottom}"/><text x="${at}" y="${bottom + 14}" text-anchor="middle">${show(x, value)}</text>`;
  });
  const rows = y.ticks.map((value) => {
    const at = short(plane.y(value));
    return html`<path class="grid" d="M${margin.left} ${at}H${right}"/><text x="${margin.left - 5}" y="${at}" dy=".35em" text-anchor="end">${show(y, value)}</text>`;
  });
  const middle = (margin.top + bottom) / 2;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${text}">${columns}${rows}<text x="${(margin.left + right) / 2}" y="${height - 4}" text-anchor="middle">${x.label}</text><text transform="translate(9 ${middle}) rotate(-90)" text-anchor="middle">${y.label}</text>${draw(plane)}</svg>`;
}

/** A line through points. @param style its classes. */
export function line(plane: Plane, xs: readonly number[], ys: readonly number[], style: string): Html {
  const points = xs.map((x, at) => `${short(plane.x(x))} ${short(plane.y(ys[at] as number))}`);
  return html`<path class="line ${style}" d="M${points.join("L")}"/>`;
}

/** A rectangle that stands on the lower end of y. */
export function bar(plane: Plane, [from, to]: readonly [number, number], value: number, style: string): Html {
  const [x, y, foot] = [plane.x(from), plane.y(value), plane.y(0)];
  return html`<rect class="bar ${style}" x="${short(x)}" y="${short(y)}" width="${short(plane.x(to) - x)}" height="${short(foot - y)}"/>`;
}

export interface FigureOptions {
  readonly title: string;
  /** What it shows and what follows from it, in plain words. */
  readonly text: string;
  readonly legend?: readonly LegendEntry[];
}

export interface LegendEntry {
  readonly name: string;
  /** Classes of its line. */
  readonly style: string;
}

/** A drawing under its title, with its legend, and its text below. */
export function figure({ title, text, legend = [] }: FigureOptions, body: Html): Html {
  const entries = legend.map(
    ({ name, style }) =>
      html`<li><svg viewBox="0 0 22 10" aria-hidden="true"><path class="line ${style}" d="M0 5H22"/></svg><span>${name}</span></li>`,
  );
  const list = entries.length === 0 ? undefined : html`<ul class="legend">${entries}</ul>`;
  return html`<figure><h3>${title}</h3>${body}${list}<figcaption>${text}</figcaption></figure>
`;
}

/** Ticks at round values that hold a range, from 0 on: at most five steps. */
export function roundTicks(highest: number): readonly number[] {
  const raw = (highest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const count = Math.ceil((highest || 1) / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}

/** A place to a tenth of a pixel. */
export function short(value: number): number {
  return Math.round(value * 10) / 10;
}
