import { readdirSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { nearest } from "../../../engine/document/suggest.ts";
import type { NetworkRequest, NetworkSummary } from "../../../engine/machine.ts";
import { StepError } from "../../../engine/step-type.ts";
import { networkFile } from "../networks/file-kind.ts";
import { namedNetworks } from "../networks/named.ts";
import { ownWeights } from "../networks/own-weights.ts";
import { readNetworkFile } from "../networks/read-network-file.ts";
import type { Topology } from "../networks/topology.ts";
import { summarizeOnnx } from "./onnx.ts";
import { rowsOf, totalsOf } from "./rows.ts";
import { declaredSize, knownUses } from "./uses.ts";
import { compareWeights } from "./weights.ts";

/** Where a network says nothing: what most are made for. */
const ASSUMED = [224, 224] as const;

/**
 * Of what a network is made, by its description alone: weights are read only
 * where they are to be compared with it.
 *
 * @throws StepError where there is no such network, its file is damaged, or the weights are another network's.
 */
export async function summarize(request: NetworkRequest): Promise<NetworkSummary> {
  const found = await findNetwork(request);
  if (found.kind === "onnx") {
    if (request.weights !== undefined) throw new StepError(ownWeights);
    return summarizeOnnx(found.file, request.size, ASSUMED);
  }
  const { topology, size: own } = found;
  const declared = own ?? declaredSize(topology);
  const size = request.size ?? declared ?? ASSUMED;
  const uses = knownUses(topology, size);
  const file = request.weights === undefined ? undefined : pathOf(request.weights, request);
  if (file !== undefined) refuseMissing(file);
  return {
    name: topology.name,
    size,
    sizeIs: request.size !== undefined ? "given" : declared !== undefined ? "declared" : "assumed",
    layers: rowsOf(topology, uses),
    parameters: totalsOf(topology, uses),
    ...(file === undefined ? {} : { weights: await compareWeights(file, topology, uses) }),
  };
}

type FoundNetwork =
  | {
      readonly kind: "keras";
      readonly topology: Topology;
      readonly size?: readonly [height: number, width: number];
    }
  | { readonly kind: "onnx"; readonly file: string };

async function findNetwork(request: NetworkRequest): Promise<FoundNetwork> {
  const named = namedNetworks.get(request.network);
  if (named !== undefined) return { kind: "keras", topology: await named.topology(), size: named.size };
  const path = pathOf(request.network, request);
  if (!isThere(path)) {
    const names = [...namedNetworks.keys()];
    const near = nearest(request.network, names);
    throw new StepError(
      `there is no network "${request.network}", neither by name nor as a file; ${
        near === undefined ? wayOut(path, `known by name: ${names.join(", ")}`) : `did you mean "${near}"?`
      }`,
    );
  }
  const found = await networkFile(path);
  if (found.kind === "onnx") return found;
  return { kind: "keras", topology: (await readNetworkFile(found, false)).topology };
}

function refuseMissing(path: string): void {
  if (isThere(path)) return;
  throw new StepError(
    `there are no weights ${path}; ${wayOut(path, "give an .h5, .weights.h5 or .keras file")}`,
  );
}

function pathOf(written: string, { folder }: NetworkRequest): string {
  return isAbsolute(written) ? written : join(folder, written);
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The nearest name beside it, else what is said in its place. */
function wayOut(path: string, otherwise: string): string {
  const folder = dirname(path);
  const near =
    isThere(folder) && statSync(folder).isDirectory()
      ? nearest(basename(path), readdirSync(folder))
      : undefined;
  return near === undefined ? otherwise : `did you mean "${join(folder, near)}"?`;
}
