import { Html } from "../../pages/html.ts";

/** What the page of a server has beyond the look of all pages. */
export const style = new Html(`<style>
[hidden] { display: none !important; }
main { display: grid; gap: 1.2rem; padding-bottom: 1rem; }
.facts { font-size: .95rem; margin: 0; max-width: none; }
.zone { border: 2px dashed var(--c10); border-radius: 14px; background: var(--raised); padding: clamp(1.4rem, 4vw, 3rem) 1rem; text-align: center; margin-top: 1.2rem; }
.zone.over { border-color: var(--accent); border-style: solid; }
.zone svg { width: 3rem; height: 3rem; margin: 0 auto .6rem; color: var(--accent); fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.zone p { margin: 0 auto; }
.zone .big { font-size: 1.25rem; font-weight: 600; margin-bottom: 1rem; }
.zone .dim { font-size: .88rem; margin-top: 1rem; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; justify-content: center; align-items: center; }
.button, button { font: inherit; font-weight: 600; padding: .55rem 1.1rem; border-radius: var(--round); border: 1px solid var(--accent); background: var(--page); color: var(--accent); cursor: pointer; }
.button.main, button.main { background: var(--accent); color: var(--page); }
.button:hover, button:hover { box-shadow: 0 0 0 3px rgb(var(--right) / .25); }
.seen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
input.seen:focus-visible + .button { outline: 2px solid var(--accent); outline-offset: 2px; }
.camera { text-align: center; }
.camera video { width: 100%; max-width: 640px; max-height: 60vh; background: var(--raised); border-radius: 14px; display: block; margin: 0 auto .8rem; }
.token { background: var(--raised); border-radius: var(--round); padding: 1rem; margin-top: 1.2rem; }
.token label { display: block; font-weight: 600; margin-bottom: .4rem; }
.token .actions { justify-content: flex-start; }
.token input { font: inherit; padding: .5rem .7rem; border: 1px solid var(--c10); border-radius: var(--round); background: var(--page); color: var(--text); flex: 1 1 14rem; min-width: 0; max-width: 26rem; }
#outcome h2 { margin-top: .8rem; }
.results { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); }
.results > li { display: grid; grid-template-columns: 148px minmax(0, 1fr); gap: 1rem; border: 1px solid var(--line); border-radius: 14px; padding: .9rem; }
.results .frame { display: flex; align-items: center; justify-content: center; height: 148px; background: var(--raised); border-radius: var(--round); overflow: hidden; color: var(--dim); font-size: .82rem; text-align: center; }
.results img { max-width: 148px; max-height: 148px; display: block; }
.results h3 { font-size: 1.3rem; line-height: 1.2; margin: 0; }
.results .file { color: var(--dim); font-size: .82rem; margin: .1rem 0 .6rem; }
.results .wrong { color: rgb(var(--wrong)); }
.bars { list-style: none; padding: 0; margin: 0; font-size: .88rem; font-variant-numeric: tabular-nums; }
.bars li { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: .6rem; padding: .12rem 0; }
.bars .bar { grid-column: 1 / -1; height: .4rem; border-radius: 3px; background: var(--line); overflow: hidden; }
.bars .bar i { display: block; height: 100%; width: calc(100% * var(--v)); background: var(--c10); }
.bars li:first-child { font-weight: 650; }
.bars li:first-child .bar i { background: var(--c1); }
.results .busy h3 { color: var(--dim); font-weight: 500; }
details pre { overflow-x: auto; width: auto; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 480px) {
  .results > li { grid-template-columns: 92px minmax(0, 1fr); gap: .8rem; padding: .7rem; }
  .results .frame { height: 92px; }
  .results img { max-width: 92px; max-height: 92px; }
  .results h3 { font-size: 1.1rem; }
}
</style>`);
