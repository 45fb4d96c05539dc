/** Pictures that are read; which one a file is, its first bytes say, not its name. */
export type Kind = "JPEG" | "PNG" | "WebP" | "GIF" | "TIFF";

const kinds: readonly string[] = ["JPEG", "PNG", "WebP", "GIF", "TIFF"] satisfies Kind[];

/** How many bytes from the start `contentOf` looks at. */
export const HEAD = 512;

/** In messages: what a picture may be. */
export const readKinds = "JPEG, PNG, WebP, GIF and TIFF are read";

export function isKind(content: string | undefined): content is Kind {
  return content !== undefined && kinds.includes(content);
}

/**
 * What a file is by its first bytes: a kind that is read, or the name of another
 * that people give the name of a picture; `undefined` for all else.
 */
export function contentOf(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.subarray(0, HEAD)).toString("latin1");
  const known = signatures.find(([, at, words]) => words.some((word) => text.startsWith(word, at)));
  // Any text may begin with the two letters of a BMP; four bytes further on are reserved.
  if (known?.[0] === "BMP" && !text.startsWith("\0\0\0\0", 6)) return undefined;
  return known?.[0] ?? markupOf(text);
}

/** Name, position, and what stands there, one of these. */
const signatures: readonly (readonly [name: string, at: number, words: readonly string[]])[] = [
  ["JPEG", 0, ["\xff\xd8\xff"]],
  ["PNG", 0, ["\x89PNG\r\n\x1a\n"]],
  ["WebP", 8, ["WEBP"]],
  ["GIF", 0, ["GIF87a", "GIF89a"]],
  ["TIFF", 0, ["II*\0", "MM\0*", "II+\0", "MM\0+"]],
  ["BMP", 0, ["BM"]],
  ["AVIF", 4, ["ftypavif", "ftypavis"]],
  ["HEIC", 4, ["ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"]],
  ["JPEG 2000", 0, ["\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"]],
  ["JPEG XL", 0, ["\xff\x0a", "\0\0\0\x0cJXL "]],
  ["Photoshop", 0, ["8BPS\0"]],
  ["PDF", 0, ["%PDF-"]],
  ["PNM", 0, ["P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n"]],
  ["ICO", 0, ["\0\0\x01\0"]],
];

function markupOf(text: string): string | undefined {
  const start = text
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();
  if (!start.startsWith("<")) return undefined;
  if (/<svg[\s>]/.test(start)) return "SVG";
  return start.startsWith("<!doctype html") || start.startsWith("<html") ? "HTML" : undefined;
}
