import type { ParamMistake } from "../../engine/param-mistake.ts";
import { fileNameOf, mistakeOfUrl } from "../web/url.ts";
import type { DownloadParams } from "./declaration.ts";

/** What no schema can say of a download. */
export function mistakesOf(params: DownloadParams): readonly ParamMistake[] {
  const { url, folder, unpack } = params;
  const mistakes: ParamMistake[] = [];
  for (const [at, text] of urlsOf(url).entries()) {
    const message = mistakeOfUrl(text);
    if (message !== undefined) mistakes.push({ path: pathOf(url, at), message });
  }
  if (mistakes.length === 0 && nameOf(params) === undefined) {
    mistakes.push({
      path: pathOf(url, 0),
      message: "the URL ends in no name that a file can have",
      hint: "say what the file is called: `name: pictures.zip`",
    });
  }
  if (folder !== undefined && unpack === false) {
    mistakes.push({ path: ["folder"], message: "there is no folder in a file that is not unpacked" });
  }
  if (folder?.split("/").some((part) => ["", ".", ".."].includes(part))) {
    mistakes.push({ path: ["folder"], message: "this is no path of a folder in an archive" });
  }
  return mistakes;
}

export function urlsOf(url: DownloadParams["url"]): readonly string[] {
  return typeof url === "string" ? [url] : url;
}

/** What the file is called. */
export function nameOf({ url, name }: Pick<DownloadParams, "url" | "name">): string | undefined {
  return name ?? fileNameOf(urlsOf(url)[0] ?? "");
}

function pathOf(url: DownloadParams["url"], at: number): readonly string[] {
  return typeof url === "string" ? ["url"] : ["url", String(at)];
}
