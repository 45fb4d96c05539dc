import { isAbsolute, resolve } from "node:path";
import type { ObjectStore } from "./object-store.ts";

/** Where a remote is, as people write it. */
export type RemotePlace =
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string }
  | { readonly kind: "folder"; readonly path: string };

/** @returns what is wrong with it, as a sentence. */
export function parseRemote(text: string): RemotePlace | string {
  const ways = "a remote is s3://bucket/prefix or a folder";
  if (text.trim() === "" || text.includes("\0")) return ways;
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (/^s3:(?!\/\/)/i.test(text)) return ways;
  if (scheme === undefined) return { kind: "folder", path: text };
  // What stands there may be a secret: it is not said again.
  if (/^[^/]*@|:.*@/s.test(rest)) return `credentials do not belong into the name of a remote; ${ways}`;
  if (scheme !== "s3") return `${ways}, not ${scheme}://; for another server than AWS' set AWS_ENDPOINT_URL`;
  const [bucket = "", ...parts] = rest.split("/");
  if (bucket.includes(":")) return `a bucket's name has no colon; ${ways}`;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes(".."))
    return `"${bucket}" is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens`;
  const prefix = parts.filter((part) => part !== "");
  if (prefix.some((part) => part === "." || part === ".."))
    return "the prefix of a remote has no . or .. in it";
  return { kind: "s3", bucket, prefix: prefix.join("/") };
}

export interface OpenOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a relative folder is relative to. */
  readonly root: string;
}

/** Loads what the place needs. @throws ObjectError where there are no credentials. */
export async function openObjectStore(place: RemotePlace, { env, root }: OpenOptions): Promise<ObjectStore> {
  if (place.kind === "s3") return (await import("./s3.ts")).openS3Store(place, env);
  const { openFolderStore } = await import("./folder.ts");
  const path = place.path.replace(/^~(?=\/|$)/, env.HOME ?? "~");
  return openFolderStore(isAbsolute(path) ? path : resolve(root, path));
}
