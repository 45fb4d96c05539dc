import type { Pipeline } from "../../engine/document/pipeline.ts";
import type { JsonObject } from "../../engine/json.ts";
import type { StepPlan } from "../../engine/plan/plan.ts";
import { printable } from "../../engine/printable.ts";
import type { Outlook } from "../../engine/step-type.ts";
import { jsonLine } from "./json.ts";
import type { Paint } from "./paint.ts";
import { columnWidth, countText, idText, outlookText, reasonText, resolvedTexts } from "./words.ts";

/** How much there is to do, by step; absent where nothing is known of it. */
export type Outlooks = ReadonlyMap<string, Outlook>;

/** A plan as a table: step, state, and why, one reason a line. */
export function planText(
  pipeline: Pipeline,
  steps: readonly StepPlan[],
  { outlooks, paint }: { readonly outlooks: Outlooks; readonly paint: Paint },
): string {
  const width = columnWidth(steps.map(({ step }) => step.id));
  const lines = steps.flatMap((planned) => {
    const outlook = outlooks.get(planned.step.id);
    const [first = "", ...more] = [...explanation(planned), ...(outlook ? [outlookText(outlook)] : [])];
    const head = `  ${idText(planned.step.id, width)}  ${stateText(planned.state, paint)}  ${first}`;
    return [head.trimEnd(), ...more.map((line) => `${" ".repeat(width + 14)}${line}`)];
  });
  return [headline(pipeline, steps, paint), "", ...lines, ...legend(steps, paint), ""].join("\n");
}

/** The same as a JSON document. */
export function planDocument(pipeline: Pipeline, steps: readonly StepPlan[], outlooks: Outlooks): JsonObject {
  const documents = steps.map((planned) => ({
    id: planned.step.id,
    uses: planned.step.uses,
    state: planned.state,
    ...(planned.key === undefined ? {} : { key: planned.key }),
    params: planned.step.params,
    ...(planned.state === "cached" ? { run: planned.record.run } : {}),
    ...(planned.state === "blocked" ? { missing: planned.missing, ...refusal(planned) } : {}),
    ...("reasons" in planned ? { reasons: planned.reasons } : {}),
    ...(outlooks.has(planned.step.id) ? { outlook: outlooks.get(planned.step.id) } : {}),
  }));
  return { pipeline: pipeline.name, steps: documents as unknown as readonly JsonObject[] };
}

/** What is missing, step by step: why nothing was started. */
export function blockedText(steps: readonly StepPlan[], paint: Paint): string {
  const blocked = steps.filter((planned) => planned.state === "blocked");
  const lines = blocked.flatMap((planned) => [
    `  ${paint.bold(planned.step.id)}`,
    ...explanation(planned).map((line) => `    ${line}`),
  ]);
  const isMissing = blocked.some(({ missing }) => missing.length > 0);
  const why = isMissing ? "something is missing" : "a step does not fit what it gets";
  return [`Nothing was started: ${why}.`, "", ...lines, ""].join("\n");
}

/** The same for programs: a JSON object a line. */
export function blockedLines(steps: readonly StepPlan[]): string {
  return steps
    .filter((planned) => planned.state === "blocked")
    .map((planned) => {
      const { step, missing } = planned;
      return jsonLine({ kind: "blocked", step: step.id, missing, ...refusal(planned) });
    })
    .join("");
}

function refusal({ refused }: StepPlan & { readonly state: "blocked" }): { readonly refused?: string } {
  return refused === undefined ? {} : { refused };
}

function headline(pipeline: Pipeline, steps: readonly StepPlan[], paint: Paint): string {
  const count = (state: StepPlan["state"]): number => steps.filter((step) => step.state === state).length;
  const parts = [
    count("blocked") > 0 ? `${count("blocked")} blocked` : "",
    count("run") > 0 ? `${count("run")} to run` : "",
    count("may-run") > 0 ? `${count("may-run")} that may run` : "",
    count("cached") > 0 ? `${count("cached")} cached` : "",
  ];
  const all = parts.filter((text) => text !== "").join(", ");
  return `${paint.bold(pipeline.name)}: ${countText(steps.length, "step")}, ${all}`;
}

function stateText(state: StepPlan["state"], paint: Paint): string {
  const text = state.padEnd(8);
  switch (state) {
    case "cached":
      return paint.green(text);
    case "run":
      return paint.blue(text);
    case "may-run":
      return paint.dim(text);
    case "blocked":
      return paint.red(text);
    default:
      return state satisfies never;
  }
}

function explanation(planned: StepPlan): readonly string[] {
  const left = resolvedTexts(planned.left, planned.key === undefined ? "open" : "resolved");
  if (planned.state === "cached") return left;
  if (planned.state === "blocked") {
    const missing = planned.missing.flatMap(({ what, hint }) => {
      const way = printable(hint).trimEnd().split("\n");
      return [`missing: ${printable(what)}`, ...way.map((line) => `  ${line}`)];
    });
    return [...missing, ...(planned.refused === undefined ? [] : [printable(planned.refused)])];
  }
  return [...planned.reasons.map(reasonText), ...left];
}

function legend(steps: readonly StepPlan[], paint: Paint): readonly string[] {
  if (!steps.some(({ state }) => state === "may-run")) return [];
  return ["", paint.dim("may-run: an input will be rebuilt; if it comes out the same, nothing runs.")];
}
