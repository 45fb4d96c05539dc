/** What is wrong with the URL of a file; `undefined` where nothing is. */
export function mistakeOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "this is no URL; one begins with https:// or http://";
  const { protocol } = new URL(text);
  return isWeb(protocol) ? undefined : `${protocol}// is not spoken here; https:// and http:// are`;
}

export function isWeb(protocol: string): boolean {
  return protocol === "https:" || protocol === "http:";
}

/** A URL as it may be printed: without user and password, and without the query, which can hold a signature. */
export function shownUrl({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/** The name of the file that a URL ends in; `undefined` where it ends in none that can be one. */
export function fileNameOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const last = new URL(text).pathname.split("/").at(-1) ?? "";
  const name = decoded(last)
    .normalize("NFC")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what no file should be called
    .replaceAll(/[\u0000-\u001f\u007f/\\:*?"<>|]/g, "_")
    .trim();
  return /^\.*$/.test(name) || Buffer.byteLength(name) > 200 ? undefined : name;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
