import { type Html, html } from "../../pages/html.ts";
import { look } from "../../pages/look.ts";
import type { Figures, Report } from "../artifact.ts";
import { classes } from "./classes.ts";
import { confusion } from "./confusion.ts";
import { curves } from "./curves.ts";
import { headline, notes, tiles } from "./headline.ts";
import { map } from "./map.ts";
import { type Origin, origin } from "./origin.ts";
import { pictures, type Thumbnails } from "./pictures.ts";

export interface PageContent extends Origin {
  readonly report: Report;
  readonly figures: Figures;
  readonly thumbnails: Thumbnails;
}

/**
 * A report as one HTML file that needs nothing else: no script, no request, no
 * link out. The policy in its head holds a browser to that, whatever names say.
 */
export function reportPage({ report, figures, thumbnails, ...rest }: PageContent): string {
  const { record } = rest;
  const links: (readonly [string, string])[] = [
    ["wrong", "Where it is wrong"],
    ["classes", "Class by class"],
    ["pictures", "Pictures"],
    ["curves", "Curves"],
    ["map", "Map"],
    ["origin", "How it came about"],
  ];
  const items = links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`);
  const page: Html = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${record.pipeline}: report</title>
${look}
</head>
<body>
<header>
<p class="kicker">${record.pipeline} · ${record.started.slice(0, 10)}</p>
${headline(report)}
${notes(report.notes)}
<nav aria-label="Contents"><ul>${items}</ul></nav>
</header>
<main>
${tiles(report)}
${confusion(report)}
${classes(report)}
${pictures(report, figures, thumbnails)}
${curves(report, figures)}
${map(report, figures)}
${origin(rest)}
</main>
<footer>Made by flow ${record.environment.flow}. This file is whole: it can be mailed, printed and opened anywhere.</footer>
</body>
</html>
`;
  return page.text;
}
