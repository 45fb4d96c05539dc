import type { Facts, ParamMistake } from "../../engine/param-mistake.ts";
import { composed } from "./composed.ts";
import type { OrganizeParams } from "./declaration.ts";
import { isTable } from "./table-files.ts";
import { wordsOf } from "./words.ts";

/** What no schema can say of a data set. */
export function mistakesOf(
  params: OrganizeParams,
  inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  return [
    ...tableMistakes(params, inputs, facts),
    ...splitMistakes(params),
    ...classMistakes(params),
    ...groupMistakes(params),
  ];
}

function tableMistakes(
  { classFrom }: OrganizeParams,
  inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  const hasTable = inputs.has("labels") || facts.inputs.some(isTable);
  if (classFrom === "csv" && !hasTable) {
    return [{ path: ["classFrom"], message: "classes from a CSV need the input `labels`" }];
  }
  if (classFrom !== "csv" && classFrom !== "auto" && inputs.has("labels")) {
    return [{ path: ["classFrom"], message: "the input `labels` is read with classFrom: csv only" }];
  }
  return [];
}

function splitMistakes({ splits = {} }: OrganizeParams): readonly ParamMistake[] {
  const values = Object.values(splits);
  const shares = values.filter((value) => typeof value === "number");
  const path = ["splits"];
  if (shares.length > 0 && shares.length < values.length) {
    return [{ path, message: "splits are either folders or shares, not both" }];
  }
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.length > 0 && Math.abs(sum - 1) > 1e-6) {
    return [{ path, message: `the shares of the splits add up to ${Number(sum.toFixed(6))}, not 1` }];
  }
  if (spelledAlike(values.map(String)) !== undefined && shares.length === 0) {
    return [{ path, message: "two splits have one folder: a picture would be in both" }];
  }
  return [];
}

function classMistakes({ classes }: OrganizeParams): readonly ParamMistake[] {
  if (classes === undefined) return [];
  const path = ["classes"];
  const words = wordsOf(classes);
  const names = Array.isArray(classes) ? new Set(words) : new Set(Object.values(classes) as string[]);
  const mistakes: ParamMistake[] = [];
  if (names.size < words.length && Array.isArray(classes)) {
    mistakes.push({ path, message: "a class is listed twice" });
  }
  if (names.size < 2) mistakes.push({ path, message: "there is only one class" });
  const told = Array.isArray(classes)
    ? ([["names", [...names]]] as const)
    : ([
        ["words", words],
        ["names", [...names]],
      ] as const);
  for (const [what, texts] of told) {
    const alike = spelledAlike(texts);
    if (alike !== undefined) {
      mistakes.push({ path, message: `two ${what} of classes differ only in Unicode form: ${alike}` });
    }
  }
  return mistakes;
}

function groupMistakes({ groupBy }: OrganizeParams): readonly ParamMistake[] {
  if (groupBy?.pattern === undefined) return [];
  const path = ["groupBy", "pattern"];
  try {
    // An alternative that is empty always fits: then the groups are there, without text.
    const groups = (new RegExp(`${groupBy.pattern}|`).exec("")?.length ?? 1) - 1;
    if (groups > 0) return [];
    return [
      {
        path,
        message: "the pattern has no group that names what belongs together",
        hint: "put parentheses round it: ^(patient\\d+)_",
      },
    ];
  } catch (error) {
    return [{ path, message: `this is no regular expression: ${(error as Error).message}` }];
  }
}

/** The first of some texts that is there twice, whatever the Unicode form. */
function spelledAlike(texts: readonly string[]): string | undefined {
  const all = texts.map(composed);
  return all.find((text, at) => all.indexOf(text) < at);
}
