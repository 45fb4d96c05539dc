import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MachineError, StepError } from "../../engine/step-type.ts";
import { type Fetched, fetchFile, type Limits } from "../../steps/web/fetch-file.ts";
import { partialFile } from "../../steps/web/partial-file.ts";
import { type FileServer, newFileServer } from "./server.ts";

// Fetches from a real server on this machine into a real file.

const content = randomBytes(3_000_000);
const sha256 = createHash("sha256").update(content).digest("hex");
const quick = { pauseMs: 1, tries: 3 };

let server: FileServer;
let folder: string;
let path: string;
let logged: string[];
beforeEach(async () => {
  server = await newFileServer();
  folder = mkdtempSync(join(tmpdir(), "flow-fetch-"));
  path = join(folder, "x.bin");
  logged = [];
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Change {
  readonly urls?: readonly string[];
  readonly expected?: string;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  readonly privateHosts?: readonly string[];
  readonly onProgress?: (done: number) => void;
}

async function fetch(change: Change = {}): Promise<Fetched> {
  const partial = partialFile(path);
  const { expected, onProgress } = change;
  const fetched = await fetchFile({
    urls: change.urls ?? [`${server.base}/x.bin`],
    sink: partial.sink,
    algorithm: "sha256",
    whatIsWrong: ({ digest }) =>
      expected === undefined || digest === expected ? undefined : `has the sha256 ${digest}, not ${expected}`,
    ...(change.privateHosts === undefined ? {} : { privateHosts: change.privateHosts }),
    limits: { ...quick, ...change.limits },
    signal: change.signal ?? new AbortController().signal,
    progress: ({ done }) => onProgress?.(done),
    log: (line) => logged.push(line),
  });
  await partial.finish();
  return fetched;
}

/** The first byte of every part that was asked for. */
const starts = (): readonly (string | undefined)[] => server.requests.map(({ headers }) => headers.range);

describe("a file", () => {
  test("comes whole, and nothing is left beside it", async () => {
    server.put("/x.bin", { content, etag: '"1"' });
    expect(await fetch({ expected: sha256 })).toMatchObject({
      ...{ bytes: content.length, fetched: content.length, digest: sha256 },
      url: `${server.base}/x.bin`,
    });
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(readdirSync(folder)).toEqual(["x.bin"]);
  });

  test.each([0, 1, 65_536])("of %i bytes comes", async (length) => {
    server.put("/x.bin", { content: content.subarray(0, length), etag: '"1"' });
    expect(await fetch()).toMatchObject({ bytes: length });
    expect(readFileSync(path)).toHaveLength(length);
  });

  test("of no announced length comes", async () => {
    server.put("/x.bin", (_, response) => {
      response.write(content.subarray(0, 1_000_000));
      response.end(content.subarray(1_000_000));
    });
    expect(await fetch({ expected: sha256 })).toMatchObject({ bytes: content.length });
  });

  test("whose connection is cut is gone on with, and no byte comes twice", async () => {
    server.put("/x.bin", { content, etag: '"1"', cutAfter: 1_000_000 });
    expect(await fetch({ expected: sha256 })).toMatchObject({ fetched: content.length });
    const [first, ...parts] = server.requests.map(({ headers }) => headers);
    expect(first?.range).toBeUndefined();
    // What had not been read when the connection went is lost.
    expect(parts.map((part) => Math.round(Number(part.range?.match(/\d+/)) / 1e6))).toEqual([1, 2, 3]);
    expect(parts.every((part) => part["if-range"] === '"1"')).toBe(true);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("is gone on with by the time of its last change, where there is no ETag", async () => {
    const lastModified = "Mon, 01 Jan 2024 00:00:00 GMT";
    server.put("/x.bin", { content, lastModified, cutAfter: 2_000_000 });
    expect(await fetch({ expected: sha256 })).toMatchObject({ fetched: content.length });
    expect(server.requests[1]?.headers["if-range"]).toBe(lastModified);
  });

  test.each([
    ["a weak ETag", { etag: 'W/"1"' }],
    ["a change in this very second", { lastModified: new Date(Date.now() + 10_000).toUTCString() }],
    ["nothing", {}],
  ])("with %s to know it by begins anew", async (_, known) => {
    server.put("/x.bin", { content, ...known, cutAfter: 1_000_000 });
    server.put("/whole.bin", { content });
    const urls = [`${server.base}/x.bin`, `${server.base}/whole.bin`];
    expect(await fetch({ urls, expected: sha256 })).toMatchObject({ bytes: content.length });
    expect(starts()).toEqual(Array(4).fill(undefined));
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("of a server that sends no parts begins anew", async () => {
    const file = { content, etag: '"1"', ranges: false };
    server.put("/x.bin", { ...file, cutAfter: 1_000_000 });
    const onProgress = (done: number): void => {
      if (done > 500_000) server.put("/x.bin", file);
    };
    expect(await fetch({ expected: sha256, onProgress })).toMatchObject({ bytes: content.length });
    expect(readFileSync(path).equals(content)).toBe(true);
    server.put("/x.bin", { ...file, cutAfter: 1_000_000 });
    await expect(fetch()).rejects.toThrow(MachineError);
  });

  test("that has changed meanwhile begins anew, and no byte of the other is in it", async () => {
    const other = randomBytes(3_000_000);
    server.put("/x.bin", { content: other, etag: '"1"', holdAfter: 1_000_000 });
    const onProgress = (done: number): void => {
      if (done === 1_000_000) server.put("/x.bin", { content, etag: '"2"' });
    };
    const limits = { silenceMs: 100 };
    expect(await fetch({ expected: sha256, onProgress, limits })).toMatchObject({ bytes: content.length });
    expect(starts()).toEqual([undefined, "bytes=1000000-"]);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("that has become shorter begins anew", async () => {
    server.put("/x.bin", { content: randomBytes(5_000_000), etag: '"1"', holdAfter: 4_000_000 });
    const onProgress = (done: number): void => {
      if (done !== 4_000_000) return;
      server.put("/x.bin", (request, response) => {
        server.put("/x.bin", { content, etag: '"2"' });
        response.writeHead(request.headers.range === undefined ? 307 : 416, { location: "/x.bin" }).end();
      });
    };
    await fetch({ expected: sha256, onProgress, limits: { silenceMs: 100 } });
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("whose part is another than what was asked for begins anew", async () => {
    server.put("/x.bin", { content, etag: '"1"', holdAfter: 1_000_000 });
    const onProgress = (done: number): void => {
      if (done !== 1_000_000) return;
      server.put("/x.bin", ({ headers }, response) => {
        if (headers.range === undefined) return void response.writeHead(200, { etag: '"1"' }).end(content);
        const part = content.subarray(5);
        const range = `bytes 5-${content.length - 1}/${content.length}`;
        response.writeHead(206, { "content-range": range, etag: '"1"' }).end(part);
      });
    };
    await fetch({ expected: sha256, onProgress, limits: { silenceMs: 100 } });
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("that was given up is gone on with by another process; what is left damaged is found out", async () => {
    server.put("/x.bin", { content, etag: '"1"', holdAfter: 2_000_000 });
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 2_000_000) stop.abort();
    };
    await expect(fetch({ onProgress, signal: stop.signal })).rejects.toThrow(/abort/i);
    expect(existsSync(path)).toBe(false);
    server.put("/x.bin", { content, etag: '"1"' });
    expect(await fetch({ expected: sha256 })).toMatchObject({ fetched: 1_000_000 });

    server.put("/x.bin", { content: randomBytes(3_000_000), etag: '"1"', holdAfter: 2_000_000 });
    const again = new AbortController();
    const stopAgain = (done: number): void => {
      if (done === 2_000_000) again.abort();
    };
    await expect(fetch({ onProgress: stopAgain, signal: again.signal })).rejects.toThrow(/abort/i);
    server.put("/x.bin", { content, etag: '"1"' });
    expect(await fetch({ expected: sha256 })).toMatchObject({ fetched: 1_000_000 + content.length });
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(readdirSync(folder)).toEqual(["x.bin"]);
  });
});

describe("is no file", () => {
  /** The error, and that nothing is there. */
  async function failure(change: Change = {}): Promise<StepError | MachineError> {
    const error = await fetch(change).then(
      () => new Error("it came"),
      (thrown) => thrown,
    );
    expect(existsSync(path)).toBe(false);
    return error;
  }

  test("with another sha256: both are named, and nothing is kept", async () => {
    server.put("/x.bin", { content, etag: '"1"' });
    const expected = "0".repeat(64);
    const error = await failure({ expected });
    expect(error).toBeInstanceOf(StepError);
    expect(error.message).toBe(
      `${server.base}/x.bin: what came has the sha256 ${sha256}, not ${expected}; nothing of it is kept`,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test.each([404, 410, 403])("where the server answers %i", async (status) => {
    server.put("/x.bin", (_, response) => void response.writeHead(status).end());
    const error = await failure();
    expect(error).toBeInstanceOf(StepError);
    expect(error.message).toContain(`the server answers ${status}`);
    expect(server.requests).toHaveLength(1);
  });

  test.each([500, 503, 429])("where the server answers %i three times", async (status) => {
    server.put("/x.bin", (_, response) => void response.writeHead(status).end());
    const error = await failure();
    expect(error).toBeInstanceOf(MachineError);
    expect(server.requests).toHaveLength(3);
  });

  test("where the host refuses the connection", async () => {
    const gone = await newFileServer();
    await gone.close();
    const error = await failure({ urls: [`${gone.base}/x.bin`] });
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toBe(`${gone.base}/x.bin: the host refuses the connection`);
  });

  test("where less comes than was announced", async () => {
    server.put("/x.bin", { content, etag: '"1"', length: content.length + 10, cutAfter: content.length });
    const error = await failure();
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toMatch(/the connection (was cut|ended after)/);
  });

  test("where no answer begins, or nothing more comes", async () => {
    server.put("/x.bin", () => {});
    expect((await failure({ limits: { answerMs: 20 } })).message).toMatch(/no answer for 0\.02 s$/);
    server.put("/x.bin", { content, holdAfter: 100 });
    const error = await failure({ limits: { silenceMs: 20 } });
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toMatch(/nothing came for 0\.02 s$/);
  });

  test("that no disk holds: nothing of it is fetched", async () => {
    server.put("/x.bin", { content, length: 2 ** 50, holdAfter: 100 });
    const error = await failure();
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toMatch(
      /^the file takes 1125899\.9 GB while it is fetched, and the disk has .* left/,
    );
    expect(server.requests).toHaveLength(1);
  });

  test("at several mirrors: each is named, and the way each failed", async () => {
    server.put("/x.bin", (_, response) => void response.writeHead(500).end());
    const error = await failure({ urls: [`${server.base}/none`, `${server.base}/x.bin`] });
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message.split("\n")).toEqual([
      "none of 2 mirrors gave the file:",
      `${server.base}/none: the server answers 404 Not Found`,
      `${server.base}/x.bin: the server answers 500 Internal Server Error`,
    ]);
  });

  test("of a mirror with another content: the next one is asked", async () => {
    server.put("/x.bin", { content: randomBytes(1000), etag: '"1"' });
    server.put("/y.bin", { content, etag: '"1"' });
    const urls = [`${server.base}/none`, `${server.base}/x.bin`, `${server.base}/y.bin`];
    expect(await fetch({ urls, expected: sha256 })).toMatchObject({ url: `${server.base}/y.bin` });
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test("and passwords and signatures are in no message, nor sent to another host", async () => {
    const other = await newFileServer();
    const { host } = new URL(server.base);
    server.put("/x.bin", (_, response) => {
      response.writeHead(302, { location: `http://localhost:${other.port}/y.bin?token=secret3` }).end();
    });
    const urls = [`http://me:secret1@${host}/x.bin?key=secret2`];
    const error = await failure({ urls, privateHosts: ["localhost"] });
    await other.close();
    expect(error.message).toContain(`http://${host}/x.bin?…`);
    expect([error.message, ...logged].join()).not.toContain("secret");
    expect(server.requests[0]?.headers.authorization).toMatch(/^Basic /);
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });
});
