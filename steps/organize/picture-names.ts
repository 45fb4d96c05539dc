import { extname } from "node:path";

const taken = new Set([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff"]);

/** Whether a name is that of a picture that is read. */
export function isTaken(name: string): boolean {
  return taken.has(extname(name).toLowerCase());
}

/** Hidden files, and what macOS leaves in archives. */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

/** Extensions of pictures that are not read. */
export const unreadKinds: ReadonlySet<string> = new Set(
  ".bmp .dib .avif .heic .heif .jp2 .j2k .jpx .jxl .ppm .pgm .pbm .pnm .tga .ico .exr .hdr .psd .svg .dng .cr2 .cr3 .nef .arw .orf .rw2 .raf".split(
    " ",
  ),
);
