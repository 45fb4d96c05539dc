import { createHash } from "node:crypto";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { isObject, type Json } from "../../engine/json.ts";
import type { Store } from "../../engine/store.ts";
import { lookOf } from "../vision/pixels/look.ts";
import type { OrganizeContext } from "./declaration.ts";

/** So many are kept at once: what a crash can cost. */
const ENTRY = 2_048;

interface Picture {
  readonly digest: string;
  /** Absolute. */
  readonly file: string;
}

/**
 * What pictures look like, by digest, 16 bytes each: `lookOf`. What was computed
 * once stays in a store; a picture that cannot be read has none.
 */
export async function readLooks(
  ctx: OrganizeContext,
  pictures: readonly Picture[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const store = ctx.store({ look: "difference hash of 9 x 9 greys" });
  const known = await kept(store);
  const lacking = [...new Map(pictures.map((picture) => [picture.digest, picture])).values()].filter(
    ({ digest }) => !known.has(digest),
  );
  let done = 0;
  for (let at = 0; at < lacking.length; at += ENTRY) {
    const part = lacking.slice(at, at + ENTRY);
    const looks: Record<string, string> = {};
    await concurrently(part, 2 * cores(), async ({ digest, file }) => {
      ctx.signal.throwIfAborted();
      const look = await lookOf(file);
      looks[digest] = look === undefined ? "" : Buffer.from(look).toString("hex");
      known.set(digest, look);
      ctx.progress({ done: ++done, total: lacking.length, unit: "images looked at" });
    });
    const name = createHash("sha256")
      .update(part.map(({ digest }) => digest).join("\n"))
      .digest("hex");
    await store.publish(name.slice(0, 32), async () => ({ looks }));
  }
  return new Map([...known].filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined));
}

async function kept(store: Store): Promise<Map<string, Uint8Array | undefined>> {
  const known = new Map<string, Uint8Array | undefined>();
  for (const { about } of await store.entries()) {
    const { looks } = isObject(about) ? about : {};
    if (!isObject(looks)) continue;
    for (const [digest, look] of Object.entries(looks)) known.set(digest, readLook(look));
  }
  return known;
}

function readLook(look: Json): Uint8Array | undefined {
  return typeof look === "string" && /^[0-9a-f]{32}$/.test(look) ? Buffer.from(look, "hex") : undefined;
}
