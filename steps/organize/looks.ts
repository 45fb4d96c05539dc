import { createHash } from "node:crypto";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { isObject, type Json } from "../../engine/json.ts";
import type { Store } from "../../engine/store.ts";
import { lookOf } from "../vision/pixels/look.ts";
import type { PictureToLookAt } from "./arrange.ts";
import type { OrganizePart } from "./declaration.ts";

/** So many are kept at once: what a crash can cost. */
const ENTRY = 2_048;

/** What pictures look like, by digest, 16 bytes each; `undefined` for one that cannot be read. */
type Looks = Map<string, Uint8Array | undefined>;

/** What pictures look like, by digest: `lookOf`. What was computed once stays in a store. */
export async function readLooks(
  ctx: OrganizePart,
  pictures: readonly PictureToLookAt[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const known = await looksOf(ctx, pictures, await keptLooks(ctx));
  return new Map([...known].filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined));
}

/** Those that were computed before. */
export async function keptLooks(ctx: OrganizePart): Promise<Looks> {
  const known: Looks = new Map();
  for (const { about } of await storeOf(ctx).entries()) {
    const { looks } = isObject(about) ? about : {};
    if (!isObject(looks)) continue;
    for (const [digest, look] of Object.entries(looks)) known.set(digest, readLook(look));
  }
  return known;
}

/**
 * Computes and keeps those that are not known.
 *
 * @param before how many were done already, for the progress.
 */
export async function looksOf(
  ctx: OrganizePart,
  pictures: readonly PictureToLookAt[],
  known: Looks,
  before = 0,
): Promise<Looks> {
  const store = storeOf(ctx);
  const lacking = pictures.filter(({ digest }) => !known.has(digest));
  let done = before;
  for (let at = 0; at < lacking.length; at += ENTRY) {
    const part = lacking.slice(at, at + ENTRY);
    const looks: Record<string, string> = {};
    await concurrently(part, 2 * cores(), async ({ digest, file }) => {
      ctx.signal.throwIfAborted();
      const look = await lookOf(file);
      looks[digest] = look === undefined ? "" : Buffer.from(look).toString("hex");
      known.set(digest, look);
      ctx.progress({ done: ++done, total: before + lacking.length, unit: "images looked at" });
    });
    const name = createHash("sha256")
      .update(part.map(({ digest }) => digest).join("\n"))
      .digest("hex");
    await store.publish(name.slice(0, 32), async () => ({ looks }));
  }
  return known;
}

function storeOf(ctx: OrganizePart): Store {
  return ctx.store({ look: "difference hash of 9 x 9 greys" });
}

function readLook(look: Json): Uint8Array | undefined {
  return typeof look === "string" && /^[0-9a-f]{32}$/.test(look) ? Buffer.from(look, "hex") : undefined;
}
