import { type Cache, openCache } from "../../engine/cache/cache.ts";
import { readonlyStore } from "../../engine/cache/readonly-store.ts";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { openStore } from "../../engine/execute/open-store.ts";
import type { JsonObject } from "../../engine/json.ts";
import type { Picture, Prediction, PredictorRequest } from "../../engine/machine.ts";
import type { Store } from "../../engine/store.ts";
import { extract } from "../extract/index.ts";
import { batchesAhead, mostRows } from "../extract/limits.ts";
import { locateRows, type RowPlaces } from "../learning/features/locate.ts";
import { openStoredRows } from "../learning/features/stored-rows.ts";
import { openHead } from "../learning/heads/head.ts";
import { openPixelReader, type PixelReader } from "../vision/pixels/reader.ts";
import type { ReaderSetup } from "../vision/pixels/reader-thread.ts";
import { choicesIn, type Preprocessing } from "../vision/preprocessing.ts";
import { type Computer, openComputer } from "./computer.ts";
import type { FoundModel } from "./find-model.ts";
import { readFresh } from "./fresh.ts";
import { judgeRows } from "./judge-rows.ts";
import { lastOnes } from "./last-ones.ts";
import { type LookedAt, lookAt } from "./looked-at.ts";

/** What a model says of pictures. */
export interface Classifier {
  readonly classes: readonly string[];
  /** Pictures that are computed at a time, at most. */
  readonly batch: number;
  /** Batches whose pixels may wait for the network. */
  readonly ahead: number;
  /** Has pictures read. */
  look(pictures: readonly Picture[]): Promise<readonly LookedAt[]>;
  /** Computes what is not there, one batch after the other. @throws StepError where the runtime fails. */
  classify(pictures: readonly LookedAt[]): Promise<readonly Prediction[]>;
  close(): Promise<void>;
}

export interface ClassifierOptions {
  readonly found: FoundModel;
  /** Folders, as a step's worker gets them. */
  readonly folders: {
    readonly cache: string;
    readonly root: string;
    readonly runs: string;
    readonly home: string;
  };
  /** See `PredictorRequest`. */
  readonly keep: "rows" | "nothing";
  readonly pixels?: PredictorRequest["pixels"];
  note(text: string): void;
}

/** Probabilities that are remembered, for pictures that come again before their rows can be found. */
const REMEMBERED_VALUES = 1e6;

/** The network is opened when the first picture comes that has no row yet; at once where nothing is kept. @throws StepError where the model cannot be read. */
export async function openClassifier(options: ClassifierOptions): Promise<Classifier> {
  const { found, folders, keep, note } = options;
  const cache = openCache(folders.cache, { root: folders.root, own: [folders.cache, folders.runs] });
  const head = await openHead(found.model);
  const { classes, description } = head;
  const { inputLength: rowLength, preprocessing } = description;
  const batch = Math.min(found.params.batchSize, mostRows(rowLength));
  const pixelsOfOne = preprocessing.size[0] * preprocessing.size[1] * 3;
  const ahead = batchesAhead(batch, pixelsOfOne);
  let opening: Promise<Computer> | undefined;
  const computer = (): Promise<Computer> => {
    opening ??= openComputer({
      ...{ found, description, batch, home: folders.home, keep, note },
      openStore: (name) => rowStore(cache, name),
    });
    return opening;
  };
  if (keep === "nothing") await (await computer()).warm();
  const placeOf = keep === "nothing" ? () => undefined : await places();
  const stored = openStoredRows(rowLength);
  let reader: PixelReader | undefined;
  const openReader = (): PixelReader => {
    reader ??= openPixelReader(within(preprocessing, options.pixels));
    return reader;
  };
  const memory = new Float32Array(batch * rowLength);
  const remembered = keep === "nothing" ? 0 : REMEMBERED_VALUES;
  const answers = lastOnes<Answer>(Math.ceil(remembered / classes.length));

  return {
    classes,
    batch,
    ahead,
    async look(pictures) {
      const looked = new Array<LookedAt>(pictures.length);
      await concurrently(pictures, 4 * cores(), async (picture, at) => {
        looked[at] = await lookAt(picture, { placeOf, openReader });
      });
      return looked;
    },
    async classify(pictures) {
      const known = pictures.flatMap((picture) => (picture.kind === "known" ? [picture] : []));
      await stored.read(
        known.map(({ place }) => place),
        memory,
      );
      const fresh = await readFresh(pictures, (digest) => answers.has(digest));
      const count = known.length + fresh.digests.length;
      const rows = memory.subarray(known.length * rowLength, count * rowLength);
      const reasons = new Map(fresh.reasons);
      if (fresh.digests.length > 0) {
        const computing = await computer();
        await computing.run(fresh.pixels, fresh.digests.length, rows);
        const wrong = judgeRows(fresh.digests, rows, found.params.dtype);
        for (const [digest, reason] of wrong) reasons.set(digest, reason);
        await keepGood(computing, fresh.digests, rows, wrong);
      }
      const { predicted, probabilities } = await head.predict(memory.subarray(0, count * rowLength), count);
      const answerOf = (row: number): Answer => ({
        predicted: predicted[row] as number,
        probabilities: [...probabilities.subarray(row * classes.length, (row + 1) * classes.length)],
      });
      const now = new Map(fresh.digests.map((digest, at) => [digest, answerOf(known.length + at)] as const));
      let at = 0;
      const all = pictures.map((picture): Prediction => {
        const { kind, name } = picture;
        if (kind === "bad") return picture;
        if (kind === "known") return predictionOf(name, answerOf(at++), false);
        const { digest } = picture;
        const reason = reasons.get(digest);
        if (reason !== undefined) return { kind: "bad", name, reason };
        const answer = now.get(digest) ?? answers.get(digest);
        if (answer === undefined) throw new Error(`${name} was neither read nor refused`);
        const isComputed = now.has(digest) && isFirst(picture, pictures);
        return predictionOf(name, answer, isComputed);
      });
      for (const [digest, answer] of now) if (!reasons.has(digest)) answers.set(digest, answer);
      return all;
    },
    async close() {
      if (opening !== undefined) await (await opening).close();
      await reader?.close();
      await stored.close();
      await head.close();
    },
  };

  /** Where the rows of pictures lie that were seen before. */
  async function places(): Promise<RowPlaces["get"]> {
    const isKnown = found.store !== undefined;
    const store = isKnown ? readonlyStore(cache.stores, found.store) : (await computer()).store;
    return (await locateRows(store)).get;
  }
}

/** The smaller of two limits, with what raises it. */
function within(preprocessing: Preprocessing, pixels: ClassifierOptions["pixels"]): ReaderSetup {
  if (pixels === undefined || pixels.most >= choicesIn(preprocessing).maxPixels) return preprocessing;
  return { ...preprocessing, maxPixels: pixels.most, raisedBy: pixels.raisedBy };
}

interface Answer {
  readonly predicted: number;
  readonly probabilities: readonly number[];
}

function predictionOf(name: string, answer: Answer, isComputed: boolean): Prediction {
  const isStrange = !answer.probabilities.every(Number.isFinite);
  if (isStrange) return { kind: "bad", name, reason: "what the model computes for it is not finite" };
  return { kind: "class", name, ...answer, isComputed };
}

/** Whether no picture before it in the batch is the same. */
function isFirst(picture: LookedAt & { kind: "new" }, pictures: readonly LookedAt[]): boolean {
  return picture === pictures.find((one) => one.kind === "new" && one.digest === picture.digest);
}

async function keepGood(
  computing: Computer,
  digests: readonly string[],
  rows: Float32Array,
  wrong: ReadonlyMap<string, string>,
): Promise<void> {
  if (wrong.size === 0) return computing.keep(digests, rows);
  const length = rows.length / digests.length;
  for (const [at, digest] of digests.entries()) {
    if (!wrong.has(digest)) await computing.keep([digest], rows.subarray(at * length, (at + 1) * length));
  }
}

/** The store of `extract` with this name. */
function rowStore(cache: Cache, name: JsonObject): Store {
  return openStore({
    ...{ cache, name, type: extract, entries: "by-size" },
    log: { line() {} },
    signal: new AbortController().signal,
    // Nothing is made that would lean on an entry.
    lean() {},
  });
}
