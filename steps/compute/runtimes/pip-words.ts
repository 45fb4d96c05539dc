import type { Wheel } from "./catalog.ts";

const network =
  /Connection|Temporary failure|Name or service|getaddrinfo|Max retries|timed out|ProxyError|SSLError|Network is unreachable|Could not fetch URL/i;

/** Why pip brought nothing, in one sentence, from all that it said. */
export function whyPip({ project, version }: Wheel, said: string): string {
  const what = `${project} ${version}`;
  const lines = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (/No space left on device|Errno 28/.test(said)) return `the disk is full: ${what} could not be kept`;
  if (/DO NOT MATCH THE HASHES/i.test(said)) {
    return `what the package index has for ${what} is not what it was (another sha256): nothing of it was kept`;
  }
  const errors = lines.filter((line) => /^ERROR:/.test(line));
  // It stands in warnings: at the end pip only says that there is no such file.
  const lost = lines.findLast((line) => network.test(line));
  if (lost !== undefined) {
    return `the package index cannot be reached, ${what} was not fetched: ${plain(lost)}`;
  }
  if (/\(from versions: none\)/.test(said)) {
    return `pip finds no ${what}: the package index has none, or cannot be reached (${plain(errors.at(-1) ?? "")})`;
  }
  return `pip does not bring ${what}: ${plain(errors.at(-1) ?? lines.at(-1) ?? "it does not say why")}`;
}

function plain(line: string): string {
  return line.replace(/^(?:ERROR|WARNING): /, "");
}
