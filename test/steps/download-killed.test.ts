import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { childrenOf, newWorkplace, until, type Workplace } from "../cli/flow.ts";
import { type FileServer, newFileServer } from "../web/server.ts";

// A download that ends in the middle, by whatever death, goes on.

/** More than two chunks of 16 MB. */
const content = randomBytes(40_000_000);
const sha256 = createHash("sha256").update(content).digest("hex");
const chunk = 16 * 2 ** 20;

let server: FileServer;
let place: Workplace;
beforeEach(async () => {
  server = await newFileServer();
  place = newWorkplace();
  place.write(
    "p.yaml",
    `name: p\nsteps:\n  data: { uses: download, with: { url: "${server.base}/x.bin", sha256: ${sha256} } }\n`,
  );
  server.put("/x.bin", { content, etag: '"1"', holdAfter: 36_000_000 });
});
afterEach(async () => {
  await server.close();
  place.remove();
});

const ways: readonly (readonly [string, (pid: number) => void])[] = [
  ["the engine is killed", (pid) => process.kill(pid, "SIGKILL")],
  ["the worker is killed", (pid) => process.kill(childrenOf(pid)[0] as number, "SIGKILL")],
];

test.each(ways)("where %s, at most one chunk comes twice", async (_, kill) => {
  const { child, finished } = place.start(["run", "p.yaml"]);
  await until(() => place.entries().length === 2, "two chunks");
  kill(child.pid as number);
  await finished;

  server.put("/x.bin", { content, etag: '"1"' });
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
  const asked = server.requests.at(-1)?.headers;
  expect(asked).toMatchObject({ "if-range": '"1"' });
  const first = Number(/^bytes=(\d+)-$/.exec(asked?.range ?? "")?.[1]);
  expect(first).toBeGreaterThanOrEqual(2 * chunk);
  expect(place.record().steps.data?.metrics).toEqual({
    bytes: content.length,
    fetched: content.length - first,
  });
  expect(readFileSync(join(place.root, "runs/latest/data/files/x.bin")).equals(content)).toBe(true);
});

test("where the file has changed since it was interrupted it begins anew", async () => {
  const { child, finished } = place.start(["run", "p.yaml"]);
  await until(() => place.entries().length === 2, "two chunks");
  child.kill("SIGINT");
  expect(await finished).toMatchObject({ code: 130 });
  server.put("/x.bin", { content, etag: '"2"' });
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
  expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  expect(place.record().steps.data?.metrics).toEqual({ bytes: content.length, fetched: content.length });
  // What an execution kept itself is dropped when it has ended well: of the other version nothing is left.
  expect(new Set(place.entries().map((entry) => entry.split("/")[0])).size).toBe(1);
});

test("4 where the network is gone, 1 where the file is another", async () => {
  server.put("/x.bin", { content: content.subarray(1) });
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("nothing of it is kept"),
  });
  await server.close();
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("the host refuses the connection"),
  });
  server = await newFileServer();
});
