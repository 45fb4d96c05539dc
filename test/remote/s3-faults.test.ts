import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "../../engine/remote/objects/object-store.ts";
import { type Fault, type Faulty, startFaulty } from "./faults.ts";
import { bytes, errorOf, open, textOf, waiting } from "./opened.ts";
import { bucket, environment, type S3Server, startS3, withoutServer } from "./s3-server.ts";

// A server of S3's kind, and what it answers when something is wrong.

// biome-ignore lint/suspicious/noConsole: a skip says why
if (withoutServer !== undefined) console.log(`skipped: ${withoutServer}`);
let server: S3Server;
beforeAll(async () => {
  if (withoutServer === undefined) server = await startS3();
});
afterAll(() => server?.stop());

describe.skipIf(withoutServer !== undefined)("a server with faults", () => {
  let faulty: Faulty;
  let store: ObjectStore;
  beforeEach(async () => {
    faulty = await startFaulty(server.port);
    store = await open(`s3://${bucket}/faulty`, environment(faulty.port));
    await store.overwrite("objects/there", Buffer.alloc(200_000, "there"), waiting);
  });
  afterEach(() => faulty.close());
  const xml = (code: string): string =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

  const refusals: readonly (readonly [string, Fault, "refused" | "away", RegExp])[] = [
    [
      "an unknown key",
      { kind: "status", status: 403, body: xml("InvalidAccessKeyId") },
      "refused",
      /access key is not known/,
    ],
    [
      "a wrong secret",
      { kind: "status", status: 403, body: xml("SignatureDoesNotMatch") },
      "refused",
      /secret key does not fit/,
    ],
    ["old credentials", { kind: "status", status: 400, body: xml("ExpiredToken") }, "refused", /expired/],
    [
      "no rights",
      { kind: "status", status: 403, body: xml("AccessDenied") },
      "refused",
      /may not do this in the bucket results/,
    ],
    ["no rights, without a word", { kind: "status", status: 403 }, "refused", /may not do this/],
    [
      "no bucket",
      { kind: "status", status: 404, body: xml("NoSuchBucket") },
      "refused",
      /there is no bucket results/,
    ],
    [
      "another region",
      { kind: "status", status: 301, headers: { "x-amz-bucket-region": "us-west-2" } },
      "refused",
      /AWS_REGION=us-west-2/,
    ],
    [
      "a clock that is wrong",
      { kind: "status", status: 403, body: xml("RequestTimeTooSkewed") },
      "refused",
      /clock/,
    ],
    ["too much to do", { kind: "status", status: 503, body: xml("SlowDown") }, "away", /503 \(SlowDown\)/],
    ["a long page", { kind: "status", status: 503, body: "x".repeat(100_000) }, "away", /503/],
    ["a gateway's page", { kind: "status", status: 502, body: "<html>" }, "away", /502/],
    ["a cut in the answer", { kind: "cut", after: 1000 }, "away", /./],
    ["silence", { kind: "silent" }, "away", /has not answered for/],
  ];
  test.each(refusals)("tells of %s", async (_, fault, kind, words) => {
    faulty.decide = () => fault;
    const patient = { ...waiting, silenceMs: 600 };
    const error = await errorOf(store.read("objects/there", 1e6, patient));
    expect(error).toMatchObject({ kind, message: expect.stringMatching(words) });
    expect(error.message).not.toMatch(/AKIDFORTESTS|a-secret|Signature=/);
  });

  test("tells of a cut while something is sent", async () => {
    faulty.decide = () => ({ kind: "cutUpload", after: 100_000 });
    expect((await errorOf(store.write("objects/sent", Buffer.alloc(5e6), waiting))).kind).toBe("away");
    faulty.decide = () => undefined;
    expect(await store.has("objects/sent", waiting)).toBe(false);
  });

  test("what is slow and goes on is waited for", async () => {
    faulty.decide = () => ({ kind: "slow", milliseconds: 400 });
    const patient = { ...waiting, silenceMs: 700 };
    expect((await store.read("objects/there", 1e6, patient))?.length).toBe(200_000);
  });

  test("one that knows no conditions is asked first", async () => {
    const put = { conditional: 0 };
    faulty.decide = ({ method }) => {
      if (method !== "PUT" || put.conditional++ > 0) return undefined;
      return { kind: "status", status: 501, body: xml("NotImplemented") };
    };
    expect(await store.write("objects/old-server", bytes("x"), waiting)).toBe(true);
    put.conditional = 0;
    expect(await store.write("objects/old-server", bytes("y"), waiting)).toBe(false);
    expect(textOf(await store.read("objects/old-server", 10, waiting))).toBe("x");
  });

  test("whoever stops does not wait", async () => {
    faulty.decide = () => ({ kind: "silent" });
    const stop = new AbortController();
    const asked = store.read("objects/there", 1e6, { signal: stop.signal, silenceMs: 60_000 });
    setTimeout(() => stop.abort(), 50);
    await expect(asked).rejects.toThrow(/abort/i);
  });
});

test("nothing listens: it is away", async () => {
  const gone = createServer();
  const port = await new Promise<number>((resolve) => {
    gone.listen(0, "127.0.0.1", () => resolve((gone.address() as { port: number }).port));
  });
  await new Promise((resolve) => gone.close(resolve));
  const store = await open(`s3://${bucket}/x`, environment(port));
  expect(await errorOf(store.has("flow.json", waiting))).toMatchObject({
    kind: "away",
    message: `127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
  });
});
