import { inflateSync } from "node:zlib";
import { segmentsOf } from "./jpeg.ts";
import type { Kind } from "./kinds.ts";
import { firstDirectory } from "./tags.ts";

/**
 * How a picture is to be turned, 1 to 8 as EXIF counts: as Pillow finds it
 * (Image.getexif), in EXIF data and, where these do not say it, in XMP. TIFFs
 * say it themselves, GIFs never.
 */
export function orientationOf(kind: Exclude<Kind, "TIFF">, bytes: Uint8Array): number {
  const { exif, xmp } = metadataOf(kind, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const orientation = orientationInExif(exif) ?? orientationInXmp(xmp) ?? 1;
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

interface Metadata {
  exif?: Buffer;
  xmp?: Buffer;
}

function metadataOf(kind: Exclude<Kind, "TIFF">, bytes: Buffer): Metadata {
  switch (kind) {
    case "JPEG":
      return metadataOfJpeg(bytes);
    case "PNG":
      return metadataOfPng(bytes);
    case "WebP":
      return metadataOfWebp(bytes);
    case "GIF":
      return {};
    default:
      return kind satisfies never;
  }
}

const exifHead = Buffer.from("Exif\0\0");
const xmpHead = Buffer.from("http://ns.adobe.com/xap/1.0/\0");

/** EXIF that is longer than a segment goes on in the next one. */
function metadataOfJpeg(bytes: Buffer): Metadata {
  const found: Metadata = {};
  for (const { marker, from, to } of segmentsOf(bytes)) {
    if (marker === SCAN) break;
    if (marker !== APP1) continue;
    const data = bytes.subarray(from, to);
    if (startsWith(data, exifHead)) {
      const more = data.subarray(exifHead.length);
      found.exif = found.exif === undefined ? more : Buffer.concat([found.exif, more]);
    } else if (startsWith(data, xmpHead)) {
      found.xmp = data.subarray(xmpHead.length);
    }
  }
  return found;
}

const SCAN = 0xda;
const APP1 = 0xe1;

/** PNG (third edition), 11.3: a chunk for EXIF; before there was one, and for XMP, chunks of text. */
function metadataOfPng(bytes: Buffer): Metadata {
  const found: Metadata = {};
  let raw: Buffer | undefined;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const name = bytes.toString("latin1", at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    if (name === "eXIf") found.exif = data;
    const text = textOf(name, data);
    if (text?.key === "XML:com.adobe.xmp") found.xmp = text.value;
    // ImageMagick's: two lines of what it is and how long, then hexadecimal digits.
    if (text?.key === "Raw profile type exif")
      raw = Buffer.from(text.value.toString("latin1").split("\n").slice(3).join(""), "hex");
  }
  if (found.exif === undefined && raw !== undefined) found.exif = raw;
  return found;
}

/** A text as large as this is none that says how a picture is turned. */
const TEXT_BYTES = 2 ** 20;

function textOf(chunk: string, data: Buffer): { readonly key: string; readonly value: Buffer } | undefined {
  if (chunk !== "tEXt" && chunk !== "zTXt" && chunk !== "iTXt") return undefined;
  const end = data.indexOf(0);
  if (end < 0) return undefined;
  const key = data.toString("latin1", 0, end);
  if (chunk === "tEXt") return { key, value: data.subarray(end + 1) };
  // One byte for the method; in iTXt two, and two texts that end with a zero: language and translated key.
  const isPacked = chunk === "zTXt" || data[end + 1] === 1;
  const start = chunk === "zTXt" ? end + 2 : data.indexOf(0, data.indexOf(0, end + 3) + 1) + 1;
  const value = data.subarray(start);
  return { key, value: isPacked ? inflated(value) : value };
}

function inflated(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: TEXT_BYTES });
  } catch {
    return Buffer.alloc(0);
  }
}

/** WebP's container (RFC 9649, 2.7): chunks that count where the header's flags announce them. */
function metadataOfWebp(bytes: Buffer): Metadata {
  const found: Metadata = {};
  if (bytes.toString("latin1", 12, 16) !== "VP8X") return found;
  const flags = bytes[20] ?? 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (name === "EXIF" && (flags & 8) !== 0) found.exif ??= data;
    if (name === "XMP " && (flags & 4) !== 0) found.xmp ??= data;
    at += 8 + length + (length % 2);
  }
  return found;
}

function orientationInExif(exif: Buffer | undefined): number | undefined {
  if (exif === undefined) return undefined;
  let tiff = exif;
  if (startsWith(tiff, exifHead)) tiff = tiff.subarray(exifHead.length);
  const mark = tiff.toString("latin1", 0, 4);
  if (mark !== "II*\0" && mark !== "MM\0*") return undefined;
  const values = firstDirectory(tiff).tags.get(ORIENTATION);
  // Said several times, it says nothing.
  return values === undefined || values.length === 1 ? values?.[0] : 1;
}

const ORIENTATION = 274;

function orientationInXmp(xmp: Buffer | undefined): number | undefined {
  const match = /tiff:Orientation(?:="|>)([0-9])/.exec(xmp?.toString("latin1") ?? "");
  return match === null ? undefined : Number(match[1]);
}

function startsWith(data: Buffer, head: Buffer): boolean {
  return data.subarray(0, head.length).equals(head);
}
