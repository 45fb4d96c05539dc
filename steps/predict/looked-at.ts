import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { fileDigest } from "../../engine/cache/tree.ts";
import { describeFailure } from "../../engine/failure.ts";
import type { Picture } from "../../engine/machine.ts";
import { StepError } from "../../engine/step-type.ts";
import { isLacking } from "../extract/row-store.ts";
import type { RowPlace } from "../learning/features/locate.ts";
import { ImageError } from "../vision/pixels/image-error.ts";
import type { PixelReader } from "../vision/pixels/reader.ts";

/** What is known of a picture before anything is computed. */
export type LookedAt = { readonly name: string } & (
  | { readonly kind: "bad"; readonly reason: string }
  /** Its row lies in a store. */
  | { readonly kind: "known"; readonly place: RowPlace }
  | { readonly kind: "new"; readonly digest: string; readonly pixels: Promise<Pixels> }
);

export type Pixels =
  | { readonly kind: "read"; readonly pixels: Uint8Array }
  | { readonly kind: "bad"; readonly reason: string };

export interface LookOptions {
  /** Where the row of a picture lies, by its digest. */
  placeOf(digest: string): RowPlace | undefined;
  openReader(): PixelReader;
}

/** Takes a picture's digest, and has its pixels read where no row is there. */
export async function lookAt(picture: Picture, { placeOf, openReader }: LookOptions): Promise<LookedAt> {
  const { name } = picture;
  try {
    const digest = await digestOf(picture);
    const place = placeOf(digest);
    if (place !== undefined && !(await isLacking(place, "path" in picture ? picture.path : undefined))) {
      return { kind: "known", name, place };
    }
    const file = "path" in picture ? { file: picture.path } : { file: name, bytes: picture.bytes };
    const pixels = openReader()
      .read({ ...file, digest })
      .then(
        (read): Pixels => ({ kind: "read", pixels: read }),
        (error): Pixels => ({ kind: "bad", reason: reasonOf(error) }),
      );
    // Whoever stops early must not leave one behind that fails with nobody to hear it.
    pixels.catch(() => {});
    return { kind: "new", name, digest, pixels };
  } catch (error) {
    return { kind: "bad", name, reason: reasonOf(error) };
  }
}

async function digestOf(picture: Picture): Promise<string> {
  if ("bytes" in picture) return `sha256:${createHash("sha256").update(picture.bytes).digest("hex")}`;
  const { size } = await stat(picture.path);
  return `sha256:${await fileDigest(picture.path, size)}`;
}

/** Why a picture cannot be read, on one line. @throws what is no picture's fault. */
function reasonOf(error: unknown): string {
  if (error instanceof ImageError) return error.reason;
  // By its digest it is another than it was a moment ago.
  if (error instanceof StepError) return "it was written to, or taken away, while it was read";
  const { path } = error as NodeJS.ErrnoException;
  const { kind, message } = describeFailure(error, []);
  if (kind !== "step") throw error;
  return message.replace(`: ${path}`, "");
}
