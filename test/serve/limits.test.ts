import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  arrived,
  connection,
  expectWell,
  post,
  postForm,
  type Served,
  type SmallServer,
  smallServer,
  startServer,
  whenRead,
} from "./serving.ts";

// What a server refuses, and what it says then.

let small: SmallServer;
let served: Served;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer(["--max-bytes", "100kB", "--timeout", "2", "--max-queue", "60"]);
  ({ served, picture } = small);
});
afterAll(() => small.end());

describe("a body", () => {
  const tooLong = {
    error: "the body has more than 100000 bytes",
    limit: { name: "--max-bytes", value: 100_000 },
  };

  test("over the limit is refused before its type is looked at, whether its length is known or not", async () => {
    const body = Buffer.alloc(100_001);
    expect(await post(served, body, { "content-type": "text/plain" })).toMatchObject({
      status: 413,
      json: tooLong,
    });
    const chunked = { "content-type": "image/jpeg", "transfer-encoding": "chunked" };
    expect(await post(served, Buffer.alloc(20_000_000), chunked)).toMatchObject({
      status: 413,
      json: tooLong,
    });
    const exact = await post(served, Buffer.concat([picture, Buffer.alloc(100_000 - picture.length)]));
    expect(exact.status).toBe(200);
  });

  test("is not even asked for where it would be too long", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",
    );
    expect(await closed).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data", 415],
    ["multipart/mixed; boundary=x", 415],
    ["image/", 415],
    ["IMAGE/JPEG; q=1", 200],
    ["application/octet-stream", 200],
  ])("of type %s: %i", async (type, status) => {
    expect((await post(served, picture, { "content-type": type })).status).toBe(status);
  });

  test("of no type, or packed, is told how to come", async () => {
    const none = await post(served, picture, {});
    expect(none).toMatchObject({ status: 415, json: { error: expect.stringContaining("curl -F") } });
    const packed = { "content-type": "image/jpeg", "content-encoding": "gzip" };
    expect((await post(served, picture, packed)).status).toBe(415);
  });

  test("without a picture: empty, a form without files, what cannot be read", async () => {
    expect(await post(served, "")).toMatchObject({ status: 422, json: { error: "the body is empty" } });
    const fields = new FormData();
    fields.append("a", "b");
    const form = await fetch(`${served.url}predict`, { method: "POST", body: fields });
    expect(form.status).toBe(422);
    expect(await form.json()).toMatchObject({ error: expect.stringContaining("the form has no file") });
    const unread = await post(served, "no picture");
    expect(unread).toMatchObject({
      status: 422,
      json: {
        predictions: [{ file: "-", error: "it is no picture (JPEG, PNG, WebP, GIF and TIFF are read)" }],
      },
    });
  });

  test("with some that cannot be read has entries for all, in order", async () => {
    const bytes = Buffer.from("none");
    const { status, json } = await postForm(served, [
      { name: "a.jpg", bytes: picture },
      { name: 'b"<i>\u202e.jpg', bytes },
      { name: "c.jpg", bytes: Buffer.alloc(0) },
      { name: "a.jpg", bytes: picture },
    ]);
    expect(status).toBe(200);
    const [first, second, third, fourth] = json.predictions;
    expect(second).toEqual({ file: 'b"<i>\u202e.jpg', error: expect.stringContaining("it is no picture") });
    expect(third).toEqual({ file: "c.jpg", error: "it is empty" });
    expect(fourth).toEqual(first);
    expect(first.predicted).toBeTypeOf("string");
  });

  test("with too many pictures is refused", async () => {
    const files = Array.from({ length: 257 }, () => ({ name: "x", bytes: Buffer.from("x") }));
    expect(await postForm(served, files)).toMatchObject({
      status: 413,
      json: { limit: { name: "pictures of a request", value: 256 } },
    });
  });
});

/** A picture of few bytes and many pixels. */
function bomb(side: number): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    ...[signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))],
  ]);
}

/** PNG's (ISO 3309). */
function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

test("a picture bomb is refused by its header", async () => {
  const { status, json } = await post(served, bomb(9000));
  expect(status).toBe(422);
  expect(json.predictions[0].error).toBe(
    "it has 9000 × 9000 pixels, more than the 64000000 that are allowed (--max-pixels raises that)",
  );
  await expectWell(small.place, served);
});

describe("a client that is slow", () => {
  test("with its body is told so, and does not hold others up", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n",
    );
    const drip = setInterval(() => socket.write("x"), 100);
    await arrived(served, 1);
    await expectWell(small.place, served);
    const answer = await closed;
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain(
      '{"error":"the body has not arrived within 2 s","limit":{"name":"--timeout","value":2}}',
    );
  });

  test("with its headers is cut off", async () => {
    const { socket, closed } = connection(served);
    socket.write("POST /predict HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("x: y\r\n"), 100);
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  test("or goes away leaves nothing behind", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc",
    );
    await arrived(served, 1);
    socket.destroy();
    await closed;
    await arrived(served, 0);
    await expectWell(small.place, served);
  });
});

test("of more requests than may be under way the last are told to come again", async () => {
  const own = await startServer(small.place, ["--max-queue", "2"]);
  const slow = [connection(own), connection(own)];
  for (const { socket } of slow) {
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: image/png\r\nContent-Length: ${picture.length}\r\n\r\n`,
    );
  }
  await arrived(own, 2);
  expect(await post(own, picture)).toMatchObject({
    status: 429,
    headers: { "retry-after": "1" },
    json: {
      error: "2 requests are under way already: try again",
      limit: { name: "--max-queue", value: 2 },
    },
  });
  slow[0]?.socket.write(picture);
  expect(await slow[0]?.closed).toContain("HTTP/1.1 200 OK");
  expect((await post(own, picture)).status).toBe(200);
  slow[1]?.socket.destroy();
  expect(await own.stop()).toMatchObject({ code: 0 });
});

test("what takes too long is told so, and what waits behind it is dropped", async () => {
  const sleep = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)";
  const own = await startServer(small.place, ["--timeout", "1"], whenRead("SLOW", sleep));
  const late = {
    status: 503,
    headers: { "retry-after": "1" },
    json: {
      error: "the answer has not come within 1 s",
      limit: { name: "--timeout", value: 1 },
    },
  };
  expect(await Promise.all([post(own, "SLOW"), post(own, picture)])).toMatchObject([late, late]);
  // The thread that slept is there again.
  while ((await post(own, picture)).status !== 200);
  expect(await own.stop()).toMatchObject({ code: 0 });
});
