import type { Picture } from "../../engine/machine.ts";
import { boundaryOf, filesOf } from "./multipart.ts";
import { type Refusal, refused } from "./refusal.ts";

/** A picture that came by itself, not as a file of this machine. */
export type SentPicture = Extract<Picture, { readonly bytes: Uint8Array }>;

/** Of one request: more of the smallest would be more work than their bytes tell. */
export const MOST_PICTURES = 256;

/** How pictures stand in a body. */
export type BodyForm = { readonly kind: "picture" } | { readonly kind: "form"; readonly boundary: string };

/** By its headers: one picture as it is, or a form with any number. */
export function bodyForm(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): BodyForm | Refusal {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== "identity") {
    return refused(415, `a body that is packed (${contentEncoding}) is not read`, {
      headers: { "accept-encoding": "identity" },
    });
  }
  const [type = ""] = (contentType ?? "").toLowerCase().split(";");
  if (/^\s*(image\/[\w.+-]+|application\/octet-stream)\s*$/.test(type)) return { kind: "picture" };
  if (type.trim() === "multipart/form-data") {
    const boundary = boundaryOf(contentType ?? "");
    return boundary === undefined
      ? refused(415, "multipart/form-data without a boundary")
      : { kind: "form", boundary };
  }
  const what = type.trim() === "" ? "no content type" : `the content type ${type.trim()}`;
  return refused(
    415,
    `${what} is none that is read: send one picture as image/* or application/octet-stream, or several as multipart/form-data (curl -F picture=@<file>)`,
  );
}

/** The pictures of a body; at least one. */
export function picturesOf(body: Buffer, form: BodyForm): readonly SentPicture[] | Refusal {
  switch (form.kind) {
    case "picture":
      return body.length === 0 ? refused(422, "the body is empty") : [{ name: "-", bytes: body }];
    case "form": {
      const files = filesOf(body, form.boundary, MOST_PICTURES);
      if ("kind" in files) return files;
      if (files.length > 0) return files;
      return refused(422, "the form has no file: curl -F picture=@<file> sends one");
    }
    default:
      return form satisfies never;
  }
}
