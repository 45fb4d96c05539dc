import { Html } from "./html.ts";

/**
 * How all pages look: type, colours, spacing, light and dark, on paper. No font
 * and no picture comes from elsewhere. Series of charts are .s1 to .s10; every
 * colour of text has a contrast of 4.5 to what it stands on, every line one of 3.
 */
export const look = new Html(`<style>
:root {
  --page: #fff; --raised: #f6f7f9; --line: #d5d9e0; --text: #16191f; --dim: #545c69;
  --accent: #1d4ed8; --right: 29 78 216; --wrong: 194 65 12; --warn: #fff7e0; --warn-line: #a16207;
  --c1: #2563eb; --c2: #c2410c; --c3: #15803d; --c4: #9333ea; --c5: #be123c;
  --c6: #0e7490; --c7: #a16207; --c8: #4d7c0f; --c9: #a21caf; --c10: #475569;
  --gap: 1rem; --round: 8px;
  color-scheme: light;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1217; --raised: #191e26; --line: #343b47; --text: #e8ebf0; --dim: #a3adba;
    --accent: #8ab4ff; --right: 96 150 250; --wrong: 251 146 60; --warn: #2b2412; --warn-line: #e0b040;
    --c1: #60a5fa; --c2: #fb923c; --c3: #4ade80; --c4: #c084fc; --c5: #fb7185;
    --c6: #22d3ee; --c7: #facc15; --c8: #a3e635; --c9: #e879f9; --c10: #cbd5e1;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: auto; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 var(--gap); }
header { padding-top: 2rem; }
h1 { font-size: clamp(1.6rem, 1.1rem + 2.4vw, 2.5rem); line-height: 1.15; margin: .2rem 0 .6rem; letter-spacing: -.015em; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 2.4rem 0 .4rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
figure h3 { margin-top: 0; }
p { margin: .4rem 0 .8rem; max-width: 70ch; }
.lead { font-size: 1.1rem; }
.dim, figcaption, caption { color: var(--dim); }
.kicker { color: var(--dim); font-size: .9rem; margin: 0; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: 1.2rem 0 0; font-size: .95rem; }
nav a { display: inline-block; padding: .15rem 0; }
.notes { background: var(--warn); border-left: 4px solid var(--warn-line); border-radius: var(--round); padding: .7rem 1rem; margin: 1.2rem 0; }
.notes ul { margin: .2rem 0; padding-left: 1.2rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: .75rem; margin: 1.4rem 0; }
.tiles > div { background: var(--raised); border-radius: var(--round); padding: .8rem .9rem; }
.tiles dt { font-size: .85rem; color: var(--dim); }
.tiles dd { margin: 0; }
.tiles .value { font-size: 1.55rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles .small { font-size: .82rem; color: var(--dim); line-height: 1.35; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 1.6rem var(--gap); margin: 1.2rem 0; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-size: .88rem; line-height: 1.4; margin-top: .4rem; }
.charts figure { max-width: 540px; }
.map { max-width: 720px; }
.map .name { font-size: 14px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 11px; fill: var(--dim); font-family: inherit; }
svg .grid { stroke: var(--line); stroke-width: 1; fill: none; }
svg .guide { stroke: var(--dim); stroke-width: 1; stroke-dasharray: 2 4; fill: none; }
svg .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; }
svg .mean { stroke-width: 2.8; color: var(--text); }
svg .bar { fill: currentColor; opacity: .28; }
svg .dots { fill: none; stroke: currentColor; stroke-width: 5; stroke-linecap: round; opacity: .75; }
svg .many .dots { stroke-width: 2.4; }
svg .many .rings { stroke-width: .7; opacity: .6; }
svg .rings { fill: none; stroke: var(--text); stroke-width: 1.3; }
svg .name { font-weight: 650; fill: var(--text); paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
.s0 { color: var(--text); } .s1 { color: var(--c1); } .s2 { color: var(--c2); } .s3 { color: var(--c3); } .s4 { color: var(--c4); }
.s5 { color: var(--c5); } .s6 { color: var(--c6); } .s7 { color: var(--c7); } .s8 { color: var(--c8); } .s9 { color: var(--c9); }
.s10, .rest { color: var(--c10); }
.line:is(.s6, .s7, .s8, .s9, .s10), .dashed { stroke-dasharray: 5 3; }
.legend { list-style: none; padding: 0; margin: .4rem 0 0; display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85rem; }
.legend svg { display: inline-block; width: 22px; height: 10px; vertical-align: middle; margin-right: .35rem; }
.legend span { color: var(--text); }
.scroll { overflow-x: auto; margin: .8rem 0; border-radius: var(--round); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-size: .88rem; padding: 0 0 .4rem; }
th, td { padding: .35rem .7rem; text-align: right; border-bottom: 1px solid var(--line); unicode-bidi: isolate; overflow-wrap: normal; }
td { white-space: nowrap; }
td.word, tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 5.5rem; max-width: 22rem; }
th:first-child, td.word, th.word { text-align: left; }
thead th { color: var(--dim); font-weight: 600; font-size: .85rem; vertical-align: bottom; }
tbody th { font-weight: 600; }
table.wide { width: 100%; }
.matrix td { text-align: center; min-width: 3.4rem; padding: .35rem .4rem; border: 1px solid var(--page); }
.matrix td small { display: block; font-size: .75rem; }
.matrix thead th { text-align: center; max-width: 8rem; overflow-wrap: anywhere; }
.matrix .hit { background: rgb(var(--right) / calc(.06 + .34 * var(--v))); }
.matrix .miss { background: rgb(var(--wrong) / calc(.12 + .3 * var(--v))); }
.matrix .none { color: var(--dim); }
.meter { display: inline-block; width: 5rem; height: .5rem; border-radius: 3px; background: var(--line); vertical-align: middle; margin-left: .5rem; overflow: hidden; }
.meter > i { display: block; height: 100%; width: calc(100% * var(--v)); background: var(--c1); }
.pictures { list-style: none; padding: 0; margin: .8rem 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 1rem .8rem; }
.pictures li { font-size: .84rem; line-height: 1.35; break-inside: avoid; min-width: 0; }
.pictures .frame { display: flex; align-items: center; justify-content: center; height: 104px; background: var(--raised); border-radius: var(--round); margin-bottom: .35rem; color: var(--dim); }
.pictures img { max-width: 96px; max-height: 96px; border-radius: 4px; display: block; }
.pictures b, .pictures .file { display: block; unicode-bidi: isolate; }
.pictures .file { color: var(--dim); font-size: .78rem; }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--accent); padding: .2rem 0; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .85rem; }
pre { background: var(--raised); border-radius: var(--round); padding: .8rem 1rem; margin: 0; line-height: 1.45; white-space: pre; overflow-wrap: normal; width: max-content; min-width: 100%; }
footer { color: var(--dim); font-size: .85rem; padding-top: 2rem; padding-bottom: 3rem; }
@media (max-width: 480px) { th, td { padding: .3rem .45rem; } .meter { display: none; } }
@media print {
  @page { margin: 14mm; }
  :root { font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; }
  h2 { break-after: avoid; margin-top: 1.6rem; }
  tr { break-inside: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; width: auto; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  .charts { grid-template-columns: repeat(2, 1fr); }
}
</style>`);
