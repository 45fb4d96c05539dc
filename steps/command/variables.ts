/** What a program finds in its environment: `FLOW_INPUT_X`, `FLOW_OUTPUT_X`, `FLOW_PARAM_X`. */
export function variableOf(scope: string, name: string): string {
  const kind = { inputs: "INPUT", outputs: "OUTPUT", params: "PARAM" }[scope] ?? scope;
  return `FLOW_${kind}_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** Pairs of names that would share a variable. */
export function collisions(scope: string, names: readonly string[]): readonly (readonly [string, string])[] {
  const first = new Map<string, string>();
  const pairs: [string, string][] = [];
  for (const name of names) {
    const variable = variableOf(scope, name);
    const other = first.get(variable);
    if (other === undefined) first.set(variable, name);
    else if (other !== name) pairs.push([other, name]);
  }
  return pairs;
}
