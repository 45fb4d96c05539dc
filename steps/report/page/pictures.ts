import { percent } from "../../../engine/wording.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Example, Figures, Report } from "../artifact.ts";

/** JPEGs as base64, by their names in the artifact. */
export type Thumbnails = ReadonlyMap<string, string>;

/** The pictures to look at: the surest mistakes, and what was right by a hair. */
export function pictures(report: Report, figures: Figures, thumbnails: Thumbnails): Html {
  const name = (label: number): string => report.classes[label]?.class ?? "";
  const wrong = gallery(figures.mistakes, (example) => mistake(example, name), thumbnails);
  const doubtful = gallery(figures.doubts, (example) => doubt(example, name), thumbnails);
  const mistakes =
    figures.mistakes.length === 0
      ? html`<p>There is none.</p>`
      : html`<p>Look here first: wrong labels and pictures of two things show up among them.</p>${wrong}`;
  return html`<section aria-labelledby="pictures"><h2 id="pictures">Pictures to look at</h2><h3>The most confident mistakes</h3>${mistakes}<h3>The least confident hits</h3><p>Right, and less sure than of any other.</p>${doubtful}</section>
`;
}

function gallery(
  examples: readonly Example[],
  words: (example: Example) => Html,
  thumbnails: Thumbnails,
): Html {
  const items = examples.map((example) => {
    const data = thumbnails.get(example.thumbnail ?? "");
    const picture =
      data === undefined
        ? html`<span>not shown</span>`
        : html`<img src="data:image/jpeg;base64,${data}" alt="${example.file}">`;
    return html`<li><span class="frame">${picture}</span>${words(example)}<span class="file">${example.file}</span></li>
`;
  });
  return html`<ul class="pictures">${items}</ul>`;
}

function mistake({ predicted, confidence, label }: Example, name: (label: number) => string): Html {
  return html`<b>${name(predicted)}, ${percent(confidence)}</b>it is <bdi>${name(label)}</bdi>`;
}

function doubt({ predicted, confidence }: Example, name: (label: number) => string): Html {
  return html`<b>${name(predicted)}, ${percent(confidence)}</b>`;
}
