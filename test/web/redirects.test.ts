import { afterEach, beforeEach, expect, test } from "vitest";
import { openUrl } from "../../steps/web/open-url.ts";
import { type FileServer, newFileServer } from "./server.ts";

// Where a URL may lead: every hop, and what a name stands for.

let server: FileServer;
beforeEach(async () => {
  server = await newFileServer();
  server.put("/file", { content: Buffer.from("it") });
});
afterEach(() => server.close());

async function open(url: string, privateHosts: readonly string[] = []): Promise<string> {
  const { signal } = new AbortController();
  const answer = await openUrl(new URL(url), { headers: {}, privateHosts, answerMs: 10_000, signal });
  let text = "";
  for await (const bytes of answer) text += bytes;
  return text;
}

const lead = (path: string, location: string, status = 302): void =>
  server.put(path, (_, response) => void response.writeHead(status, { location }).end());

test.each([301, 302, 303, 307, 308])("%i is followed, also to a relative place", async (status) => {
  lead("/a/b", "../file#part", status);
  expect(await open(`${server.base}/a/b`)).toBe("it");
});

test("an address that the URL names is asked, and so is localhost by its name", async () => {
  expect(await open(`http://localhost:${server.port}/file`)).toBe("it");
  expect(await open(`http://2130706433:${server.port}/file`)).toBe("it");
});

test.each([
  ["another loopback address", "http://127.0.0.2:1/file", "127.0.0.2 is a loopback address"],
  ["localhost", "http://localhost:1/file", "is a loopback address"],
  ["a name under localhost", "http://x.localhost:1/file", /is a loopback address|host is known/],
  ["the loopback address of IPv6", "http://[::1]:1/file", "::1 is a loopback address"],
  ["an IPv4 address in one of IPv6", "http://[::ffff:127.0.0.1]:1/file", "::ffff:7f00:1 is a loopback"],
  ["the metadata of a cloud", "http://169.254.169.254/latest", "169.254.169.254 is a link-local address"],
  ["a private network", "https://10.0.0.1/file", "10.0.0.1 is a private address"],
  ["any address", "http://0.0.0.0:1/file", "0.0.0.0 is an unspecified address"],
  ["a number that is an address", "http://0x7f000002:1/file", "127.0.0.2 is a loopback address"],
])("no URL leads to %s", async (_, location, message) => {
  lead("/a", location);
  await expect(open(`${server.base}/a`)).rejects.toThrow(message);
});

test("a name that stands for such an address is refused, also in the URL itself, unless it is named", async () => {
  const { hostname } = await import("node:os");
  const { lookup } = await import("node:dns/promises");
  const { whyNotPublic } = await import("../../steps/web/addresses.ts");
  const found = await lookup(hostname(), { all: true }).catch(() => []);
  // Most machines know themselves by a name.
  if (found.length === 0 || found.some(({ address }) => whyNotPublic(address) === undefined)) return;
  const url = `http://${hostname()}:${server.port}/file`;
  await expect(open(url)).rejects.toThrow(/is a .* address, which no URL leads to/);
  expect(server.requests).toEqual([]);
  await open(url, [hostname().toUpperCase()]).catch((error) =>
    expect(error.message).not.toContain("which no URL leads to"),
  );
});

test("what came from another host does not lead back to an address that the URL names", async () => {
  lead("/a", `http://localhost:${server.port}/b`);
  lead("/b", `${server.base}/file`);
  await expect(open(`${server.base}/a`, ["localhost"])).rejects.toThrow("127.0.0.1 is a loopback address");
  lead("/a", "/c");
  lead("/c", `${server.base}/file`);
  expect(await open(`${server.base}/a`)).toBe("it");
});

test.each([
  ["a circle", "/a", "it leads to more than 10 others"],
  ["another protocol", "file:///etc/passwd", "it leads to file://, not https:// or http://"],
  ["FTP", "ftp://example.org/x", "it leads to ftp://, not https:// or http://"],
  ["what is no URL", "http://[", "it leads to what is no URL"],
])("%s ends in a sentence", async (_, location, message) => {
  lead("/a", location);
  await expect(open(`${server.base}/a`)).rejects.toThrow(message);
  expect(server.requests.length).toBeLessThanOrEqual(11);
});

test("ten redirects are followed", async () => {
  for (let at = 1; at <= 10; at++) lead(`/${at}`, at === 10 ? "/file" : `/${at + 1}`);
  expect(await open(`${server.base}/1`)).toBe("it");
});
