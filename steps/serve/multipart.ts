import { type Refusal, refused } from "./refusal.ts";

/** A file among the parts of a form. */
export interface FilePart {
  /** As its sender calls it. */
  readonly name: string;
  /** A view of the body. */
  readonly bytes: Buffer;
}

/** Of a `multipart/form-data` content type; `undefined` where it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

/**
 * The files of a form (RFC 7578, RFC 2046), without a copy of their bytes. Parts
 * that are no files are left out.
 *
 * @param most files.
 */
export function filesOf(body: Buffer, boundary: string, most: number): readonly FilePart[] | Refusal {
  const files: FilePart[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first may stand at the very beginning, without the line's end before it.
  let at = body.indexOf(delimiter.subarray(2));
  if (at > 0) at = body.indexOf(delimiter);
  if (at < 0) return refused(400, "the body has no part that begins with the boundary its type names");
  at += at === 0 ? delimiter.length - 2 : delimiter.length;
  while (!body.subarray(at, at + 2).equals(END)) {
    const head = endOfLine(body, at);
    if (head === undefined) return cutShort;
    const headers = body.indexOf(BLANK, head - 2);
    if (headers < 0 || headers - head > MOST_HEADERS) return cutShort;
    const first = headers + BLANK.length;
    const last = nextDelimiter(body, delimiter, first - 2);
    if (last === undefined) return cutShort;
    const name = fileName(body.toString("utf8", head, headers));
    if (name !== undefined) files.push({ name, bytes: body.subarray(first, Math.max(first, last)) });
    if (files.length > most) {
      const limit = { name: "pictures of a request", value: most };
      return refused(413, `the form has more than ${most} files`, { limit });
    }
    at = last + delimiter.length;
  }
  return files;
}

const END = Buffer.from("--");
const BLANK = Buffer.from("\r\n\r\n");
const MOST_HEADERS = 16 * 1024;
const MOST_NAME = 255;
const cutShort = refused(400, "the form is cut short, or no form");

/** Behind a delimiter: where the next line begins; `undefined` where something else stands there. */
function endOfLine(body: Buffer, at: number): number | undefined {
  let end = at;
  while (body[end] === 0x20 || body[end] === 0x09) end++;
  return body[end] === 0x0d && body[end + 1] === 0x0a ? end + 2 : undefined;
}

/** Where the next delimiter begins: one that ends its line, or the last. */
function nextDelimiter(body: Buffer, delimiter: Buffer, from: number): number | undefined {
  for (let at = from; ; at++) {
    at = body.indexOf(delimiter, at);
    if (at < 0) return undefined;
    const behind = at + delimiter.length;
    if (body.subarray(behind, behind + 2).equals(END) || endOfLine(body, behind) !== undefined) return at;
  }
}

/** What a part's file is called; `undefined` where it is none. */
function fileName(headers: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
  const [, quoted, bare] = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/i.exec(disposition) ?? [];
  const sent = quoted ?? bare;
  if (sent === undefined) return /^content-type:\s*image\//im.test(headers) ? "" : undefined;
  // Browsers write a quote as %22, curl of before as \".
  const name = sent.replaceAll('\\"', '"').replaceAll(/%(?:22|0A|0D)/gi, decodeURIComponent);
  return name.slice(0, MOST_NAME);
}
