import type { Json } from "../../../engine/json.ts";
import type { RunRecord, StepRecord } from "../../../engine/record/run-record.ts";
import { shellWord } from "../../../engine/wording.ts";
import { type Html, html } from "../../pages/html.ts";

export interface Origin {
  readonly record: RunRecord;
  /** The pipeline file as it was run. */
  readonly pipeline: string;
}

/** How it came about: all that is needed to make it again, and to trust that it is the same. */
export function origin({ record, pipeline }: Origin): Html {
  const { environment } = record;
  const facts: (readonly [string, string])[] = [
    ["pipeline", record.file ?? record.pipeline],
    ["run", record.id],
    ["started", `${record.started.slice(0, 16).replace("T", " ")} UTC`],
    ["took", seconds(record.seconds)],
    ["on", record.host],
    ...Object.entries(environment),
  ];
  const rows = facts.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td class="word">${value}</td></tr>`,
  );
  return html`<section aria-labelledby="origin"><h2 id="origin">How it came about</h2>
<p>This command makes it again, from what is there or from the start:</p>${scrolled("Command", html`<pre><code>${command(record)}</code></pre>`)}
${steps(record)}
<div class="scroll"><table><tbody>${rows}</tbody></table></div>
<details><summary>The pipeline, as it was run</summary>${scrolled("Pipeline", html`<pre><code>${pipeline}</code></pre>`)}</details>
<details><summary>Parameters and digests of every step</summary>${scrolled("Parameters and digests", html`<pre><code>${everything(record)}</code></pre>`)}</details></section>
`;
}

function scrolled(name: string, content: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${content}</div>`;
}

/** With every param that the pipeline has, whatever the file says by now. */
function command({ file, pipeline, params }: RunRecord): string {
  const settings = Object.entries(params).map(
    ([name, value]) => `-S ${shellWord(`${name}=${asYaml(value)}`)}`,
  );
  return ["flow run", shellWord(file ?? `${pipeline}.yaml`), ...settings].join(" ");
}

/** JSON is YAML; plain words need no quotes in it. */
function asYaml(value: Json): string {
  const isPlain =
    typeof value === "string" &&
    /^[A-Za-z][\w./-]*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function steps({ steps }: RunRecord): Html {
  const rows = Object.entries(steps).map(([id, step]) => {
    const cells = [
      step.uses,
      step.outcome,
      step.outcome === "ran" ? seconds(step.seconds) : "",
      device(step),
    ];
    const [output] = Object.values(step.outputs);
    const digest = output?.digest.replace(/^sha256:/, "").slice(0, 12) ?? "";
    return html`<tr><th scope="row">${id}</th>${cells.map((cell) => html`<td class="word">${cell}</td>`)}<td class="word"><code>${digest}</code></td></tr>`;
  });
  const heads = ["step", "type", "outcome", "took", "computed by", "result (sha256)"].map(
    (head) => html`<th scope="col" class="word">${head}</th>`,
  );
  return html`<div class="scroll" role="region" aria-label="Steps" tabindex="0"><table class="wide"><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Runtime, precision and device, where a step has them. */
function device({ params, metrics }: StepRecord): string {
  const words = [params.runtime, params.precision, metrics.device];
  return words.flatMap((word) => (typeof word === "string" ? [word] : [])).join(", ");
}

function everything({ steps }: RunRecord): string {
  const told = Object.entries(steps).map(([id, { uses, params, inputs, outputs, key, from }]) => [
    id,
    { uses, params, key, ...(from === undefined ? {} : { madeBy: from }), inputs, outputs },
  ]);
  return JSON.stringify(Object.fromEntries(told), null, 2);
}

function seconds(value: number): string {
  if (value < 100) return `${value.toFixed(1)} s`;
  return value < 6000 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}
