import { nearest } from "../../../engine/document/suggest.ts";
import { StepError } from "../../../engine/step-type.ts";
import { isModel, type Layer, type Model, type Topology } from "./topology.ts";

/**
 * The ids of what layers give, by name and in order.
 *
 * @throws StepError naming every name that is none, and two names of one layer.
 */
export function findLayers(topology: Topology, names: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const mistakes: string[] = [];
  for (const name of names) {
    try {
      const id = findLayer(topology, name);
      const [other] = [...found].find(([, there]) => there === id) ?? [];
      if (other !== undefined) mistakes.push(`"${other}" and "${name}" are one layer: name it once`);
      found.set(name, id);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new StepError(mistakes.join("\n"));
  return found;
}

/**
 * The id of what a layer gives. A name is first a layer's own (which may have a
 * slash), where only one has it; then a path, `model/layer`; then the end of one.
 * `name:2` is the second use of a layer.
 *
 * @throws StepError where there is none, or there are several.
 */
export function findLayer(topology: Topology, name: string): string {
  const found = pathOf(topology, name);
  if (found !== undefined) return onlyResult(topology, found, name);
  const [, base, use] = /^(.+):(\d+)$/.exec(name) ?? [];
  const path = base === undefined ? undefined : pathOf(topology, base);
  if (path === undefined)
    throw new StepError(`the network has no layer "${name}"; ${wayOut(topology, name)}`);
  const id = topology.results.get(path)?.[Number(use) - 1];
  return id ?? onlyResult(topology, path, base as string);
}

function pathOf({ model }: Topology, name: string): string | undefined {
  const parts = partsOf(model);
  const own = parts.filter((part) => part.name === name);
  if (own.length === 1) return own[0]?.path;
  const exact = parts.find(({ path }) => path === name);
  if (exact !== undefined) return exact.path;
  const ends = parts.filter(({ path }) => path.endsWith(`/${name}`));
  if (ends.length === 1) return ends[0]?.path;
  if (own.length === 0 && ends.length === 0) return undefined;
  const paths = [...new Set([...own, ...ends])].map(({ path }) => path);
  throw new StepError(`the network has several layers "${name}"; name one of ${list(paths)}`);
}

function onlyResult({ results }: Topology, path: string, name: string): string {
  const [id, ...others] = results.get(path) ?? [];
  if (id === undefined)
    throw new StepError(`nothing comes out of the layer "${name}": the network does not use it`);
  if (others.length === 0) return id;
  const uses = [id, ...others].map((_, at) => `${name}:${at + 1}`);
  throw new StepError(`the layer "${name}" gives ${uses.length} values; name one of ${list(uses)}`);
}

/** The nearest name, else the last ones: there networks are cut. */
function wayOut({ model }: Topology, name: string): string {
  const parts = partsOf(model);
  const near = nearest(name, [...parts.map((part) => part.name), ...parts.map(({ path }) => path)]);
  if (near === undefined) return `its layers are ${list(parts.map(({ path }) => path))}`;
  const meant = parts.filter((part) => part.name === near || part.path === near);
  return `did you mean "${meant.length === 1 ? near : meant.map(({ path }) => path).join('" or "')}"?`;
}

function partsOf(model: Model): readonly (Layer | Model)[] {
  return model.parts.flatMap((part) => (isModel(part) ? [part, ...partsOf(part)] : [part]));
}

function list(words: readonly string[]): string {
  return words.length > 12 ? `…, ${words.slice(-12).join(", ")}` : words.join(", ");
}
